/** Stage 1: the policy proposes. For each kind, prompts with references from the buffers; one response each, parsed. */
import { Effect, Result } from "effect"
import { FormatError } from "../Environment.ts"
import { PolicyEngine, type Prompt, type Sample } from "../PolicyEngine.ts"
import { draw } from "../TaskBuffer.ts"
import type { LoopState, Track } from "./State.ts"
import { sample } from "./Sampling.ts"

export interface Proposal {
  readonly track: Track
  readonly prompt: Prompt
  readonly promptTokens: ReadonlyArray<number>
  /** Ids of the references in the prompt. */
  readonly parents: ReadonlyArray<number>
  /** The references themselves. */
  readonly references: ReadonlyArray<unknown>
  readonly sample: Sample
  readonly text: string
  readonly draft: Result.Result<unknown, FormatError>
}

/** Samples and parses the proposals of one step for some tracks. A kind that needs a given task and has none proposes nothing. */
export const propose = Effect.fn("Propose")(function* (state: LoopState, tracks: ReadonlyArray<Track>) {
  const engine = yield* PolicyEngine
  const { config } = state
  const plans = []
  for (const track of tracks) {
    const { kind } = track
    const references = state.streams.get(`propose/${track.key}/references`)
    const seeds = state.streams.get(`propose/${track.key}/samples`)
    for (let i = 0; i < track.settings.proposals; i++) {
      const records = draw(
        state.referenceBuffers(track).flatMap((buffer) => buffer.records),
        config.propose.mix,
        kind.references.given ? 1 : config.propose.references,
        references,
      )
      if (kind.references.given && records.length === 0) break
      const shown = records.map((record) => state.taskOf(record))
      const prompt = kind.proposePrompt(shown, config.promptStyle)
      const promptTokens = yield* engine.tokenizer.encodePrompt(prompt)
      plans.push({
        track,
        shown,
        prompt,
        promptTokens,
        parents: records.map(({ id }) => id),
        seed: seeds.uint32(),
      })
    }
  }
  const samples = yield* sample(
    plans.map(({ promptTokens, seed, track }) => ({
      prompt: promptTokens,
      seeds: [seed],
      maxTokens: track.settings.maxTokens.propose,
      temperature: config.propose.temperature,
    })),
  )
  return plans.map(({ parents, prompt, promptTokens, shown, track }, index): Proposal => {
    const response = samples[index]?.[0] as Sample
    const text = engine.tokenizer.decode(response.tokens)
    return {
      track,
      prompt,
      promptTokens,
      parents,
      references: shown,
      sample: response,
      text,
      draft:
        response.stopReason === "length"
          ? cut(response)
          : track.kind.parseProposal(text, shown, config.promptStyle),
    }
  })
})

/** A response without its end is not a response. */
export const cut = (sample: Sample): Result.Result<never, FormatError> =>
  Result.fail(new FormatError({ message: `cut off after ${sample.tokens.length} tokens` }))
