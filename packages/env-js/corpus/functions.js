//# default parameters see earlier ones
//> 1
//> 1, undefined, 5
//> 1, null
function f(a, b = a + 1, c = (() => a + b)()) {
  return [a, b, c, f.length]
}

//# rest parameters and arguments
//> 1, 2, 3
//> "only"
function f(first, ...rest) {
  return [first, rest, arguments.length, Array.from(arguments)]
}

//# closures keep state
//> [5, -2, 10]
//> []
function f(steps) {
  const account = (() => {
    let balance = 0
    return {
      add: (n) => (balance += n),
      get balance() {
        return balance
      },
    }
  })()
  return [steps.map((n) => account.add(n)), account.balance]
}

//# currying and composition
//> 3
//> -1
function f(a) {
  const compose =
    (...steps) =>
    (x) =>
      steps.reduceRight((value, step) => step(value), x)
  const add = (x) => (y) => x + y
  const times = (x) => (y) => x * y
  return [compose(add(1), times(2))(a), compose(times(2), add(1))(a), compose()(a)]
}

//# memoised recursion
//> 30
//> 1
function f(n) {
  const memo = new Map()
  const fibonacci = (k) => {
    if (k < 2) return k
    if (!memo.has(k)) memo.set(k, fibonacci(k - 1) + fibonacci(k - 2))
    return memo.get(k)
  }
  return [fibonacci(n), memo.size]
}

//# mutual recursion
//> 101
//> 10
const isEven = (n) => n === 0 || isOdd(n - 1)
const isOdd = (n) => n !== 0 && isEven(n - 1)
function f(n) {
  return [isEven(n), isOdd(n)]
}

//# tail recursion with an accumulator
//> 500
//> 0
function f(n, sum = 0) {
  return n === 0 ? sum : f(n - 1, sum + n)
}

//# call, apply and bind
//> "x", [1, 2]
//> "y", []
function f(name, items) {
  function describe(...all) {
    return `${this.name}:${all.join("+")}`
  }
  const self = { name }
  return [describe.call(self, ...items), describe.apply(self, items), describe.bind(self, "b")(...items)]
}

//# this in methods and arrows
//> 4
function f(a) {
  const object = {
    a,
    method() {
      return [1, 2].map((x) => x * this.a)
    },
    detached() {
      const inner = function () {
        return this === undefined ? "undefined" : "bound"
      }
      return inner()
    },
  }
  return [object.method(), typeof object.detached()]
}

//# named function expressions
//> 5
//> 1
function f(n) {
  const outer = function factorial(k) {
    return k <= 1 ? 1 : k * factorial(k - 1)
  }
  return [outer(n), outer.name, typeof factorial, (() => 0).name, { a: () => 0 }.a.name]
}

//# immediately invoked, with early returns
//> [4, 8, 15]
//> [1]
function f(list) {
  const found = (() => {
    for (const [index, item] of list.entries()) if (item > 7) return { index, item }
    return null
  })()
  return found
}

//# destructuring parameters
//> { name: "n", tags: ["a", "b", "c"], size: { width: 2 } }
//> { tags: [] }
function f({
  name = "none",
  tags: [first = "-", ...others],
  size: { width = 1, height = width } = {},
  ...rest
}) {
  return [name, first, others, width, height, rest]
}

//# destructuring assignment
//> [1, 2, 3, 4]
//> [5]
function f(list) {
  let a, b, rest
  ;[a, b = 10, ...rest] = list
  ;[a, b] = [b, a]
  const target = {}
  ;({ x: target.first, y: target["second"] = "default" } = { x: a })
  const [, , third = null] = list
  return [a, b, rest, target, third]
}

//# destructuring of strings, maps and nested defaults
//> new Map([["a", { deep: [1] }], ["b", { deep: [] }]])
//> new Map()
function f(map) {
  const [[firstKey, { deep: [head = "none"] = [] } = {}] = ["-"]] = map
  const [c0, c1 = "?", ...tail] = firstKey + "xyz"
  const { length, [length - 1]: last } = [...map.keys()]
  return [firstKey, head, c0, c1, tail, length, last]
}

//# swapping and rotating by destructuring
//> [1, 2, 3]
//> ["a", "b", "c"]
function f(list) {
  ;[list[0], list[2]] = [list[2], list[0]]
  const [first, ...rest] = list
  return [list, [...rest, first]]
}

//# generators: next, return, throw
//> 2
//> 10
function f(n) {
  const log = []
  function* counter() {
    try {
      let i = 0
      while (i < 5) {
        const sent = yield i
        i += sent ?? 1
      }
      return "done"
    } catch (error) {
      log.push(`caught ${error}`)
      yield "recovered"
    } finally {
      log.push("closed")
    }
  }
  const first = counter()
  log.push(first.next("ignored"), first.next(n), first.return("stop"), first.next())
  const second = counter()
  log.push(second.next(), second.throw("oops"), second.next())
  return log
}

//# yield star delegates
//> [1, [2, [3, [4]]], 5]
//> []
function f(nested) {
  function* flatten(items) {
    for (const item of items) {
      if (Array.isArray(item)) yield* flatten(item)
      else yield item
    }
    return items.length
  }
  function* outer() {
    const count = yield* flatten(nested)
    yield `${count} items`
  }
  return [...outer()]
}

//# lazy sequences
//> 5
//> 1
function f(n) {
  function* naturals() {
    for (let i = 0; ; i++) yield i
  }
  function* filter(items, test) {
    for (const item of items) if (test(item)) yield item
  }
  const taken = []
  for (const item of filter(naturals(), (i) => i % 3 === 1)) {
    if (taken.length === n) break
    taken.push(item)
  }
  return taken
}

//# iterators written by hand, closed on break
//> 3
//> 0
function f(n) {
  let closed = 0
  const range = {
    [Symbol.iterator]() {
      let i = 0
      return {
        next: () => (i < 10 ? { value: i++, done: false } : { value: undefined, done: true }),
        return: () => {
          closed++
          return {}
        },
      }
    },
  }
  const seen = []
  for (const i of range) {
    if (i >= n) break
    seen.push(i)
  }
  const [a, b] = range
  return [seen, [...range].length, a, b, closed]
}

//# tagged templates
//> "x", 2
//> "", -1
function f(a, b) {
  const tag = (strings, ...values) => [strings.raw.join("|"), strings.join("|"), values]
  return [tag`one ${a}\n two ${b + 1}`, String.raw`\u0041${a}\n`, tag``]
}

//# templates nest
//> ["a", "b"]
//> []
function f(list) {
  return `<${list.map((item, i) => `${i}:${`"${item}"`}`).join(`${","} `)}>`
}

//# functions are objects
//> 3
function f(a) {
  const counter = () => ++counter.calls
  counter.calls = a
  counter()
  const methods = {
    double: (x) => x * 2,
    square(x) {
      return x ** 2
    },
  }
  return [
    counter.calls,
    Object.keys(methods).map((name) => methods[name](a)),
    counter.length,
    methods.square.length,
  ]
}

//# debounce of equal neighbours by reduce and closures
//> [1, 1, 2, 2, 2, 3, 1]
//> ["a"]
function f(list) {
  const changed = (() => {
    let last
    return (item) => item !== last && ((last = item), true)
  })()
  return list.filter(changed)
}

//# permutations by recursion
//> [1, 2, 3]
//> []
function f(items) {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) =>
    f([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  )
}

//# trampolines
//> 2000
//> 0
function f(n) {
  const trampoline = (step) => {
    while (typeof step === "function") step = step()
    return step
  }
  const sum = (k, total) => (k === 0 ? total : () => sum(k - 1, total + k))
  return trampoline(sum(n, 0))
}
