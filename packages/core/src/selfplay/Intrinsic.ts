/** What intrinsic rewards look at: measures of the estimated tasks that need no solver. */
import { Effect } from "effect"
import { type ExecutorUnavailable, faults } from "../Executor.ts"
import { ConfigError } from "../RunConfig.ts"
import type { LoopState } from "./State.ts"
import { timed } from "./Stopwatch.ts"
import type { Validated } from "./Validate.ts"

export type Measures = Readonly<Record<string, number>>

/**
 * The measures that `reward.propose.intrinsic` names, by task id; null where the infrastructure lost one. Empty where no
 * intrinsic reward is set.
 */
export const measure = Effect.fn("Intrinsic.measure")(function* (
  state: LoopState,
  validated: ReadonlyArray<Validated>,
): Effect.fn.Return<ReadonlyMap<number, Measures | null>, ConfigError | ExecutorUnavailable> {
  const { intrinsic } = state.config.reward.propose
  if (intrinsic === null) return new Map()
  const names = Object.keys(intrinsic.terms)
  const accepted = validated.flatMap(({ proposal, record, task }) =>
    record === null ? [] : [{ proposal, id: record.id, task }],
  )
  const measured = yield* timed(
    "execute",
    Effect.forEach(
      accepted,
      Effect.fnUntraced(function* ({ id, proposal: { references, track }, task }) {
        const distance = names.includes("distance") ? yield* meanDistance(track, task, references) : 0
        if (distance === null) return [id, null] as const
        const measures = {
          ...track.kind.measureTask(task),
          distance,
          novelty: state.novelty(track, task),
        }
        const missing = names.find((name) => !Object.hasOwn(measures, name))
        if (missing !== undefined) {
          return yield* new ConfigError({
            message: `reward.propose.intrinsic: ${track.key} has no measure ${missing}; there are: ${Object.keys(measures).join(", ")}`,
          })
        }
        return [id, measures] as const
      }),
      { concurrency: "unbounded" },
    ),
  )
  return new Map(measured)
})

/** Mean distance to the references; 1, as far as can be, from none. */
const meanDistance = (
  { kind }: Validated["proposal"]["track"],
  task: unknown,
  references: ReadonlyArray<unknown>,
): Effect.Effect<number | null, ExecutorUnavailable> =>
  references.length === 0
    ? Effect.succeed(1)
    : Effect.forEach(references, (reference) => kind.distance(task, reference), {
        concurrency: "unbounded",
      }).pipe(
        Effect.map((distances) => distances.reduce((sum, value) => sum + value, 0) / distances.length),
        Effect.catchTag(faults, () => Effect.succeed(null)),
      )
