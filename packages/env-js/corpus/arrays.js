//# push, pop, shift, unshift
//> [1, 2]
//> []
function f(list) {
  return [list.push(7, 8), list.pop(), list.unshift(0, -1), list.shift(), list, [].pop(), [].shift()]
}

//# splice
//> [1, 2, 3, 4, 5], 1, 2
//> [1, 2, 3], -1, 9
//> [], 0, 0
function f(list, from, count) {
  const removed = list.splice(from, count, "x", "y", "z")
  return [removed, list, list.splice(1), list]
}

//# map, filter, reduce
//> [3, 1, 2]
//> []
function f(list) {
  return [
    list.map((x, i) => x * i),
    list.filter((x) => x % 2),
    list.reduce((sum, x) => sum + x, 0),
    list.reduceRight((text, x) => text + x, ""),
    list.every((x) => x > 1),
    list.some((x) => x > 2),
  ]
}

//# reduce without a start
//> [5]
//> []
function f(list) {
  try {
    return list.reduce((a, b) => a - b)
  } catch (error) {
    return error.name
  }
}

//# finding
//> [4, 9, 16, 9]
//> []
function f(list) {
  const big = (x) => x > 5
  return [
    list.find(big),
    list.findIndex(big),
    list.findLast(big),
    list.findLastIndex(big),
    list.indexOf(9),
    list.lastIndexOf(9),
    list.includes(16),
    list.indexOf(9, 2),
  ]
}

//# sort is by text unless told
//> [10, 9, 1, 100, -1]
//> ["b", undefined, "a", null]
function f(list) {
  return [[...list].sort(), [...list].sort((a, b) => a - b), list.toSorted().length]
}

//# sort is stable
//> [["a", 2], ["b", 1], ["c", 2], ["d", 1], ["e", 2], ["f", 1], ["g", 2], ["h", 1], ["i", 2], ["j", 1], ["k", 2], ["l", 1]]
//> []
function f(rows) {
  return rows
    .toSorted((a, b) => a[1] - b[1])
    .map(([name]) => name)
    .join("")
}

//# sort by several keys
//> [{ n: "b", a: 2 }, { n: "a", a: 2 }, { n: "c", a: 1 }]
//> []
function f(people) {
  return people.sort((x, y) => x.a - y.a || (x.n < y.n ? -1 : x.n > y.n ? 1 : 0)).map((p) => p.n + p.a)
}

//# copies of 2023
//> [3, 1, 2]
//> [1]
function f(list) {
  const changed = [
    list.toSorted(),
    list.toReversed(),
    list.with(0, "x"),
    list.with(-1, "y"),
    list.toSpliced(0, 1, "p", "q"),
  ]
  return [changed, list]
}

//# flat and flatMap
//> [1, [2, [3, [4, []]]]]
//> []
function f(nested) {
  return [nested.flat(), nested.flat(Infinity), nested.flat(0).length, nested.flatMap((x) => [x, [x]]).length]
}

//# fill, copyWithin, from, of
//> 5
//> 0
function f(n) {
  const squares = Array.from({ length: n }, (_, i) => i * i)
  return [
    squares,
    Array(n).fill(0),
    [1, 2, 3, 4, 5].fill(9, 1, -1),
    [1, 2, 3, 4, 5].copyWithin(0, 3),
    Array.of(n, n),
    Array.from("añ😀"),
  ]
}

//# keys, values, entries
//> ["a", "b"]
//> []
function f(list) {
  return [[...list.keys()], [...list.values()], [...list.entries()], Object.entries(list), Object.keys(list)]
}

//# join and toString
//> [1, null, undefined, [2, [3]], "x"]
//> []
function f(list) {
  return [list.join(), list.join(""), String(list), list + "", `${[[]]}`, [null] + ""]
}

//# length can be set
//> [1, 2, 3], 1
//> [1], 3
function f(list, n) {
  list.length = n
  return [list.length, list.filter(() => true), 0 in list, n - 1 in list, Array.from(list)]
}

//# holes are skipped or not
//> 1
function f(a) {
  const holes = [a, , 3]
  let visited = 0
  holes.forEach(() => visited++)
  return [
    visited,
    holes.length,
    Object.keys(holes),
    [...holes],
    holes.map((x) => x * 2).length,
    holes.indexOf(undefined),
    holes.includes(undefined),
    holes.findIndex((x) => x === undefined),
  ]
}

//# slices and negative positions
//> [1, 2, 3, 4], -2, 99
//> [1, 2, 3, 4], 1, -1
function f(list, from, to) {
  return [list.slice(from, to), list.at(from), list.at(to), list.slice().length, list.slice(to, from)]
}

//# concat spreads arrays only
//> [1], [[2], 3]
//> [], "ab"
function f(a, b) {
  const like = { length: 1, 0: "like", [Symbol.isConcatSpreadable]: true }
  return [a.concat(b), a.concat(b, b).length, a.concat(like)]
}

//# matrices
//> [[1, 2], [3, 4], [5, 6]]
//> [[7]]
function f(m) {
  const transposed = m[0].map((_, j) => m.map((row) => row[j]))
  const product = m.map((row) =>
    transposed[0].map((_, j) => row.reduce((sum, x, k) => sum + x * transposed[k][j], 0)),
  )
  return [transposed, product]
}

//# chunks, zips, windows
//> [1, 2, 3, 4, 5], 2
//> [], 3
function f(list, n) {
  const chunks = []
  for (let i = 0; i < list.length; i += n) chunks.push(list.slice(i, i + n))
  const windows = list.slice(n - 1).map((_, i) => list.slice(i, i + n))
  return [chunks, windows, list.map((x, i) => [x, list[list.length - 1 - i]])]
}

//# array-likes
//> "abc"
//> ""
function f(text) {
  return [
    Array.prototype.map.call(text, (c) => c + c),
    Array.prototype.slice.call({ length: 1, 0: "z" }),
    Array.from({ length: 2, 1: "b" }),
    Array.isArray([]),
    Array.isArray({ length: 0 }),
  ]
}

//# mutation while iterating
//> [1, 2, 3]
function f(list) {
  const seen = []
  list.forEach((x) => {
    seen.push(x)
    if (x === 1) list.push(9)
    if (x === 2) list.shift()
  })
  for (const x of list) if (list.length < 6) list.push(x * 10)
  return [seen, list]
}

//# two sums
//> [2, 7, 11, 15], 9
//> [], 1
function f(numbers, target) {
  const places = new Map()
  for (const [i, n] of numbers.entries()) {
    if (places.has(target - n)) return [places.get(target - n), i]
    places.set(n, i)
  }
  return null
}

//# quicksort and merge sort agree
//> [5, 3, 8, 1, 9, 2, 7]
//> [1, 1, 1]
function f(list) {
  const quick = ([pivot, ...rest]) =>
    pivot === undefined
      ? []
      : [...quick(rest.filter((x) => x < pivot)), pivot, ...quick(rest.filter((x) => x >= pivot))]
  const merge = (a, b) =>
    a.length === 0
      ? b
      : b.length === 0
        ? a
        : a[0] <= b[0]
          ? [a[0], ...merge(a.slice(1), b)]
          : [b[0], ...merge(a, b.slice(1))]
  const sorted = (items) =>
    items.length < 2
      ? items
      : merge(sorted(items.slice(0, items.length >> 1)), sorted(items.slice(items.length >> 1)))
  return [quick(list), sorted(list), quick(list).join() === sorted(list).join()]
}

//# binary search
//> [1, 3, 5, 7, 9, 11], 7
//> [1, 3, 5], 4
function f(sorted, target) {
  let [low, high, steps] = [0, sorted.length - 1, 0]
  while (low <= high) {
    steps++
    const middle = (low + high) >>> 1
    if (sorted[middle] === target) return { found: middle, steps }
    if (sorted[middle] < target) low = middle + 1
    else high = middle - 1
  }
  return { found: -1, steps }
}

//# n queens
//> 6
//> 3
function f(n) {
  let solutions = 0
  const place = (row, columns, down, up) => {
    if (row === n) return void solutions++
    for (let c = 0; c < n; c++) {
      if (columns & (1 << c) || down & (1 << (row + c)) || up & (1 << (row - c + n))) continue
      place(row + 1, columns | (1 << c), down | (1 << (row + c)), up | (1 << (row - c + n)))
    }
  }
  place(0, 0, 0, 0)
  return solutions
}

//# typed arrays inside
//> [1, 300, -1, 1.5]
//> []
function f(list) {
  const bytes = Uint8Array.from(list)
  const floats = new Float32Array(list)
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, list[0] ?? 0)
  return [
    Array.from(bytes),
    [...new Uint8ClampedArray(list)],
    [...new Int16Array(list)],
    [...floats],
    view.getUint8(0),
    [...bytes.subarray(1, 3)],
    bytes.toSorted().length,
  ]
}
