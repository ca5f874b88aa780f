//# keys, values, entries, fromEntries
//> { b: 1, a: [2], 1: null }
//> {}
function f(given) {
  return [
    Object.keys(given),
    Object.values(given),
    Object.entries(given),
    Object.fromEntries(Object.entries(given).map(([k, v]) => [k + k, v])),
  ]
}

//# the order of properties
//> ["b", "2", "a", "10", "1", "-1", "01"]
//> []
function f(names) {
  const made = {}
  for (const [i, name] of names.entries()) made[name] = i
  delete made.b
  if (names.length > 0) made.b = "again"
  return made
}

//# assign and spread, later wins
//> { a: 1, b: 2 }, { b: 3, c: 4 }
//> {}, null
function f(a, b) {
  return [Object.assign({}, a, b), { ...a, ...b }, { ...b, ...a }, { ...[1, 2], ...[3] }]
}

//# own properties
//> { a: 1 }, "a"
//> { a: 1 }, "toString"
function f(given, name) {
  return [
    Object.hasOwn(given, name),
    given.hasOwnProperty(name),
    name in given,
    Object.prototype.hasOwnProperty.call(given, name),
    given.propertyIsEnumerable(name),
  ]
}

//# freeze, seal, preventExtensions
//> { a: 1, inner: { b: 2 } }
function f(given) {
  const log = []
  const attempt = (action) => {
    try {
      action()
      log.push("ok")
    } catch (error) {
      log.push(error.name)
    }
  }
  const frozen = Object.freeze({ ...given })
  const sealed = Object.seal({ ...given })
  const closed = Object.preventExtensions({ ...given })
  attempt(() => frozen.inner.b++)
  attempt(() => sealed.a++)
  attempt(() => delete closed.a)
  return [
    log,
    Object.isFrozen(frozen),
    Object.isSealed(sealed),
    Object.isExtensible(closed),
    frozen,
    sealed,
    closed,
  ]
}

//# property descriptors
//> 5
function f(a) {
  const made = {}
  Object.defineProperty(made, "hidden", { value: a })
  Object.defineProperty(made, "shown", { value: a, enumerable: true, writable: true, configurable: true })
  Object.defineProperties(made, { doubled: { get: () => a * 2, enumerable: false } })
  return [
    Object.keys(made),
    made.hidden,
    made.doubled,
    Object.getOwnPropertyDescriptor(made, "hidden"),
    Object.getOwnPropertyNames(made),
  ]
}

//# getters compute, setters store
//> "Ada Lovelace"
//> "Plato"
function f(name) {
  const person = {
    first: "",
    last: "",
    get full() {
      return `${this.first} ${this.last}`.trim()
    },
    set full(value) {
      ;[this.first, this.last = ""] = value.split(" ")
    },
  }
  person.full = name
  return [person.first, person.last, person.full, Object.keys(person)]
}

//# prototypes
//> 3
function f(a) {
  const base = {
    a,
    twice() {
      return this.a * 2
    },
  }
  const child = Object.create(base, { b: { value: 1, enumerable: true } })
  child.a = a + 1
  return [
    child.twice(),
    base.twice(),
    Object.keys(child),
    Object.getPrototypeOf(child) === base,
    base.isPrototypeOf(child),
  ]
}

//# maps
//> [["x", 1], ["y", 2], ["x", 3]]
//> []
function f(pairs) {
  const map = new Map(pairs)
  const had = map.delete("y")
  map.set(NaN, "nan").set(-0, "zero").set("x", "last")
  return [map, map.size, had, map.get(NaN), map.get(0), map.has("z"), [...map.keys()], map.get("z")]
}

//# maps change while they are visited
//> 3
function f(n) {
  const map = new Map([[0, "a"]])
  const seen = []
  for (const [key] of map) {
    seen.push(key)
    if (key < n) map.set(key + 1, "more")
    map.delete(key - 1)
  }
  map.forEach((value, key, whole) => seen.push([key, value, whole === map]))
  return seen
}

//# sets
//> [3, 1, 3, "3", NaN, NaN, 0, -0]
//> []
function f(items) {
  const set = new Set(items)
  const other = new Set([1, 2, 3])
  return [
    set,
    set.size,
    [...set].filter((x) => other.has(x)),
    set.add("new").has("new"),
    set.delete(3),
    [...set.entries()].length,
  ]
}

//# counting words
//> "the cat and the hat and the bat"
//> ""
function f(text) {
  const counts = new Map()
  for (const word of text.split(" ").filter(Boolean)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, 2)
}

//# grouping by hand
//> [1, 2, 3, 4, 5]
//> []
function f(list) {
  return list.reduce(
    (groups, n) => ({ ...groups, [n % 2 ? "odd" : "even"]: [...(groups[n % 2 ? "odd" : "even"] ?? []), n] }),
    {},
  )
}

//# deep copies and deep equality
//> { a: [1, { b: null }], c: "x" }
//> [[], {}]
function f(given) {
  const copy = (x) =>
    Array.isArray(x)
      ? x.map(copy)
      : x && typeof x === "object"
        ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, copy(v)]))
        : x
  const same = (x, y) =>
    x === y ||
    (x &&
      y &&
      typeof x === "object" &&
      typeof y === "object" &&
      Array.isArray(x) === Array.isArray(y) &&
      Object.keys(x).length === Object.keys(y).length &&
      Object.keys(x).every((k) => same(x[k], y[k]))) ||
    false
  const copied = copy(given)
  const before = same(given, copied)
  copied.extra = 1
  return [before, same(given, copied), copied === given]
}

//# paths into nested data
//> { a: { b: [{ c: 5 }] } }, "a.b.0.c"
//> { a: 1 }, "a.x.y"
function f(given, path) {
  const get = path.split(".").reduce((part, key) => part?.[key], given)
  const paths = []
  const walk = (part, prefix) => {
    for (const [key, value] of Object.entries(part)) {
      if (value !== null && typeof value === "object") walk(value, `${prefix}${key}.`)
      else paths.push(prefix + key)
    }
  }
  walk(given, "")
  return [get, paths]
}

//# symbols as keys
//> 1
function f(a) {
  const hidden = Symbol("hidden")
  const made = { [hidden]: a, shown: a }
  return [
    Object.keys(made),
    made[hidden],
    hidden.description,
    String(hidden),
    Symbol.for("k") === Symbol.for("k"),
    Object.getOwnPropertySymbols(made).length,
  ]
}

//# weak maps keep private data
//> 7
function f(a) {
  const secrets = new WeakMap()
  const [one, two] = [{}, {}]
  secrets.set(one, a)
  const seen = new WeakSet([two])
  return [secrets.get(one), secrets.has(two), seen.has(two), seen.has(one)]
}

//# graphs: breadth first
//> { a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, "a", "d"
//> { a: [] }, "a", "z"
function f(edges, from, to) {
  const queue = [[from]]
  const visited = new Set([from])
  while (queue.length > 0) {
    const path = queue.shift()
    const last = path.at(-1)
    if (last === to) return path
    for (const next of edges[last] ?? []) {
      if (visited.has(next)) continue
      visited.add(next)
      queue.push([...path, next])
    }
  }
  return null
}

//# shortest paths
//> { a: { b: 4, c: 1 }, c: { b: 2, d: 7 }, b: { d: 1 }, d: {} }, "a"
function f(graph, start) {
  const best = Object.fromEntries(Object.keys(graph).map((k) => [k, Infinity]))
  best[start] = 0
  const open = new Set(Object.keys(graph))
  while (open.size > 0) {
    const node = [...open].reduce((a, b) => (best[b] < best[a] ? b : a))
    open.delete(node)
    for (const [next, cost] of Object.entries(graph[node]))
      best[next] = Math.min(best[next], best[node] + cost)
  }
  return best
}

//# topological order
//> { shoes: ["socks"], socks: [], belt: ["trousers"], trousers: [] }
//> { a: ["b"], b: ["a"] }
function f(needs) {
  const order = []
  const state = {}
  const visit = (name) => {
    if (state[name] === "done") return true
    if (state[name] === "open") return false
    state[name] = "open"
    if (!needs[name].every(visit)) return false
    state[name] = "done"
    return order.push(name) > 0
  }
  return Object.keys(needs).every(visit) ? order : "cycle"
}

//# least recently used
//> 2, [["put", "a", 1], ["put", "b", 2], ["get", "a"], ["put", "c", 3], ["get", "b"], ["get", "a"]]
//> 1, []
function f(capacity, commands) {
  const cache = new Map()
  const results = []
  for (const [command, key, value] of commands) {
    const known = cache.get(key)
    cache.delete(key)
    if (command === "put") cache.set(key, value)
    else {
      results.push(known ?? null)
      if (known !== undefined) cache.set(key, known)
    }
    if (cache.size > capacity) cache.delete(cache.keys().next().value)
  }
  return { results, cache }
}

//# JSON out
//> { a: [1, "x", null, true, { b: {} }], u: undefined, n: NaN, d: -0 }
//> [undefined, "é\u2028\n\"", []]
//> "text"
function f(given) {
  return [
    JSON.stringify(given),
    JSON.stringify(given, null, 2),
    JSON.stringify(given, ["a", "b"], "-"),
    JSON.stringify(given, (k, v) => (typeof v === "number" ? v + 1 : v)),
  ]
}

//# JSON in
//> '{"a": [1, 2.5e3, "x\\u0041", null, {"b": true}], "1": 0, "0": 1}'
//> '[1, ]'
//> ' "s" '
function f(text) {
  try {
    return [JSON.parse(text), JSON.parse(text, (key, value) => (typeof value === "number" ? -value : value))]
  } catch (error) {
    return error.name
  }
}

//# JSON leaves out
//> 1
function f(a) {
  const given = {
    a,
    f() {},
    s: Symbol("s"),
    u: undefined,
    toJSON: undefined,
    nested: { toJSON: () => "replaced" },
  }
  return [
    JSON.stringify(given),
    JSON.stringify([() => 1, undefined]),
    JSON.stringify(undefined) === undefined,
    JSON.stringify({ m: new Map([[1, 2]]), r: /x/ }),
  ]
}

//# JSON of BigInt and of cycles fails
//> 1n
//> 1
function f(a) {
  const cycle = { a }
  cycle.self = cycle
  return [a, cycle].map((value) => {
    try {
      return JSON.stringify(value)
    } catch (error) {
      return error.name
    }
  })
}
