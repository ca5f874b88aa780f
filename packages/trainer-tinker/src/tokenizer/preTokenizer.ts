/**
 * Two pre-tokenizers that `@huggingface/tokenizers` 0.2 splits otherwise than the reference implementation does: digits outside
 * ASCII, and byte order marks and next-line characters beside spaces. As patterns they are right: those it translates.
 */
import { Schema } from "effect"

const Digits = Schema.Struct({ type: Schema.Literal("Digits"), individual_digits: Schema.Boolean })
const ByteLevel = Schema.Struct({
  type: Schema.Literal("ByteLevel"),
  add_prefix_space: Schema.Literal(false),
  use_regex: Schema.optionalKey(Schema.Literal(true)),
})
const Sequence = Schema.Struct({
  type: Schema.Literal("Sequence"),
  pretokenizers: Schema.Array(Schema.Unknown),
})

const isDigits = Schema.is(Digits)
const isByteLevel = Schema.is(ByteLevel)
const isSequence = Schema.is(Sequence)

/** How GPT-2 splits text. */
const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

const split = (pattern: string) => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Isolated",
  invert: false,
})

/** The same pre-tokenizer, as it is meant. */
export const exactPreTokenizer = (given: unknown): unknown => {
  if (isSequence(given)) return { ...given, pretokenizers: given.pretokenizers.map(exactPreTokenizer) }
  if (isDigits(given)) return split(given.individual_digits ? String.raw`\p{N}` : String.raw`\p{N}+`)
  if (isByteLevel(given)) {
    return { type: "Sequence", pretokenizers: [split(gpt2), { ...given, use_regex: false }] }
  }
  return given
}
