/** Calls into the environment under test: what they throw breaks a clause, with a line that shows it again. */
import { Effect } from "effect"
import { ClauseBroken } from "../ClauseBroken.ts"

/** Longest argument of a line to reproduce, in characters. */
const longest = 4000

/** An exception in one line, without its stack. */
export const thrown = (error: unknown): string =>
  `threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`

/** A value as one line of JSON; big integers as JavaScript writes them. */
export const show = (value: unknown): string => {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part))
  return text === undefined ? "undefined" : text.length <= longest ? text : `${text.slice(0, longest)}…`
}

/** A call as a line, e.g. `result.parseAnswer("7", "full")`. */
export const line = (operation: string, ...values: ReadonlyArray<unknown>): string =>
  `${operation}(${values.map(show).join(", ")})`

export const guard = <A>(reproduce: () => string, run: () => A): Effect.Effect<A, ClauseBroken> =>
  Effect.try({
    try: run,
    catch: (error) => new ClauseBroken({ message: thrown(error), reproduce: reproduce() }),
  })

export const guardEffect = <A, E, R>(
  reproduce: () => string,
  run: () => Effect.Effect<A, E, R>,
): Effect.Effect<A, E | ClauseBroken, R> =>
  Effect.suspend(run).pipe(
    Effect.catchDefect((defect) =>
      Effect.fail(new ClauseBroken({ message: thrown(defect), reproduce: reproduce() })),
    ),
  )
