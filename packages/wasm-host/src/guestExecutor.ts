/**
 * The executor of a guest that runs something other than programs: requests in JSON of its own, answers as `guestAnswer.ts` reads them.
 *
 * Covers: a clean instance for every request; limits on fuel, memory, stack and output. Does not cover: a memory of answers.
 */
import { Executor } from "@azr/core"
import { Effect, Result, Schema } from "effect"
import { loadComponent } from "./artifacts.ts"
import { ExecutorHost } from "./ExecutorHost.ts"
import { entropy, type GuestFault, readAnswer } from "./guestAnswer.ts"

export interface Guest<Answer> {
  /** Names the executor in errors. */
  readonly id: string
  /** Folder of the committed component, of one image `a`, with `digests.json`. Ends with a slash. */
  readonly artifacts: URL
  /** What the guest answers. Another answer is a fault, `unreadable`. */
  readonly answer: Schema.Codec<Answer, unknown>
  /** Fuel of a request. */
  readonly fuel: number
}

export interface GuestExecutor<Answer> {
  /**
   * `{op, …fields}` as the guest's protocol has it; `entropy` and `outputBytes` are added. Under `perturbed` conditions whatever the
   * guest has of a clock and of chance is another.
   */
  readonly ask: (
    request: Readonly<Record<string, unknown>>,
    conditions: Executor.Conditions,
  ) => Effect.Effect<Result.Result<Answer, GuestFault>, Executor.ExecutorError>
}

/** On the host that `ExecutorSettings` names. Workers stop when the scope closes. */
export const guestExecutor = Effect.fn("guestExecutor")(function* <Answer>(guest: Guest<Answer>) {
  const { artifacts, fuel, id } = guest
  const host = yield* ExecutorHost
  const { workers } = yield* Executor.ExecutorSettings
  const pool = yield* host.open(yield* loadComponent({ id, artifacts, images: ["a"], warmUp: [] }), {
    workers,
  })
  const { outputBytes } = Executor.defaultLimits
  const decode = Schema.decodeUnknownResult(guest.answer)
  const unreadable = (): GuestFault => ({ kind: "unreadable", message: "no such answer is known" })
  return {
    ask: (request, conditions) =>
      Effect.map(
        pool.run({
          image: "a",
          fuel,
          request: JSON.stringify({ ...request, entropy: entropy[conditions], outputBytes }),
        }),
        (result) => Result.flatMap(readAnswer(result), (json) => Result.mapError(decode(json), unreadable)),
      ),
  } satisfies GuestExecutor<Answer>
})
