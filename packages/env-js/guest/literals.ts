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
import { build } from "./data.ts"
import { encode } from "./encode.ts"
import { NotData } from "./numbers.ts"
import { type Node, parseModule, ProgramError } from "./parser.ts"

const DEFAULT_BYTES = 65_536

interface LiteralRequest {
  readonly text: string
  readonly as: "arguments" | "value"
  readonly outputBytes?: number
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
