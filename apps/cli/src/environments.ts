/** The environments this command knows, by id. */
import { Environment, RunConfig } from "@azr/core"
import type { LanguageEnvironment } from "@azr/core/language"
import python, { pythonNano, pythonNanoDirect, pythonNanoThink } from "@azr/env-python-wasm"
import javascript from "@azr/env-js"
import { Effect } from "effect"
import { UsageError } from "./exitCodes.ts"

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

/** The environments of a configuration, running until the scope closes. */
export const openEnvironments = ({ environments }: RunConfig.RunConfig) =>
  Effect.forEach(environments, (id) => Effect.flatMap(findEnvironment(id), Environment.open))
