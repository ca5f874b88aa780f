/** `azr.config.ts`: loaded as a module (Node strips its types), its settings over their preset, its names from its folder. */
import path from "node:path"
import { RunConfig } from "@azr/core"
import { Effect, FileSystem } from "effect"
import { absoluteName } from "./environmentNames.ts"
import { absoluteReference } from "./environments.ts"
import { UsageError, unreadable } from "./exitCodes.ts"
import { importModule, moduleFile } from "./userModule.ts"

export const readConfigFile = Effect.fn("readConfigFile")(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.readFileString(file).pipe(Effect.mapError(unreadable(file)))
  const unusable = (reason: string) => new UsageError({ message: `${file} ${reason}` })
  const content: unknown = yield* file.endsWith(".json")
    ? Effect.try({ try: (): unknown => JSON.parse(text), catch: () => unusable("is not JSON") })
    : Effect.tryPromise({
        try: async () => (await importModule(moduleFile(file), { oneCopy: false })).exports["default"],
        catch: (error) =>
          unusable(`cannot be loaded: ${error instanceof Error ? error.message : String(error)}`),
      })
  if (content === undefined)
    return yield* unusable("has no default export; write export default defineConfig({ … })")
  const config = yield* Effect.mapError(
    Effect.fromResult(RunConfig.resolve(content)),
    (error) => new RunConfig.ConfigError({ message: `${file}: ${error.message}` }),
  )
  return withNamesFrom(config, path.dirname(path.resolve(file)))
})

/**
 * Names of environments and plugins become those that mean the same from anywhere, and so do models and tokenizers that begin with
 * `./` or `../`: the run can be continued in any folder.
 */
export const withNamesFrom = (config: RunConfig.RunConfig, folder: string): RunConfig.RunConfig => {
  const fromFolder = (name: string) => (/^\.\.?\//.test(name) ? path.resolve(folder, name) : name)
  const absolute = (reference: RunConfig.EnvironmentReference): RunConfig.EnvironmentReference =>
    typeof reference === "string"
      ? absoluteReference(reference, folder)
      : [absoluteReference(reference[0], folder), reference[1]]
  const [first, ...others] = config.environments
  return {
    ...config,
    environments: [absolute(first), ...others.map(absolute)],
    plugins: config.plugins.map((name) => absoluteName(name, folder)),
    policy: {
      ...config.policy,
      model: fromFolder(config.policy.model),
      tokenizer: config.policy.tokenizer === null ? null : fromFolder(config.policy.tokenizer),
    },
    seedFile: config.seedFile && { ...config.seedFile, path: path.resolve(folder, config.seedFile.path) },
  }
}
