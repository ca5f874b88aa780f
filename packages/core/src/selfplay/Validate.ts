/**
 * Stage 2: the executor validates. Every draft is run, as soon as it is there; valid tasks are then admitted in order of
 * proposal: not held out, not too long to be asked, not known, not too many of one family. What passes enters the buffer.
 */
import { Effect, Result } from "effect"
import { type ExecutorUnavailable, faults } from "../Executor.ts"
import { PolicyEngine } from "../PolicyEngine.ts"
import { misfit } from "../PolicyRequest.ts"
import type { ProposalStatus } from "../RunEvent.ts"
import type { TaskRecord } from "../TaskBuffer.ts"
import type { Proposal } from "./Propose.ts"
import type { LoopState, Track } from "./State.ts"
import { timed } from "./Stopwatch.ts"

export interface Validated {
  readonly proposal: Proposal
  readonly status: ProposalStatus
  /** Short code and message of a refusal; empty for accepted ones. */
  readonly reason: string
  readonly message: string
  readonly task: unknown
  /** The buffered task of an accepted proposal. */
  readonly record: TaskRecord | null
}

/**
 * What the held-out suites of each environment reveal. The second of two locks: kinds also decide by `split`. It is one
 * set for all kinds, since a task of one kind can be a reference or an example of another.
 */
export type HeldOut = ReadonlyMap<string, ReadonlySet<string>>

export const heldOutOf = (tracks: ReadonlyArray<Track>): HeldOut =>
  new Map(
    tracks.map(({ environment: { id, kinds, suites } }) => [
      id,
      new Set(
        suites.flatMap(({ kind, tasks }) => tasks.flatMap((task) => kinds.get(kind)?.reveals(task) ?? [])),
      ),
    ]),
  )

/** Admits what passes, in order. */
export const admit = Effect.fn("Admit")(function* (
  state: LoopState,
  heldOut: HeldOut,
  candidates: ReadonlyArray<Validated>,
) {
  const engine = yield* PolicyEngine
  const families = new Map<string, number>()
  const next = Effect.fnUntraced(function* (candidate: Validated) {
    if (candidate.status !== "accepted") return candidate
    const { proposal, task } = candidate
    const { track } = proposal
    const refuse = (status: ProposalStatus, reason: string): Validated => ({ ...candidate, status, reason })
    if (isHeldOut(heldOut, track, task)) return refuse("heldOut", "heldOut")
    const question = track.kind.solvePrompt(task, state.config.promptStyle)
    const prompt = yield* engine.tokenizer.encodePrompt(question)
    const { solve: maxTokens } = track.settings.maxTokens
    const message = misfit({ prompt, maxTokens }, engine.capabilities.contextLength)
    if (message !== null) return { ...refuse("invalid", "tooLong"), message }
    if (state.config.buffer.refuseDuplicates && state.isKnown(track, track.kind.identity(task))) {
      return refuse("duplicate", "duplicate")
    }
    const family = `${track.key}\n${track.kind.family(task)}`
    const siblings = families.get(family) ?? 0
    if (siblings >= (state.config.propose.familyCap ?? Infinity)) return refuse("duplicate", "familyCap")
    families.set(family, siblings + 1)
    return { ...candidate, record: state.accept(track, task, "proposed", proposal.parents) }
  })
  // One after the other: what is admitted decides what is known to those behind it.
  return yield* Effect.forEach(candidates, next)
})

/** Whether a task belongs to the held-out splits. */
export const isHeldOut = (heldOut: HeldOut, track: Track, task: unknown): boolean =>
  track.kind.split(task) !== "train" ||
  track.kind.reveals(task).some((text) => heldOut.get(track.environment.id)?.has(text) === true)

/** Runs a draft. What is valid is still to be admitted. */
export const validate = (proposal: Proposal): Effect.Effect<Validated, ExecutorUnavailable> => {
  const outcome = (status: ProposalStatus, reason: string, message: string, task: unknown): Validated => ({
    proposal,
    status,
    reason,
    message,
    task,
    record: null,
  })
  if (Result.isFailure(proposal.draft)) {
    return Effect.succeed(outcome("badFormat", "badFormat", proposal.draft.failure.message, null))
  }
  return timed("execute", proposal.track.kind.validate(proposal.draft.success)).pipe(
    Effect.map((task) => outcome("accepted", "", "", task)),
    Effect.catchTag("ProposalRejected", ({ message, reason }) =>
      Effect.succeed(outcome("invalid", reason, message, null)),
    ),
    Effect.catchTag(faults, ({ _tag, message }) =>
      Effect.succeed(outcome("infrastructure", _tag, message, null)),
    ),
  )
}
