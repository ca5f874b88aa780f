//# arithmetic on numbers
//> 7, 2
//> -7, 2
//> 7.5, -2
//> 0, 0
function f(a, b) {
  return [a + b, a - b, a * b, a / b, a % b, a ** b, -a, +b]
}

//# bitwise operators wrap to 32 bits
//> 5, 3
//> -1, 31
//> 4294967296.7, 33
//> NaN, 1
function f(a, b) {
  return [a & b, a | b, a ^ b, ~a, a << b, a >> b, a >>> b]
}

//# coercion by plus
//> 1
//> "1"
//> null
//> [1, 2]
function f(a) {
  return [a + 1, a + "1", 1 + +a, `${a}`, a + true, a + undefined]
}

//# loose equality
//> 0
//> ""
//> null
//> "1"
function f(a) {
  const others = [0, "", null, undefined, false, true, 1, "1", [], [1], NaN, 1n]
  return others.map((other) => [a == other, a === other])
}

//# relational operators
//> "10", "9"
//> 10, "9"
//> null, 0
//> undefined, 0
function f(a, b) {
  return [a < b, a > b, a <= b, a >= b, Object.is(a, b)]
}

//# logical operators give operands
//> 0, "x"
//> "y", null
//> null, undefined
function f(a, b) {
  return [a && b, a || b, a ?? b, !a, !!b]
}

//# logical assignment
//> { a: 0, b: null, c: 3 }
//> {}
function f(options) {
  options.a ||= 10
  options.b ??= 20
  options.c &&= 30
  return options
}

//# short circuits skip effects
//> true
//> false
function f(flag) {
  let calls = 0
  const call = () => {
    calls++
    return flag
  }
  flag && call()
  flag || call()
  flag ?? call()
  return [calls, flag ? call() : "none", calls]
}

//# optional chaining
//> { a: { b: [1, 2] }, go: null }
//> null
//> { a: null }
function f(given) {
  return [
    given?.a?.b?.[1],
    given?.["a"],
    given?.go?.(1),
    given?.a?.b?.c?.d.e,
    given?.a?.b?.map?.((x) => x * 2),
  ]
}

//# increments
//> 5
//> "5"
//> -0
function f(a) {
  let x = a
  const post = x++
  const pre = ++x
  const down = x--
  return [post, pre, down, --x]
}

//# compound assignment
//> 10
//> -3
function f(a) {
  let x = a
  const steps = []
  steps.push(
    (x += 4),
    (x -= 1),
    (x *= 3),
    (x %= 7),
    (x **= 2),
    (x <<= 3),
    (x >>= 1),
    (x |= 1),
    (x &= 6),
    (x ^= 5),
  )
  steps.push((x /= 4))
  return steps
}

//# zero has a sign
//> 0
//> -0
function f(a) {
  return [
    a,
    -a,
    a * -1,
    1 / a,
    Math.sign(a),
    Math.round(-0.4),
    a + 0,
    a - 0,
    Object.is(a, 0),
    `${a}`,
    [a].includes(-a),
  ]
}

//# not a number
//> NaN
//> 1
function f(a) {
  return [
    a === a,
    Number.isNaN(a),
    isNaN("x"),
    [NaN].includes(a),
    [NaN].indexOf(a),
    Math.max(a, 2),
    a < 1,
    a > 1,
  ]
}

//# doubles are not decimals
//> 0.1, 0.2
//> 1e308, 10
//> 9007199254740992, 1
//> 5e-324, 2
function f(a, b) {
  return [a + b, a * b, a / b, a + b === a, Number.isSafeInteger(a), Number.EPSILON > a]
}

//# typeof everything
//> 1
//> "s"
//> null
//> 10n
function f(a) {
  const others = [undefined, {}, [], () => 1, class {}, Symbol.iterator, /x/, new Map()]
  return [typeof a, ...others.map((other) => typeof other), typeof undeclared]
}

//# instanceof follows prototypes
//> [1]
//> { a: 1 }
function f(a) {
  class Even {
    static [Symbol.hasInstance](n) {
      return n % 2 === 0
    }
  }
  return [
    a instanceof Array,
    a instanceof Object,
    2 instanceof Even,
    3 instanceof Even,
    new Map() instanceof Map,
  ]
}

//# spread in calls, arrays and objects
//> [3, 1], { b: 2, a: 9 }
//> [], {}
function f(list, object) {
  const collect = (...all) => all
  return [collect(0, ...list, ..."ab"), [...list, ...new Set(list)], { a: 1, ...object, ...null, ...list }]
}

//# exponents associate to the right
//> 2
//> -3
function f(a) {
  return [a ** (3 ** 2), (a ** 3) ** 2, (-a) ** 2, 2 ** -1, a ** 0]
}

//# property access by computed keys
//> { a: 1, "b c": 2 }, "b c"
//> [10, 20], 1
function f(given, key) {
  const copy = { [key]: given[key], [`${key}!`]: true, [1 + 1]: "two" }
  return copy
}

//# evaluation order
//> 3
function f(a) {
  const order = []
  const note = (name, value) => {
    order.push(name)
    return value
  }
  const target = { [note("key", "k")]: note("value", a) }
  target[note("outer", "k")] = note("right", target.k) + note("more", 1)
  note("callee", (...all) => all)(note("first", 1), note("second", 2))
  return [order, target]
}

//# objects become primitives
//> 2
//> 10
function f(a) {
  const number = { valueOf: () => a, toString: () => "text" }
  const either = { [Symbol.toPrimitive]: (hint) => `${hint}:${a}` }
  return [number + 1, `${number}`, number * 2, number > 1, `${either}`, either + "", +{ valueOf: () => "7" }]
}
