/** What chooses a configuration, shared by the commands that need one: a file or a preset, then flags, then settings. */
import { RunConfig } from "@azr/core"
import { Effect, Option } from "effect"
import { Argument, Flag } from "effect/cli"
import { readConfigFile, withNamesFrom } from "./configFile.ts"
import { UsageError } from "./exitCodes.ts"
import { withSeedDigest } from "./seedFile.ts"

export const configArgument = Argument.String("config").pipe(
  Argument.withDescription("Configuration file, e.g. azr.config.ts with export default defineConfig({ … })"),
  Argument.optional,
)

const presetNames = Object.keys(RunConfig.presets)

export const settingFlags = {
  config: configArgument,
  preset: Flag.Literals("preset", presetNames).pipe(
    Flag.withDescription("Configuration to start from, where there is no file (default nano)"),
    Flag.optional,
  ),
  steps: Flag.Int("steps").pipe(Flag.withDescription("Training steps"), Flag.optional),
  seed: Flag.Int("seed").pipe(Flag.withDescription("Seed of every random stream"), Flag.optional),
  backend: Flag.String("backend").pipe(Flag.withDescription("Policy engine, e.g. wasm"), Flag.optional),
  env: Flag.String("env").pipe(
    Flag.withDescription(
      "Environment: an id, ./module.ts, ./folder or the name of a package; may be repeated",
    ),
    Flag.atLeast(0),
  ),
  seeds: Flag.String("seeds").pipe(
    Flag.withDescription(
      "Tasks to begin with, a file as azr seed --out writes it, in place of the environments' own; kinds.*.seeds says how many of each kind",
    ),
    Flag.withMetavar("file"),
    Flag.optional,
  ),
  set: Flag.String("set").pipe(
    Flag.withDescription("Any setting, e.g. --set estimate.samples=4; may be repeated"),
    Flag.withMetavar("key=value"),
    Flag.atLeast(0),
  ),
}

export interface SettingFlags {
  readonly config: Option.Option<string>
  readonly preset: Option.Option<string>
  readonly steps: Option.Option<number>
  readonly seed: Option.Option<number>
  readonly backend: Option.Option<string>
  readonly env: ReadonlyArray<string>
  readonly seeds: Option.Option<string>
  readonly set: ReadonlyArray<string>
}

/** The file or preset with the flags and settings applied, checked. */
export const resolveConfig = Effect.fnUntraced(function* (flags: SettingFlags) {
  if (Option.isSome(flags.config) && Option.isSome(flags.preset)) {
    return yield* new UsageError({
      message: `--preset ${flags.preset.value} beside ${flags.config.value}: name the preset in the file, preset: "${flags.preset.value}"`,
    })
  }
  const base = Option.isSome(flags.config)
    ? yield* readConfigFile(flags.config.value)
    : yield* Effect.fromResult(RunConfig.resolve({ preset: Option.getOrElse(flags.preset, () => "nano") }))
  const named = (key: string, value: Option.Option<string | number>) =>
    Option.match(value, { onNone: () => [], onSome: (given) => [`${key}=${given}`] })
  const config = yield* Effect.fromResult(
    RunConfig.withSettings(base, [
      ...named("steps", flags.steps),
      ...named("seed", flags.seed),
      ...named("policy.backend", flags.backend),
      ...(flags.env.length === 0 ? [] : [`environments=${JSON.stringify(flags.env)}`]),
      ...Option.match(flags.seeds, {
        onNone: () => [],
        onSome: (path) => [`seedFile=${JSON.stringify({ path })}`],
      }),
      ...flags.set,
    ]),
  )
  return yield* withSeedDigest(withNamesFrom(config, process.cwd()))
})
