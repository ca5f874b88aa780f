/** The plugins of a configuration: modules of the user's, by path or package, as environments are. */
import { Plugins, type RunConfig } from "@azr/core"
import { Effect } from "effect"
import { shortName } from "./environmentNames.ts"
import { moduleOf } from "./environments.ts"
import { UsageError } from "./exitCodes.ts"
import { importModule } from "./userModule.ts"

const readPlugin = Effect.fnUntraced(function* (
  name: string,
): Effect.fn.Return<readonly [string, unknown], UsageError> {
  const reference = moduleOf(name)
  if (reference instanceof UsageError) return yield* reference
  const module = yield* Effect.tryPromise({
    try: () => importModule(reference, { oneCopy: true }),
    catch: (error) =>
      new UsageError({
        message: `plugins: ${shortName(name)} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      }),
  })
  return [shortName(name), module.exports["default"]]
})

export const readPlugins = Effect.fnUntraced(function* ({ plugins }: RunConfig.RunConfig) {
  return yield* Effect.fromResult(Plugins.combine(yield* Effect.forEach(plugins, readPlugin)))
})
