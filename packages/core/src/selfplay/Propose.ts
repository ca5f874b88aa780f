/**
 * Stage 1: the policy proposes. For each kind, prompts with references from the buffers; one response each, parsed. Where
 * `propose.composite` is set, some references become functions that the proposal has to use.
 */
import { Effect, Result } from "effect"
import { FormatError } from "../Environment.ts"
import { PolicyEngine, type Prompt, type Sample } from "../PolicyEngine.ts"
import { misfit } from "../PolicyRequest.ts"
import { compositeChance } from "../RunConfig.ts"
import { type TaskRecord, draw } from "../TaskBuffer.ts"
import type { LoopState, Track } from "./State.ts"
import { sampleEach } from "./Sampling.ts"

export interface Proposal {
  readonly track: Track
  readonly prompt: Prompt
  readonly promptTokens: ReadonlyArray<number>
  /** Ids of the references in the prompt. */
  readonly parents: ReadonlyArray<number>
  /** Whether it has to use them as functions. */
  readonly composite: boolean
  /** The references themselves. */
  readonly references: ReadonlyArray<unknown>
  readonly sample: Sample
  readonly text: string
  readonly draft: Result.Result<unknown, FormatError>
}

/**
 * Samples and parses the proposals of one step for some tracks, and goes on with each. A kind that needs a given task and has
 * none proposes nothing.
 */
export const propose = Effect.fn("Propose")(function* <A, E>(
  state: LoopState,
  tracks: ReadonlyArray<Track>,
  goOn: (proposal: Proposal) => Effect.Effect<A, E>,
) {
  const engine = yield* PolicyEngine
  const { config } = state
  const plans = []
  for (const track of tracks) {
    const { kind } = track
    const references = state.streams.get(`propose/${track.key}/references`)
    const seeds = state.streams.get(`propose/${track.key}/samples`)
    const functions = functionsOf(state, track)
    for (let i = 0; i < track.settings.proposals; i++) {
      const composed = functions()
      const records =
        composed ??
        draw(
          referenceRecords(state, track),
          config.propose.mix,
          kind.references.given ? 1 : config.propose.references,
          references,
        )
      if (kind.references.given && records.length === 0) break
      const form = composed === null || kind.composite === null ? kind : kind.composite
      const composition = yield* compose(state, track, form, records)
      if (composition === null) continue
      plans.push({
        ...composition,
        track,
        form,
        seeds: [seeds.uint32()],
        maxTokens: track.settings.maxTokens.propose,
        temperature: config.propose.temperature,
      })
    }
  }
  return yield* sampleEach(plans, ([sampled], { form, messages, parents, prompt, shown, track }) => {
    const response = sampled as Sample
    const text = engine.tokenizer.decode(response.tokens)
    return goOn({
      track,
      prompt: messages,
      promptTokens: prompt,
      parents,
      composite: form !== track.kind,
      references: shown,
      sample: response,
      text,
      draft:
        response.stopReason === "length"
          ? cut(response)
          : form.parseProposal(text, shown, config.promptStyle),
    })
  })
})

/**
 * A prompt with the references, without the last ones where it would be too long with them. Where it needs all, as functions or as
 * the given program, and is too long: null.
 */
const compose = Effect.fnUntraced(function* (
  state: LoopState,
  track: Track,
  form: Pick<Track["kind"], "proposePrompt">,
  records: ReadonlyArray<TaskRecord>,
) {
  const engine = yield* PolicyEngine
  const needsAll = form !== track.kind || track.kind.references.given
  for (let count = records.length; ; count--) {
    const kept = records.slice(0, count)
    const shown = kept.map((record) => state.taskOf(record))
    const messages = form.proposePrompt(shown, state.config.promptStyle)
    const prompt = yield* engine.tokenizer.encodePrompt(messages)
    const maxTokens = track.settings.maxTokens.propose
    // Without references it is as short as can be: what is wrong then are the settings, and the engine says so.
    if (count === 0 || misfit({ prompt, maxTokens }, engine.capabilities.contextLength) === null) {
      return { shown, messages, prompt, parents: kept.map(({ id }) => id) }
    }
    if (needsAll) return null
  }
})

const referenceRecords = (state: LoopState, track: Track): ReadonlyArray<TaskRecord> =>
  state.referenceBuffers(track).flatMap((buffer) => buffer.records)

/**
 * Draws, proposal by proposal, the references that become its functions: programs of different families. Null: an ordinary
 * proposal, by chance or for want of references. All chance is from a stream of its own.
 */
const functionsOf = (state: LoopState, track: Track): (() => ReadonlyArray<TaskRecord> | null) => {
  const { composite: settings, mix } = state.config.propose
  const { composite } = track.kind
  if (settings === null || composite?.styles.includes(state.config.promptStyle) !== true) return () => null
  const chance = compositeChance(settings, state.step)
  if (chance === 0) return () => null
  const random = state.streams.get(`propose/${track.key}/composite`)
  const records = referenceRecords(state, track)
  /** Families of the eligible ones; null of the others. Found out once a record, and only as far as is needed. */
  const families = new Map<number, string | null>()
  const familyOf = (record: TaskRecord): string | null => {
    const known = families.get(record.id)
    if (known !== undefined) return known
    const task = state.taskOf(record)
    const family = composite.eligible(task) ? state.kindOf(record).family(task) : null
    families.set(record.id, family)
    return family
  }
  return () => {
    if (random.float() >= chance) return null
    const wanted = random.integer(settings.functions.least, settings.functions.most)
    const chosen = new Map<string, TaskRecord>()
    for (const record of draw(records, mix, records.length, random)) {
      const family = familyOf(record)
      if (family !== null && !chosen.has(family)) chosen.set(family, record)
      if (chosen.size === wanted) break
    }
    return chosen.size < settings.functions.least ? null : [...chosen.values()]
  }
}

/** A response without its end is not a response. */
export const cut = (sample: Sample): Result.Result<never, FormatError> =>
  Result.fail(new FormatError({ message: `cut off after ${sample.tokens.length} tokens` }))
