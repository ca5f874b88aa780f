//# Math.hypot
//! Approximate by the specification. V8 is one unit off in the last place here, QuickJS is not.
//> 2, 3
//> 3, 4
function f(a, b) {
  return [Math.hypot(a, b), Math.hypot(), Math.hypot(a, b, NaN)]
}

//# digits of doubles in other bases
//! The digits beyond those that tell doubles apart are the engine's, by the specification.
//> -0.000001
//> 1e21
//> 0.1
function f(n) {
  return [n.toString(36), n.toString(3)]
}

//# a text spread into an object
//! A fault of QuickJS: it spreads a text as it spreads a number, into nothing.
//> "xy"
//> 5
function f(a) {
  return { ...a }
}

//# messages of errors
//! The words of a message are the engine's.
//> null
//> 1
function f(a) {
  try {
    return a.x.y
  } catch (error) {
    return error.message
  }
}

//# comparison of texts by locale
//! QuickJS has no locales: it compares code points.
//> ["b", "a", "B", "A", "é", "z"]
//> ["resume", "résumé", "Resume"]
function f(words) {
  return [words.toSorted((a, b) => a.localeCompare(b)), "a".localeCompare("a")]
}

//# numbers and dates by locale
//! QuickJS has no locales.
//> 1234567.891
function f(n) {
  return [n.toLocaleString(), new Date(0).toLocaleDateString("en-US", { timeZone: "UTC" })]
}

//# source text of functions
//! The specification leaves open how the source text of a native function is spaced.
//> 1
function f(a) {
  const g = (x) => x + a
  return [String(g), String(class A {}), String(Math.max)]
}

//# dates in other forms
//> "Feb 29 2024 12:00 UTC"
//> "2024/02/29 GMT"
//> "Thu, 01 Jan 1970 00:00:00 GMT"
function f(text) {
  return Date.parse(text)
}

//# the local time zone
//! The name of the time zone is the engine's. Both are in UTC.
//> 0
function f(time) {
  const date = new Date(time)
  return [date.getTimezoneOffset(), date.getHours(), date.toString(), new Date(2024, 0, 1).getTime()]
}

//# sums of many terms
//> 10
function f(n) {
  const terms = Array.from({ length: n }, (_, i) => 1 / (i + 1))
  return [terms.reduce((a, b) => a + b), Math.exp(1), Math.pow(2, 0.5), Math.sin(1e6), Math.cbrt(2), Math.tan(1), Math.log10(2), Math.expm1(1e-10)]
}

//# grouping of 2024
//> [1, 2, 3, 4, 5]
//> []
function f(list) {
  const even = (n) => (n % 2 ? "odd" : "even")
  return [Object.groupBy(list, even), Map.groupBy(list, even)]
}

//# set methods of 2025
//> [1, 2, 3], [2, 3, 4]
//> [], [1]
function f(a, b) {
  const [x, y] = [new Set(a), new Set(b)]
  return [x.union(y), x.intersection(y), x.difference(y), x.symmetricDifference(y), x.isSubsetOf(y), x.isDisjointFrom(y)]
}

//# iterator helpers of 2025
//> [1, 2, 3, 4]
//> []
function f(list) {
  return [list.values().map((x) => x * 2).filter((x) => x > 2).toArray(), [...list.values().take(2)], list.values().drop(1).reduce((a, b) => a + b, 0)]
}

//# properties of Unicode in patterns
//> "aé😀1 ½Ⅷ"
function f(text) {
  return ["Emoji_Presentation", "Lowercase", "Nd", "N", "Script=Latin", "Zs"].map((name) => text.match(new RegExp(`\\p{${name}}`, "gu")))
}

//# arrays by a comparator that contradicts itself
//> [3, 1, 2]
function f(list) {
  return list.toSorted(() => 1).length
}

//# the order of comparisons
//! Which elements a sort compares, and in which order, is the engine's.
//> [5, 2, 8, 1]
function f(list) {
  const asked = []
  list.sort((a, b) => {
    asked.push([a, b])
    return a - b
  })
  return asked
}

//# depth of recursion
//> 0
function f(n) {
  const dive = (depth) => {
    try {
      return dive(depth + 1)
    } catch {
      return depth
    }
  }
  return dive(n) > 500
}

//# properties of functions and errors
//! `stack` belongs to V8, not to the language.
//> 1
function f(a) {
  return [Object.getOwnPropertyNames(f), Object.getOwnPropertyNames(new Error("x")), Object.getOwnPropertyNames((x) => x)]
}

//# properties of patterns after a match
//> "abc"
function f(text) {
  const found = /(?<x>b)(?<y>q)?/.exec(text)
  return [Object.keys(found), found.length, found.groups]
}

//# the year of a date without time
//> "2024-02-29", "2024-02-29T00:00"
function f(day, minute) {
  return [new Date(day).toISOString(), new Date(`${minute}Z`).toISOString(), new Date(NaN).getTime(), String(new Date(NaN))]
}
