/** Removing from a server what nothing needs any more: whatever comes of it, the run goes on. */
import { Effect } from "effect"
import { TinkerError } from "./TinkerError.ts"

const LONGEST = "10 seconds"

/** Tells whether a removal is settled: done, or refused. Of those that fail the first is a warning. */
export type Remove = (removal: Effect.Effect<void, TinkerError>) => Effect.Effect<boolean>

export const makeRemove = (address: string): Remove => {
  let warned = false
  const late = new TinkerError({
    kind: "timeout",
    route: "training_runs",
    message: `${address} did not remove them within ${LONGEST}`,
  })
  const warn = ({ message }: TinkerError) =>
    Effect.suspend(() => {
      if (warned) return Effect.void
      warned = true
      return Effect.logWarning(`weights that nothing needs any more stay on the server: ${message}`)
    })
  return (removal) =>
    removal.pipe(
      Effect.timeoutOrElse({ duration: LONGEST, orElse: () => Effect.fail(late) }),
      // Gone already.
      Effect.catchIf(
        ({ kind }) => kind === "lost",
        () => Effect.void,
      ),
      Effect.as(true),
      Effect.catch((error) => Effect.as(warn(error), error.kind === "refused" || error.kind === "notTinker")),
    )
}
