/** What the tasks are about: arithmetic expressions such as `3 + 4 * 5`, read and computed exactly. Replace it by your subject. */
import type { RandomStreams } from "@azr/core"

export const operators = ["+", "-", "*"] as const
export type Operator = (typeof operators)[number]

/** One number more than operators. */
export interface Expression {
  readonly numbers: ReadonlyArray<number>
  readonly operators: ReadonlyArray<Operator>
}

/** Numbers in an expression: few enough that results stay exact. */
export const mostNumbers = 5

export const textOf = ({ numbers, operators }: Expression): string =>
  numbers.map((number, index) => (index === 0 ? `${number}` : ` ${operators[index - 1]} ${number}`)).join("")

/** Null for what is no expression. Any text may come in. */
export const parseExpression = (text: string): Expression | null => {
  const parts = text.trim().split(/\s*([-+*])\s*/u)
  const numbers = parts.filter((_, index) => index % 2 === 0)
  if (numbers.length < 2 || numbers.length > mostNumbers) return null
  if (!numbers.every((number) => /^\d{1,3}$/u.test(number))) return null
  return {
    numbers: numbers.map(Number),
    operators: parts.filter((_, index) => index % 2 === 1) as Array<Operator>,
  }
}

/** Products first, then sums from the left. */
export const resultOf = ({ numbers, operators }: Expression): number => {
  let sum = 0
  let product = numbers[0] ?? 0
  for (const [index, operator] of operators.entries()) {
    const number = numbers[index + 1] ?? 0
    if (operator === "*") {
      product *= number
      continue
    }
    sum += product
    product = operator === "-" ? -number : number
  }
  return sum + product
}

/** All chance comes from `random`, so that a run can be repeated. */
export const randomExpression = (largest: number, random: RandomStreams.RandomStream): Expression => {
  const count = random.integer(2, mostNumbers)
  return {
    numbers: Array.from({ length: count }, () => random.integer(0, largest)),
    operators: Array.from({ length: count - 1 }, () => random.pick(operators)),
  }
}
