//# fields, methods and static members
//> 2, 3
//> 0, 0
class Point {
  static #made = 0
  static origin = new Point(0, 0)
  x
  y = 0
  constructor(x, y) {
    this.x = x
    this.y = y
    Point.#made++
  }
  static get made() {
    return Point.#made
  }
  distance(other = Point.origin) {
    return Math.sqrt((this.x - other.x) ** 2 + (this.y - other.y) ** 2)
  }
}
function f(x, y) {
  const point = new Point(x, y)
  return [point.distance(), Object.keys(point), Point.made]
}

//# private fields and methods
//> ["push 1", "push 2", "pop", "pop", "pop"]
//> []
class Stack {
  #items = []
  #check() {
    if (this.#items.length === 0) throw new RangeError("empty")
  }
  push(item) {
    this.#items.push(item)
    return this
  }
  pop() {
    this.#check()
    return this.#items.pop()
  }
  static isStack(value) {
    return #items in value
  }
}
function f(commands) {
  const stack = new Stack()
  const answers = commands.map((command) => {
    const [name, value] = command.split(" ")
    try {
      return name === "push" ? stack.push(value) === stack : stack.pop()
    } catch (error) {
      return error.message
    }
  })
  return [answers, Stack.isStack(stack), Stack.isStack({})]
}

//# inheritance and super
//> "Rex", 3
//> "Mia", 1
class Animal {
  constructor(name) {
    this.name = name
  }
  speak() {
    return `${this.name} makes a sound`
  }
  get kind() {
    return "animal"
  }
  static create(...all) {
    return new this(...all)
  }
}
class Dog extends Animal {
  constructor(name, age) {
    super(name)
    this.age = age
  }
  speak() {
    return `${super.speak()}: ${"woof ".repeat(this.age).trim()}`
  }
  get kind() {
    return `dog, ${super.kind}`
  }
}
function f(name, age) {
  const dog = Dog.create(name, age)
  return [dog.speak(), dog.kind, dog instanceof Animal, Animal.create(name).speak()]
}

//# getters and setters
//> 100
//> -40
class Temperature {
  #celsius = 0
  get fahrenheit() {
    return this.#celsius * 1.8 + 32
  }
  set fahrenheit(value) {
    this.#celsius = (value - 32) / 1.8
  }
  get celsius() {
    return Math.round(this.#celsius * 100) / 100
  }
}
function f(fahrenheit) {
  const t = new Temperature()
  t.fahrenheit = fahrenheit
  const own = {
    _v: 1,
    get v() {
      return this._v
    },
    set v(x) {
      this._v = x * 2
    },
  }
  own.v = 5
  return [t.celsius, t.fahrenheit, own.v]
}

//# a class that iterates
//> 1, 10, 3
//> 5, 1, 1
class Range {
  constructor(from, to, step) {
    Object.assign(this, { from, to, step })
  }
  *[Symbol.iterator]() {
    for (let i = this.from; i < this.to; i += this.step) yield i
  }
}
function f(from, to, step) {
  const range = new Range(from, to, step)
  return [[...range], Math.max(...range, 0), new Set(range).size]
}

//# mixins
//> 7
const Countable = (Base) =>
  class extends Base {
    count = 0
    increment(by = 1) {
      this.count += by
      return this
    }
  }
const Named = (Base) =>
  class extends Base {
    describe() {
      return `${this.label}=${this.count}`
    }
  }
class Item {
  label = "item"
}
function f(n) {
  const Mixed = Named(Countable(Item))
  return new Mixed().increment().increment(n).describe()
}

//# accessors by name, static blocks, computed members
//> "size"
//> "x y"
function f(name) {
  class Dynamic {
    static registry = []
    static {
      this.registry.push("block")
    }
    [name] = 1;
    [`get ${name}`]() {
      return this[name]
    }
    static [`make ${name}`]() {
      return new Dynamic()
    }
  }
  const made = Dynamic[`make ${name}`]()
  return [Dynamic.registry, made[`get ${name}`](), Object.keys(made)]
}

//# error classes
//> -1
//> 200
//> 30
class ValidationError extends Error {
  constructor(field, cause) {
    super(`bad ${field}`, { cause })
    this.name = "ValidationError"
    this.field = field
  }
}
function f(age) {
  try {
    if (age < 0) throw new ValidationError("age")
    if (age > 150) throw new ValidationError("age", new RangeError("too old"))
    return "fine"
  } catch (error) {
    return [
      error.name,
      error.message,
      error.field,
      error.cause?.message,
      error instanceof Error,
      String(error),
    ]
  }
}

//# built-in classes can be extended
//> [3, 1, 2]
//> []
class SortedList extends Array {
  insert(item) {
    this.push(item)
    this.sort((a, b) => a - b)
    return this
  }
  get median() {
    return this[Math.floor(this.length / 2)]
  }
}
class DefaultMap extends Map {
  get(key) {
    if (!this.has(key)) this.set(key, [])
    return super.get(key)
  }
}
function f(items) {
  const list = new SortedList()
  for (const item of items) list.insert(item)
  const groups = new DefaultMap()
  for (const item of items) groups.get(item % 2).push(item)
  return [Array.from(list), list.median, [...groups], list.map((x) => x) instanceof SortedList]
}

//# linked lists
//> [1, 2, 3]
//> []
class Node {
  constructor(value, next = null) {
    this.value = value
    this.next = next
  }
}
function f(items) {
  let head = null
  for (const item of items) head = new Node(item, head)
  const values = []
  for (let node = head; node; node = node.next) values.push(node.value)
  return values
}

//# binary search trees
//> [5, 2, 8, 1, 9, 2]
//> []
class Tree {
  #root = null
  insert(value) {
    const place = (node) => {
      if (node === null) return { value, left: null, right: null }
      if (value < node.value) node.left = place(node.left)
      else if (value > node.value) node.right = place(node.right)
      return node
    }
    this.#root = place(this.#root)
    return this
  }
  *inOrder(node = this.#root) {
    if (node === null) return
    yield* this.inOrder(node.left)
    yield node.value
    yield* this.inOrder(node.right)
  }
  get depth() {
    const of = (node) => (node === null ? 0 : 1 + Math.max(of(node.left), of(node.right)))
    return of(this.#root)
  }
}
function f(items) {
  const tree = items.reduce((all, item) => all.insert(item), new Tree())
  return { sorted: [...tree.inOrder()], depth: tree.depth }
}

//# priority queues
//> [[3, "c"], [1, "a"], [2, "b"]]
//> []
class Heap {
  #items = []
  push(item) {
    const heap = this.#items
    heap.push(item)
    for (let i = heap.length - 1; i > 0;) {
      const parent = (i - 1) >> 1
      if (heap[parent][0] <= heap[i][0]) break
      ;[heap[parent], heap[i]] = [heap[i], heap[parent]]
      i = parent
    }
  }
  pop() {
    const heap = this.#items
    const top = heap[0]
    const last = heap.pop()
    if (heap.length > 0) {
      heap[0] = last
      for (let i = 0; ;) {
        const [l, r] = [2 * i + 1, 2 * i + 2]
        let least = i
        if (l < heap.length && heap[l][0] < heap[least][0]) least = l
        if (r < heap.length && heap[r][0] < heap[least][0]) least = r
        if (least === i) break
        ;[heap[least], heap[i]] = [heap[i], heap[least]]
        i = least
      }
    }
    return top
  }
  get size() {
    return this.#items.length
  }
}
function f(items) {
  const heap = new Heap()
  for (const item of items) heap.push(item)
  const order = []
  while (heap.size > 0) order.push(heap.pop()[1])
  return order
}

//# toString, toJSON and Symbol.toStringTag
//> 3, 4
class Vector {
  constructor(x, y) {
    this.x = x
    this.y = y
  }
  toString() {
    return `(${this.x}, ${this.y})`
  }
  toJSON() {
    return [this.x, this.y]
  }
  get [Symbol.toStringTag]() {
    return "Vector"
  }
}
function f(x, y) {
  const v = new Vector(x, y)
  return [`${v}`, JSON.stringify({ v }), v + "!", Object.prototype.toString.call(v)]
}

//# new.target and abstract classes
//> 2
class Shape {
  constructor() {
    if (new.target === Shape) throw new TypeError("abstract")
    this.made = new.target.name
  }
}
class Square extends Shape {
  constructor(side) {
    super()
    this.area = side ** 2
  }
}
function f(side) {
  const square = new Square(side)
  try {
    return [square.made, square.area, new Shape()]
  } catch (error) {
    return [square.made, square.area, error.message]
  }
}

//# a class must be called with new
//> 1
class Plain {}
function f(a) {
  try {
    return Plain(a)
  } catch (error) {
    return [
      error.name,
      Object.getOwnPropertyNames(
        class {
          static s = a
        },
      ).sort(),
    ]
  }
}

//# instances compare by identity
//> 1
function f(a) {
  class Key {}
  const [one, two] = [new Key(), new Key()]
  const map = new Map([
    [one, a],
    [two, -a],
  ])
  return [one === two, map.get(one), map.get(two), map.get(new Key()), new Set([one, two, one]).size]
}

//# object literals with super
//> 5
function f(a) {
  const base = {
    greet() {
      return `base ${this.a}`
    },
  }
  const derived = {
    a,
    greet() {
      return `${super.greet()}, derived`
    },
  }
  Object.setPrototypeOf(derived, base)
  return derived.greet()
}
