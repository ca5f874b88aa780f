/** The evaluator. A call that comes last takes no stack; whatever else recurses ends by the engine's stack, which `serve` reports. */
import { type GuestValue, Raised, type World } from "@azr/wasm-host/guest"
import type { Node } from "../src/syntax.ts"

interface Scope {
  readonly name: string
  readonly value: GuestValue
  readonly outer: Scope | null
}

const isList = (value: GuestValue): value is ReadonlyArray<GuestValue> => Array.isArray(value)

const integer = (value: GuestValue, what: string): bigint => {
  if (typeof value !== "bigint") throw new Raised("TypeError", `${what} is not a number`)
  return value
}

const truth = (value: GuestValue): boolean => {
  if (typeof value !== "boolean") throw new Raised("TypeError", "a condition is neither true nor false")
  return value
}

const equal = (a: GuestValue, b: GuestValue): boolean =>
  isList(a) && isList(b)
    ? a.length === b.length && a.every((item, index) => equal(item, b[index] as GuestValue))
    : a === b

const textOf = (value: GuestValue): string =>
  isList(value) ? `[${value.map(textOf).join(", ")}]` : typeof value === "string" ? value : String(value)

const floorDivide = (a: bigint, b: bigint): bigint => {
  if (b === 0n) throw new Raised("DivisionError", "division by zero")
  const quotient = a / b
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient
}

const operate = (operator: string, a: GuestValue, b: GuestValue): GuestValue => {
  if (operator === "==") return equal(a, b)
  if (operator === "!=") return !equal(a, b)
  if (operator === "+" && typeof a === "string" && typeof b === "string") return a + b
  if (operator === "+" && isList(a) && isList(b)) return [...a, ...b]
  const [x, y] = [integer(a, `the left side of ${operator}`), integer(b, `the right side of ${operator}`)]
  switch (operator) {
    case "+":
      return x + y
    case "-":
      return x - y
    case "*":
      return x * y
    case "/":
      return floorDivide(x, y)
    case "%":
      return x - floorDivide(x, y) * y
    case "<":
      return x < y
    case "<=":
      return x <= y
    case ">":
      return x > y
    default:
      return x >= y
  }
}

const indexed = (value: GuestValue, at: GuestValue): GuestValue => {
  if (!isList(value) && typeof value !== "string") throw new Raised("TypeError", "what is indexed is no list")
  const found = value[Number(integer(at, "an index"))]
  if (found === undefined) throw new Raised("IndexError", `no item ${String(at)} among ${value.length}`)
  return found
}

type BuiltIn = (parameters: ReadonlyArray<GuestValue>, world: World) => GuestValue

/** Functions of the language, each with the number of its parameters. */
const builtIns: Readonly<Record<string, readonly [parameters: number, compute: BuiltIn]>> = {
  len: [
    1,
    ([value = null]) => {
      if (!isList(value) && typeof value !== "string")
        throw new Raised("TypeError", "len of what has no length")
      return BigInt(value.length)
    },
  ],
  rest: [
    1,
    ([value = null]) => {
      if (!isList(value)) throw new Raised("TypeError", "rest of what is no list")
      return value.slice(1)
    },
  ],
  text: [1, ([value = null]) => textOf(value)],
  fail: [
    1,
    ([value = null]) => {
      throw new Raised("Failure", textOf(value))
    },
  ],
  print: [
    2,
    ([value = null, result = null], world) => {
      world.print(`${textOf(value)}\n`)
      return result
    },
  ],
  random: [
    1,
    ([most = null], world) => BigInt(Math.floor(world.random() * Number(integer(most, "random's limit")))),
  ],
  now: [0, (_, world) => BigInt(world.now())],
}

/** Calls a function of the program; undefined where it has none of this name. */
export const run = (
  program: Node,
  entry: string,
  parameters: ReadonlyArray<GuestValue>,
  world: World,
): GuestValue | undefined => {
  const definitions = new Map(program.parts.map((definition) => [definition.text, definition]))

  /** The body of a definition, and its parameters as a scope. */
  const entered = (definition: Node, values: ReadonlyArray<GuestValue>): readonly [Node, Scope | null] => {
    const names = definition.parts.slice(0, -1)
    if (names.length !== values.length) {
      throw new Raised(
        "TypeError",
        `${definition.text} takes ${names.length} parameters, not ${values.length}`,
      )
    }
    let scope: Scope | null = null
    for (const [index, { text }] of names.entries()) {
      scope = { name: text, value: values[index] as GuestValue, outer: scope }
    }
    return [definition.parts.at(-1) as Node, scope]
  }

  const lookUp = (name: string, scope: Scope | null): GuestValue => {
    for (let at = scope; at !== null; at = at.outer) if (at.name === name) return at.value
    throw new Raised("NameError", `${name} is not defined`)
  }

  const evaluate = (given: Node, within: Scope | null): GuestValue => {
    let [node, scope] = [given, within]
    for (;;) {
      const [first, second, third] = node.parts as readonly [Node, Node, Node]
      switch (node.kind) {
        case "Number":
          return BigInt(node.text)
        case "String":
          return node.text
        case "Boolean":
          return node.text === "true"
        case "List":
          return node.parts.map((part) => evaluate(part, scope))
        case "Name":
          return lookUp(node.text, scope)
        case "Index":
          return indexed(evaluate(first, scope), evaluate(second, scope))
        case "Unary": {
          const value = evaluate(first, scope)
          return node.text === "not" ? !truth(value) : -integer(value, "what is negated")
        }
        case "Operator": {
          const left = evaluate(first, scope)
          if (node.text === "and") return truth(left) && truth(evaluate(second, scope))
          if (node.text === "or") return truth(left) || truth(evaluate(second, scope))
          return operate(node.text, left, evaluate(second, scope))
        }
        case "If":
          node = truth(evaluate(first, scope)) ? second : third
          continue
        case "Let":
          scope = { name: node.text, value: evaluate(first, scope), outer: scope }
          node = second
          continue
        default: {
          const values = node.parts.map((part) => evaluate(part, scope))
          const definition = definitions.get(node.text)
          if (definition !== undefined) {
            ;[node, scope] = entered(definition, values)
            continue
          }
          const builtIn = Object.hasOwn(builtIns, node.text) ? builtIns[node.text] : undefined
          if (builtIn === undefined) throw new Raised("NameError", `${node.text} is not defined`)
          const [count, compute] = builtIn
          if (count !== values.length) {
            throw new Raised("TypeError", `${node.text} takes ${count} parameters, not ${values.length}`)
          }
          return compute(values, world)
        }
      }
    }
  }

  const definition = definitions.get(entry)
  return definition === undefined ? undefined : evaluate(...entered(definition, parameters))
}
