/** The environments this command knows, by id, and those in modules of the user's. */
import { Environment, type Executor, RunConfig } from "@azr/core"
import type { LanguageEnvironment } from "@azr/core/language"
import python, { pythonNano, pythonNanoDirect, pythonNanoThink } from "@azr/env-python-wasm"
import javascript from "@azr/env-js"
import { Effect } from "effect"
import { UsageError } from "./exitCodes.ts"
import { readSeedFile, seededBy } from "./seedFile.ts"
import { importUserModule } from "./userModule.ts"

export const environments: ReadonlyArray<LanguageEnvironment> = [
  python,
  pythonNano,
  pythonNanoThink,
  pythonNanoDirect,
  javascript,
]

export const environmentIds: ReadonlyArray<string> = environments.map(({ id }) => id)

export const findEnvironment = (id: string) => {
  const found = environments.find((environment) => environment.id === id)
  return found === undefined
    ? Effect.fail(
        new UsageError({
          message: `no environment ${id}; did you mean ${RunConfig.nearest(id, environmentIds)}? Known: ${environmentIds.join(", ")}`,
        }),
      )
    : Effect.succeed(found)
}

/** Whatever services its kinds need, its own layer provides; for languages that is an executor. */
export type AnyEnvironment = Environment.Environment<Executor.Executor>

const isEnvironment = (value: unknown): value is AnyEnvironment =>
  typeof value === "object" && value !== null && "id" in value && "kinds" in value && "layer" in value

/** An environment by its id, or the default export of a module file. */
export const readEnvironment = Effect.fnUntraced(function* (
  name: string,
): Effect.fn.Return<AnyEnvironment, UsageError> {
  if (!/\.[cm]?[jt]s$/.test(name)) return yield* findEnvironment(name)
  const unusable = (reason: string) => new UsageError({ message: `${name} ${reason}` })
  const found: unknown = yield* Effect.tryPromise({
    try: () => importUserModule(name),
    catch: (error) => unusable(`cannot be loaded: ${error instanceof Error ? error.message : String(error)}`),
  })
  if (!isEnvironment(found)) return yield* unusable("has no environment for its default export")
  return found
})

/** The environments of a configuration, running until the scope closes, with the seeds that it names. */
export const openEnvironments = Effect.fnUntraced(function* ({
  environments,
  seedFile,
}: RunConfig.RunConfig) {
  const seeds = seedFile === null ? null : yield* readSeedFile(seedFile)
  return yield* Effect.forEach(
    environments,
    Effect.fnUntraced(function* (name) {
      const environment = yield* readEnvironment(name)
      const open = yield* Environment.open(environment)
      if (seeds === null) return open
      if (!("language" in environment)) {
        return yield* new UsageError({
          message: `seedFile: ${name} is no language, its tasks are no programs`,
        })
      }
      return seededBy(seeds, open)
    }),
  )
})
