//# if, else if, else
//> -5
//> 0
//> 12
function f(n) {
  if (n < 0) return "negative"
  else if (n === 0) return "zero"
  else return "positive"
}

//# for with several variables
//> 5
//> 0
function f(n) {
  const pairs = []
  for (let i = 0, j = n; i <= j; i++, j--) pairs.push([i, j])
  return pairs
}

//# for without any part
//> 3
//> 10
function f(n) {
  let steps = 0
  for (;;) {
    if (steps * steps >= n) break
    steps++
  }
  return steps
}

//# while and do while
//> 27
//> 1
//> 6
function f(n) {
  let longest = n
  let steps = 0
  while (n !== 1) {
    n = n % 2 === 0 ? n / 2 : 3 * n + 1
    longest = Math.max(longest, n)
    steps++
  }
  let digits = 0
  do {
    digits++
    longest = Math.floor(longest / 10)
  } while (longest > 0)
  return { steps, digits }
}

//# for in visits keys in order
//> { b: 1, 2: "two", a: 3, 1: "one", "-1": 0 }
//> ["x", "y"]
//> "hé"
function f(given) {
  const seen = []
  for (const key in given) seen.push([key, typeof given[key]])
  return seen
}

//# for in also visits what is inherited
//> 1
//> "x"
function f(a) {
  class Base {}
  Base.prototype.inherited = a
  const item = new Base()
  item.own = a
  const keys = []
  for (const key in item) keys.push(key)
  return keys
}

//# for of over every iterable
//> [1, 2], "a😀b", new Set([3, 3, 4]), new Map([["k", 5]])
//> [], "", new Set(), new Map()
function f(list, text, set, map) {
  const all = []
  for (const each of list) all.push(each)
  for (const each of text) all.push(each)
  for (const each of set) all.push(each)
  for (const [key, value] of map) all.push(key, value)
  return all
}

//# a closure over each turn of a loop
//> 4
//> 1
function f(n) {
  const made = []
  for (let i = 0; i < n; i++) made.push(() => i * i)
  var shared = []
  for (var j = 0; j < n; j++) shared.push(() => j)
  return [made.map((get) => get()), shared.map((get) => get())]
}

//# labels
//> 30
//> 4
function f(limit) {
  const primes = []
  outer: for (let i = 2; i < limit; i++) {
    for (const p of primes) {
      if (p * p > i) break
      if (i % p === 0) continue outer
    }
    primes.push(i)
  }
  return primes
}

//# break out of a labelled block
//> 1
//> 7
function f(a) {
  const path = ["in"]
  block: {
    if (a < 5) break block
    path.push("through")
  }
  path.push("out")
  return path.join(" ")
}

//# switch with fallthrough and default in the middle
//> 1
//> 2
//> 3
//> "1"
function f(a) {
  const path = []
  switch (a) {
    case 1:
      path.push("one")
    case 2:
      path.push("two")
      break
    default:
      path.push("other")
    case 3:
      path.push("three")
  }
  return path
}

//# switch compares strictly and evaluates in order
//> NaN
//> null
//> "2"
function f(a) {
  let evaluated = 0
  const next = (value) => {
    evaluated++
    return value
  }
  switch (a) {
    case next(undefined):
      return ["undefined", evaluated]
    case next(null):
      return ["null", evaluated]
    case next(NaN):
      return ["never", evaluated]
    case next(2):
      return ["number", evaluated]
  }
  return ["none", evaluated]
}

//# finally overrides
//> 0
//> 1
//> 2
function f(a) {
  const log = []
  const inner = () => {
    for (const i of [1, 2]) {
      try {
        log.push(`try ${i}`)
        if (a === 0) return "returned"
        if (a === 1) throw new Error("thrown")
        continue
      } catch (error) {
        log.push(error.message)
        return "caught"
      } finally {
        log.push("finally")
        if (a === 2 && i === 2) break
      }
    }
    return "ended"
  }
  return [inner(), log]
}

//# catch without binding, nested
//> 3
//> 0
function f(depth) {
  let caught = 0
  const dive = (n) => {
    try {
      if (n === 0) throw null
      dive(n - 1)
    } catch {
      caught++
      if (caught <= depth) throw caught
    }
  }
  dive(depth)
  return caught
}

//# hoisting and the temporal dead zone
//> 5
function f(a) {
  const before = typeof later
  var later = a
  let dead
  try {
    dead = (() => {
      const seen = value
      const value = 1
      return seen
    })()
  } catch (error) {
    dead = error.name
  }
  const helped = helper(a)
  function helper(x) {
    return x + 1
  }
  return [before, later, helped, dead]
}

//# block scope and shadowing
//> 1
//> "s"
function f(a) {
  const x = a
  const seen = [x]
  {
    const x = [a, a]
    seen.push(x)
    {
      let x = null
      seen.push(x)
    }
  }
  seen.push(x)
  return seen
}

//# comma, void, in, delete
//> { a: 1, b: 2 }
//> {}
function f(given) {
  const had = "a" in given
  const deleted = delete given.a
  return [had, deleted, "a" in given, void 0, (1, 2, "last"), "toString" in given]
}

//# automatic semicolons
//> 2
function f(a) {
  let b = a
  b
  ++b
  const c = a
    + b
  return c
}

//# conditional chains
//> 85
//> 12
//> 60
function f(score) {
  return score >= 90 ? "A" : score >= 80 ? "B" : score >= 60 ? "C" : score < 20 ? "lost" : "D"
}

//# generators as state machines
//> "aabccc"
//> ""
function f(text) {
  function* runs(items) {
    let current = null
    let count = 0
    for (const item of items) {
      if (item === current) count++
      else {
        if (current !== null) yield [current, count]
        current = item
        count = 1
      }
    }
    if (current !== null) yield [current, count]
  }
  return [...runs(text)]
}

//# top-level constants, functions and classes
//> 3
//> 0
const LIMIT = 5
const square = (x) => x * x
let counter = 0
class Box {
  constructor(value) {
    this.value = value
  }
}
function f(n) {
  while (counter < n) counter++
  return [LIMIT, square(n), new Box(counter).value]
}

//# f as an arrow function
//> 1, 2
//> "a", "b"
const f = (a, b) => a + b

//# strict mode
//> 1
;("use strict")
function f(a) {
  const failures = []
  const attempt = (action) => {
    try {
      action()
      failures.push("none")
    } catch (error) {
      failures.push(error.name)
    }
  }
  attempt(() => {
    undeclared = a
  })
  attempt(() => {
    Object.freeze([1])[0] = 2
  })
  attempt(() => {
    delete Object.freeze({ a }).a
  })
  failures.push(
    (function () {
      return this === undefined
    })(),
  )
  return failures
}
