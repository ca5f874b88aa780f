/** The data that the tree of a literal builds (`literals.ts` has the list). Nothing of the text is executed. */
import { binary, NotData, toBigInt, unary } from "./numbers.ts"
import type { Node } from "./parser.ts"

const CONSTANTS: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  NaN: Number.NaN,
  Infinity: Infinity,
  "Number.NaN": Number.NaN,
  "Number.POSITIVE_INFINITY": Infinity,
  "Number.NEGATIVE_INFINITY": -Infinity,
  "Number.MAX_SAFE_INTEGER": Number.MAX_SAFE_INTEGER,
  "Number.MIN_SAFE_INTEGER": Number.MIN_SAFE_INTEGER,
  "Number.MAX_VALUE": Number.MAX_VALUE,
  "Number.MIN_VALUE": Number.MIN_VALUE,
  "Number.EPSILON": Number.EPSILON,
  "Math.PI": Math.PI,
  "Math.E": Math.E,
}

/** The value of a node. `computes` says whether arithmetic and conversions are allowed. */
export const build = (node: Node, computes: boolean): unknown => {
  switch (node.type) {
    case "ParenthesizedExpression":
      return build(node.expression, computes)
    case "Literal":
      if (node.regex) throw notData(node)
      return node.value
    case "TemplateLiteral":
      if (node.expressions.length > 0)
        throw new NotData("a template with substitutions does not only build data")
      return node.quasis[0]?.value.cooked
    case "Identifier":
    case "MemberExpression":
      return constant(node)
    case "ArrayExpression":
      return node.elements.map((element) => {
        if (element === null) throw new NotData("an array with holes")
        return build(element, computes)
      })
    case "ObjectExpression":
      return buildObject(node, computes)
    case "UnaryExpression":
      if (node.operator === "~") mayCompute(computes)
      return unary(node.operator, build(node.argument, computes))
    case "BinaryExpression":
      mayCompute(computes)
      return binary(node.operator, build(node.left, computes), build(node.right, computes))
    case "NewExpression":
    case "CallExpression":
      return construct(node, computes)
    default:
      throw notData(node)
  }
}

const mayCompute = (computes: boolean): void => {
  if (!computes) throw new NotData("an answer may not compute")
}

const notData = ({ type }: Node): NotData => new NotData(`${type} does not only build data`)

/** `a` or `a.b` as written, else null. */
const pathOf = (node: Node): string | null => {
  if (node.type === "Identifier") return node.name
  const plain = node.type === "MemberExpression" && !node.computed && !node.optional
  if (!plain || node.object.type !== "Identifier" || node.property.type !== "Identifier") return null
  return `${node.object.name}.${node.property.name}`
}

const constant = (node: Node): unknown => {
  const path = pathOf(node)
  if (path === null || !Object.hasOwn(CONSTANTS, path))
    throw new NotData(`${path ?? node.type} is no constant`)
  return CONSTANTS[path]
}

const buildObject = (node: Extract<Node, { type: "ObjectExpression" }>, computes: boolean): object => {
  const built = {}
  for (const property of node.properties) {
    if (property.type !== "Property" || property.kind !== "init" || property.method || property.shorthand) {
      throw new NotData("an object with more than keys and values")
    }
    const key = keyOf(property.key, property.computed, computes)
    if (key === "__proto__" && !property.computed) throw new NotData("__proto__ does not only build data")
    Object.defineProperty(built, key, {
      value: build(property.value, computes),
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return built
}

const keyOf = (node: Node, computed: boolean, computes: boolean): string => {
  if (!computed && node.type === "Identifier") return node.name
  const key = build(node, computes)
  if (typeof key === "string" || typeof key === "number" || typeof key === "bigint") return String(key)
  throw new NotData("a key that is neither text nor number")
}

// ------------------------------------------------------------------------------------------ constructors

const construct = (
  node: Extract<Node, { type: "NewExpression" | "CallExpression" }>,
  computes: boolean,
): unknown => {
  const path = pathOf(node.callee)
  const called = `${node.type === "NewExpression" ? "new " : ""}${path ?? node.callee.type}`
  if (node.type === "CallExpression" && node.optional) throw new NotData(`call of ${called}?.`)
  const most = MOST_ARGUMENTS[called]
  if (most === undefined) throw new NotData(`call of ${called}`)
  if (node.arguments.length > most) throw new NotData(`${called} takes at most ${most} argument here`)
  const [given] = node.arguments.map((argument) => build(argument, computes))
  switch (called) {
    case "new Map":
      if (given instanceof Map) mayCompute(computes)
      return new Map(given == null ? [] : pairs(given))
    case "new Set":
      if (given != null && !Array.isArray(given)) mayCompute(computes)
      return new Set(given == null ? [] : elements(given))
    case "Object.fromEntries":
      mayCompute(computes)
      return Object.fromEntries(pairs(given))
    case "Object.entries":
      mayCompute(computes)
      return Object.entries(objectOf(given))
    default:
      return toBigInt(given)
  }
}

const MOST_ARGUMENTS: Readonly<Record<string, number>> = {
  "new Map": 1,
  "new Set": 1,
  "Object.fromEntries": 1,
  "Object.entries": 1,
  BigInt: 1,
}

const elements = (value: unknown): Iterable<unknown> => {
  if (Array.isArray(value) || typeof value === "string" || value instanceof Set) return value
  throw new NotData("a collection is made from an array")
}

const pairs = (value: unknown): ReadonlyArray<readonly [never, unknown]> => {
  const entries = value instanceof Map ? [...value] : value
  const made = Array.isArray(entries) && entries.every((entry) => Array.isArray(entry) && entry.length === 2)
  if (!made) throw new NotData("entries are an array of pairs")
  return entries
}

const objectOf = (value: unknown): object => {
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return value
  }
  throw new NotData("entries are those of a plain object")
}
