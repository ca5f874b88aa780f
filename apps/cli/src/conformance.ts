/** Checks an environment against the clauses of its contract, one after another. */
import type { Environment, Executor } from "@azr/core"
import { type EnvironmentClause, Subject, environmentClauses } from "@azr/core/conformance"
import { wasmtimeStatus } from "@azr/wasm-host"
import { Effect } from "effect"
import { UsageError } from "./exitCodes.ts"

export interface ClauseReport {
  readonly id: string
  readonly title: string
  /** `fault`: the executor failed, which says nothing about the clause. */
  readonly status: "holds" | "broken" | "skipped" | "fault"
  /** What was found, why it was skipped, or how the executor failed. */
  readonly message: string
  /** The call that shows it, in one line; empty where there is none. */
  readonly reproduce: string
}

/** The clauses that a word chooses: the one of this id, else those whose titles hold it; all without a word. */
export const chooseClauses = <R>(
  environment: Environment.Environment<R>,
  filter: string,
): Effect.Effect<ReadonlyArray<EnvironmentClause>, UsageError> => {
  const all = environmentClauses(environment)
  const wanted = filter.trim().toLowerCase()
  const named = all.filter(({ id }) => id.toLowerCase() === wanted)
  const chosen = named.length > 0 ? named : all.filter(({ title }) => title.toLowerCase().includes(wanted))
  return chosen.length > 0
    ? Effect.succeed(chosen)
    : Effect.fail(
        new UsageError({
          message: `--filter ${filter}: no clause has this id or text; there are ${all.map(({ id }) => id).join(" ")}`,
        }),
      )
}

/** Ways to run the executor that are compared: every host that works here, else one and two workers of the only one. */
const comparedHosts = (): ReadonlyArray<Executor.ExecutorSettings> => [
  { host: "v8", workers: 1 },
  { host: wasmtimeStatus().available ? "wasmtime" : "v8", workers: 2 },
]

/** Checks clauses and tells of each as soon as it is known. */
export const checkClauses = <R>(
  environment: Environment.Environment<R>,
  clauses: ReadonlyArray<EnvironmentClause>,
  host: Executor.ExecutorSettings["host"],
  tell: (report: ClauseReport) => Effect.Effect<void>,
): Effect.Effect<ReadonlyArray<ClauseReport>, Executor.ExecutorError> =>
  Effect.forEach(clauses, (clause) => Effect.tap(reportOf(clause), tell)).pipe(
    Effect.provide(Subject.layer(environment, { executor: { host, workers: null }, hosts: comparedHosts() })),
  )

const reportOf = ({ check, id, title }: EnvironmentClause): Effect.Effect<ClauseReport, never, Subject> => {
  const report = (status: ClauseReport["status"], message: string, reproduce = ""): ClauseReport => ({
    id,
    title,
    status,
    message,
    reproduce,
  })
  return Effect.match(check, {
    onSuccess: () => report("holds", ""),
    onFailure: (error) => {
      switch (error._tag) {
        case "ClauseBroken":
          return report("broken", error.message, error.reproduce)
        case "ClauseSkipped":
          return report("skipped", error.message)
        default:
          return report("fault", error.message)
      }
    },
  })
}
