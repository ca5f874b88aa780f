/** Arithmetic of literals: on numbers alone or on bigints alone, bounded. */

/** The text is an expression, but not one that only builds data. */
export class NotData {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

const MAX_BIGINT_BITS = 4096n

export const unary = (operator: string, value: unknown): unknown => {
  if (typeof value === "number") {
    if (operator === "-") return -value
    if (operator === "+") return value
    if (operator === "~") return ~value
  }
  if (typeof value === "bigint" && operator === "-") return -value
  throw new NotData(`${operator} on a ${typeof value}`)
}

export const binary = (operator: string, left: unknown, right: unknown): unknown => {
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

const INTEGER = /^-?\d{1,1200}$/

export const toBigInt = (value: unknown): bigint => {
  if (typeof value === "bigint") return value
  if (typeof value === "number" && Number.isInteger(value)) return bounded(BigInt(value))
  if (typeof value === "string" && INTEGER.test(value)) return bounded(BigInt(value))
  throw new NotData("BigInt of something that is no integer")
}
