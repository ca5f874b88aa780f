//# names of what engines throw
//> 1
function f(a) {
  const actions = [
    () => null.x,
    () => undefined(),
    () => missing,
    () => new Array(-1),
    () => "x".repeat(-1),
    () => (1).toFixed(101),
    () => {
      const c = 1
      c = a
    },
    () => decodeURIComponent("%"),
    () =>
      new class A {
        #p
        static get(o) {
          return o.#p
        }
      }.constructor.name(),
    () => BigInt(1.5),
    () => Symbol() + "",
    () => ({}) instanceof 5,
    () => "a" in "b",
    () => [].reduce((x) => x),
    () => JSON.parse("{"),
  ]
  return actions
    .filter((_, i) => i !== 8)
    .map((action) => {
      try {
        return action()
      } catch (error) {
        return error.name
      }
    })
}

//# anything can be thrown
//> "text"
//> null
//> { code: 7 }
function f(a) {
  try {
    throw a
  } catch (thrown) {
    return [thrown === a, typeof thrown, thrown]
  }
}

//# errors hold messages and causes
//> "outer"
//> undefined
function f(message) {
  const inner = new TypeError("inner")
  const error = new Error(message, { cause: inner })
  return [
    error.message,
    String(error),
    error.cause === inner,
    Object.keys(error),
    "cause" in new Error("x"),
    error.name,
    Object.prototype.toString.call(error),
  ]
}

//# AggregateError
//> ["a", "b"]
//> []
function f(messages) {
  const error = new AggregateError(
    messages.map((m) => new Error(m)),
    "several",
  )
  return [error.message, error.errors.map((e) => e.message), error instanceof Error]
}

//# rethrowing
//> 0
//> 5
//> -5
function f(n) {
  const log = []
  const checked = (x) => {
    try {
      if (x === 0) throw new RangeError("zero")
      if (x < 0) throw new TypeError("negative")
      return x
    } catch (error) {
      log.push(error.message)
      if (error instanceof RangeError) return "handled"
      throw error
    } finally {
      log.push("done")
    }
  }
  try {
    return [checked(n), log]
  } catch (error) {
    return [error.name, log]
  }
}

//# results instead of exceptions
//> ["1", "x", "3"]
//> []
function f(texts) {
  const ok = (value) => ({ ok: true, value })
  const fail = (reason) => ({ ok: false, reason })
  const parse = (text) => (/^\d+$/.test(text) ? ok(Number(text)) : fail(`bad ${text}`))
  const results = texts.map(parse)
  return { results, sum: results.reduce((sum, r) => sum + (r.ok ? r.value : 0), 0) }
}

//# deep recursion is caught
//> 1
function f(a) {
  const dive = () => dive() + 1
  try {
    return dive()
  } catch (error) {
    return [error instanceof Error, a]
  }
}

//# a parser for arithmetic
//> "2 * (3 + 4) - 10 / 4"
//> "1 +"
//> "-(2 - 5) * 3"
function f(text) {
  const tokens = text.match(/\d+(?:\.\d+)?|[-+*/()]/g) ?? []
  let at = 0
  const factor = () => {
    const token = tokens[at++]
    if (token === "(") {
      const value = sum()
      if (tokens[at++] !== ")") throw new SyntaxError("expected )")
      return value
    }
    if (token === "-") return -factor()
    if (token === undefined || !/\d/.test(token)) throw new SyntaxError(`unexpected ${token}`)
    return Number(token)
  }
  const product = () => {
    let value = factor()
    while (tokens[at] === "*" || tokens[at] === "/")
      value = tokens[at++] === "*" ? value * factor() : value / factor()
    return value
  }
  const sum = () => {
    let value = product()
    while (tokens[at] === "+" || tokens[at] === "-")
      value = tokens[at++] === "+" ? value + product() : value - product()
    return value
  }
  try {
    return sum()
  } catch (error) {
    return `${error.name}: ${error.message}`
  }
}

//# a virtual machine
//> [["push", 2], ["push", 3], ["add"], ["dup"], ["mul"], ["jump", 6], ["push", 99]]
//> [["add"]]
function f(program) {
  const stack = []
  const need = (n) => {
    if (stack.length < n) throw new RangeError(`stack needs ${n}`)
  }
  const operations = {
    push: (x) => void stack.push(x),
    add: () => (need(2), void stack.push(stack.pop() + stack.pop())),
    mul: () => (need(2), void stack.push(stack.pop() * stack.pop())),
    dup: () => (need(1), void stack.push(stack.at(-1))),
    jump: (to) => to + 1,
  }
  try {
    for (let at = 0; at < program.length;) {
      const [name, operand] = program[at]
      at = operations[name](operand) ?? at + 1
    }
    return stack
  } catch (error) {
    return error.message
  }
}

//# an event emitter
//> ["a", "b", "a", "off", "a"]
//> []
function f(events) {
  const listeners = new Map()
  const on = (name, listener) => {
    if (!listeners.has(name)) listeners.set(name, new Set())
    listeners.get(name).add(listener)
    return () => listeners.get(name).delete(listener)
  }
  const log = []
  const off = on("a", (n) => log.push(`a${n}`))
  on("b", (n) => log.push(`b${n}`))
  on("off", off)
  events.forEach((event, n) => listeners.get(event)?.forEach((listener) => listener(n)))
  return log
}

//# a game of life
//> [[0, 1, 0], [0, 1, 0], [0, 1, 0]], 1
//> [[1]], 2
function f(grid, turns) {
  const around = [-1, 0, 1].flatMap((y) => [-1, 0, 1].map((x) => [y, x])).filter(([y, x]) => y || x)
  for (let turn = 0; turn < turns; turn++) {
    grid = grid.map((row, y) =>
      row.map((cell, x) => {
        const alive = around.reduce((n, [dy, dx]) => n + (grid[y + dy]?.[x + dx] ?? 0), 0)
        return alive === 3 || (cell && alive === 2) ? 1 : 0
      }),
    )
  }
  return grid
}

//# knapsacks
//> [[60, 10], [100, 20], [120, 30]], 50
//> [], 5
function f(items, capacity) {
  const best = new Array(capacity + 1).fill(0)
  for (const [value, weight] of items)
    for (let c = capacity; c >= weight; c--) best[c] = Math.max(best[c], best[c - weight] + value)
  return best[capacity]
}

//# longest common subsequences
//> "AGGTAB", "GXTXAYB"
//> "", "x"
function f(a, b) {
  const memo = {}
  const lcs = (i, j) =>
    (memo[`${i},${j}`] ??=
      i === a.length || j === b.length
        ? ""
        : a[i] === b[j]
          ? a[i] + lcs(i + 1, j + 1)
          : [lcs(i + 1, j), lcs(i, j + 1)].reduce((x, y) => (y.length > x.length ? y : x)))
  return lcs(0, 0)
}

//# Pascal's triangle
//> 6
//> 0
function f(rows) {
  const triangle = []
  for (let i = 0; i < rows; i++)
    triangle.push(
      Array.from({ length: i + 1 }, (_, j) =>
        j === 0 || j === i ? 1 : triangle[i - 1][j - 1] + triangle[i - 1][j],
      ),
    )
  return triangle
}

//# spirals
//> [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
//> [[1]]
function f(matrix) {
  const out = []
  while (matrix.length > 0) {
    out.push(...matrix.shift())
    matrix = matrix.map((row) => row.toReversed())
    matrix = (matrix[0] ?? []).map((_, j) => matrix.map((row) => row[j]))
    matrix = matrix.map((row) => row)
  }
  return out
}

//# subsets and their sums
//> [1, 2, 3]
//> []
function f(items) {
  const subsets = items.reduce((all, item) => all.concat(all.map((s) => [...s, item])), [[]])
  return subsets.map((s) => [s, s.reduce((a, b) => a + b, 0)])
}
