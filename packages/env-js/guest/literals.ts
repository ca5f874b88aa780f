/**
 * Operation `literal`: the value of an expression that only builds data, for task inputs and answers.
 *
 * The text is parsed, never executed: its tree is walked and everything that is not on the list below is
 * refused.
 *
 *     'a' "a" `a` 1 -1.5 0x10 1_000 10n true false null undefined NaN Infinity
 *     [1, [2]] {a: 1, "b": 2, 3: 4, ["c"]: 5}
 *     new Map([[k, v], …]) new Map(Object.entries({…})) new Set([…]) new Set("abc")
 *     Object.fromEntries([[k, v], …]) BigInt("10")
 *     arithmetic on numbers alone or bigints alone: -1 * 10 ** 9, 2n ** 64n - 1n
 *     Number.MAX_SAFE_INTEGER and the other constants of Number, Math.PI, Math.E
 *
 * An answer ("value") may use constructors as notation only: no arithmetic, no `new Set("abc")`, no
 * `Object.entries`, which would leave to the executor what the solver was asked for.
 */
import { encode } from "./encode.ts"
import { type Node, parseModule, ProgramError } from "./parser.ts"

const DEFAULT_BYTES = 65_536
const MAX_BIGINT_BITS = 4096n

interface LiteralRequest {
  readonly text: string
  readonly as: "arguments" | "value"
  readonly outputBytes?: number
}

/** The text is an expression, but not one that only builds data. */
class NotData {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** Answer of `{"op": "literal", "text", "as": "arguments" | "value", "outputBytes"?}` as JSON. */
export const literal = ({ as, outputBytes = DEFAULT_BYTES, text }: LiteralRequest): string => {
  try {
    const built =
      as === "arguments"
        ? argumentsOf(text).map((node) => build(node, true))
        : build(expressionOf(text), false)
    const { kind, text: encoded } = encode(built, outputBytes)
    return kind === "encoded" ? `{"ok":${encoded}}` : failure(kind, encoded)
  } catch (error) {
    if (error instanceof ProgramError) return failure("syntax", error.message)
    if (error instanceof NotData) return failure("refused", error.message)
    if (error instanceof RangeError) return failure("refused", error.message)
    throw error
  }
}

const failure = (kind: string, message: string): string =>
  JSON.stringify({ fail: { kind, message: message.toWellFormed().slice(0, 200) } })

// ----------------------------------------------------------------------------------------------- syntax

const onlyExpression = (text: string): Node | null => {
  const { body } = parseModule(text, { preserveParens: true })
  const [statement] = body
  const whole = body.length === 1 && statement?.type === "ExpressionStatement"
  return whole && statement.expression.end === text.length ? statement.expression : null
}

/**
 * The text stands between `_(` and a line with `)`. Only if that parses as one call of the name `_` are those
 * two the brackets of the call: `1) || (2` or `1)(2` give another tree.
 */
const argumentsOf = (text: string): ReadonlyArray<Node> => {
  const call = onlyExpression(`_(${text}\n)`)
  if (call?.type !== "CallExpression" || call.callee.type !== "Identifier") {
    throw new ProgramError("not an argument list", null)
  }
  return call.arguments
}

/** Likewise: the brackets around the text must be one pair, around one expression. */
const expressionOf = (text: string): Node => {
  const bracketed = onlyExpression(`(${text}\n)`)
  if (bracketed?.type !== "ParenthesizedExpression" || bracketed.expression.type === "SequenceExpression") {
    throw new ProgramError("not one expression", null)
  }
  return bracketed.expression
}

// ---------------------------------------------------------------------------------------------- building

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
const build = (node: Node, computes: boolean): unknown => {
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

// -------------------------------------------------------------------------------------------- arithmetic

const unary = (operator: string, value: unknown): unknown => {
  if (typeof value === "number") {
    if (operator === "-") return -value
    if (operator === "+") return value
    if (operator === "~") return ~value
  }
  if (typeof value === "bigint" && operator === "-") return -value
  throw new NotData(`${operator} on a ${typeof value}`)
}

const binary = (operator: string, left: unknown, right: unknown): unknown => {
  if (typeof left === "number" && typeof right === "number") return onNumbers(operator, left, right)
  if (typeof left === "bigint" && typeof right === "bigint") return bounded(onBigInts(operator, left, right))
  throw new NotData("arithmetic on something that is not a number")
}

const onNumbers = (operator: string, left: number, right: number): number => {
  switch (operator) {
    case "+":
      return left + right
    case "-":
      return left - right
    case "*":
      return left * right
    case "/":
      return left / right
    case "%":
      return left % right
    case "**":
      return left ** right
    default:
      throw new NotData(`operator ${operator}`)
  }
}

const onBigInts = (operator: string, left: bigint, right: bigint): bigint => {
  switch (operator) {
    case "+":
      return left + right
    case "-":
      return left - right
    case "*":
      return left * right
    case "**":
      if (BigInt(left.toString(2).length) * right > MAX_BIGINT_BITS) throw new NotData("power too large")
      return left ** right
    default:
      throw new NotData(`operator ${operator}`)
  }
}

const bounded = (value: bigint): bigint => {
  if (BigInt.asIntN(Number(MAX_BIGINT_BITS), value) !== value) throw new NotData("integer too large")
  return value
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

const INTEGER = /^-?\d{1,1200}$/

const toBigInt = (value: unknown): bigint => {
  if (typeof value === "bigint") return value
  if (typeof value === "number" && Number.isInteger(value)) return bounded(BigInt(value))
  if (typeof value === "string" && INTEGER.test(value)) return bounded(BigInt(value))
  throw new NotData("BigInt of something that is no integer")
}
