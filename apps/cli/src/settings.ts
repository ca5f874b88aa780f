/** Flags that choose a configuration, shared by the commands that need one. */
import { RunConfig } from "@azr/core"
import { Effect, Option } from "effect"
import { Flag } from "effect/cli"

export const settingFlags = {
  preset: Flag.Literals("preset", Object.keys(RunConfig.presets)).pipe(
    Flag.withDescription("Configuration to start from"),
    Flag.withDefault("nano"),
  ),
  steps: Flag.Int("steps").pipe(Flag.withDescription("Training steps"), Flag.optional),
  seed: Flag.Int("seed").pipe(Flag.withDescription("Seed of every random stream"), Flag.optional),
  backend: Flag.String("backend").pipe(Flag.withDescription("Policy engine, e.g. wasm"), Flag.optional),
  set: Flag.String("set").pipe(
    Flag.withDescription("Any setting, e.g. --set estimate.samples=4; may be repeated"),
    Flag.withMetavar("key=value"),
    Flag.atLeast(0),
  ),
}

export interface SettingFlags {
  readonly preset: string
  readonly steps: Option.Option<number>
  readonly seed: Option.Option<number>
  readonly backend: Option.Option<string>
  readonly set: ReadonlyArray<string>
}

/** The preset with the flags and settings applied, checked. */
export const resolveConfig = (flags: SettingFlags) => {
  const named = (key: string, value: Option.Option<string | number>) =>
    Option.match(value, { onNone: () => [], onSome: (given) => [`${key}=${given}`] })
  return Effect.fromResult(
    RunConfig.withSettings(RunConfig.presets[flags.preset] ?? RunConfig.nano, [
      ...named("steps", flags.steps),
      ...named("seed", flags.seed),
      ...named("policy.backend", flags.backend),
      ...flags.set,
    ]),
  )
}
