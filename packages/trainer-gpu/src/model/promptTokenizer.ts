/** The tokenizer of a vocabulary of pieces, for prompts of messages. */
import { PolicyEngine } from "@azr/core"
import { Effect } from "effect"
import type { Vocabulary } from "./ModelConfig.ts"
import { PieceTokenizer } from "./PieceTokenizer.ts"

/** A prompt is the text of its messages, one after the other: these models know no roles. */
export const promptTokenizer = (
  vocabulary: Vocabulary,
): PolicyEngine.Tokenizer & { readonly stopTokens: ReadonlyArray<number> } => {
  const tokenizer = new PieceTokenizer(vocabulary)
  return {
    encodePrompt: (prompt) => {
      const text = prompt.map((message) => message.content).join("\n")
      const encoding = tokenizer.encode(text)
      if (encoding._tag === "tokens") return Effect.succeed(encoding.tokens)
      const excerpt = JSON.stringify(text.slice(encoding.position, encoding.position + 20))
      const message = `no token of the vocabulary begins at character ${encoding.position}: ${excerpt}`
      return Effect.fail(new PolicyEngine.PolicyError({ operation: "encodePrompt", message }))
    },
    decode: (tokens) => tokenizer.decode(tokens),
    stopTokens: vocabulary.stops,
  }
}
