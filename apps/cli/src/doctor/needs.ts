/** What one configuration needs: its engine with its checkpoint, its environments on its host, its names. */
import { Loop, PolicyEngine, RunConfig } from "@azr/core"
import { Effect, type FileSystem, type Path } from "effect"
import { shortName } from "../environmentNames.ts"
import { openEnvironments, readEnvironment } from "../environments.ts"
import type { Output } from "../Output.ts"
import { withEngines } from "../policies.ts"
import { type Finding, failedBy, ok } from "./finding.ts"
import { environmentCheck } from "./parts.ts"

const engine = (config: RunConfig.RunConfig) =>
  Effect.gen(function* () {
    const check = `policy ${config.policy.backend}`
    return yield* Effect.gen(function* () {
      const { capabilities } = yield* PolicyEngine.PolicyEngine
      yield* Effect.fromResult(Loop.suits(config, capabilities))
      return ok(check, capabilities.description)
    }).pipe(
      withEngines(config),
      Effect.catch((error) => Effect.succeed(failedBy(check, error))),
    )
  })

/** Kinds, suites and styles that the configuration names, and settings that contradict each other. */
const names = (config: RunConfig.RunConfig) =>
  Effect.gen(function* () {
    const environments = yield* openEnvironments(config)
    yield* Effect.fromResult(Loop.prepare({ config, environments, resume: null }))
    return ok("settings", "environments, kinds, suites and style go together")
  }).pipe(
    withEngines(config),
    Effect.catch((error) => Effect.succeed(failedBy("settings", error))),
  )

export const needsOf = (
  config: RunConfig.RunConfig,
): ReadonlyArray<Effect.Effect<Finding, never, FileSystem.FileSystem | Path.Path | Output>> => [
  engine(config),
  ...config.environments.map((name) =>
    readEnvironment(name).pipe(
      Effect.flatMap((environment) => environmentCheck(environment, config.executor.host)),
      Effect.catch((error) =>
        Effect.succeed(failedBy(`environment ${shortName(RunConfig.environmentName(name))}`, error)),
      ),
    ),
  ),
  names(config),
]
