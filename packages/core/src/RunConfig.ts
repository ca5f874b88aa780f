/**
 * Everything a run was told, resolved: presets and overrides in, one plain JSON object out, saved verbatim as
 * `config.json`. No default is hidden elsewhere.
 */
import { Result, Schema, SchemaIssue } from "effect"
import { code, fixed, nano, paper } from "./presets.ts"
import {
  type CompositeConfig,
  type EnvironmentReference,
  type KindConfig,
  RunConfig,
  configVersion,
} from "./runConfigSchema.ts"

export { EnvironmentReference, KindConfig, RunConfig } from "./runConfigSchema.ts"

/** A configuration that cannot be used; the message names the key, what was found and the nearest valid key. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  message: Schema.String,
}) {}

const decode = Schema.decodeUnknownResult(RunConfig, {
  errors: "all",
  onExcessProperty: "error",
  reportInput: true,
})

/** Reads a complete configuration, e.g. a `config.json`. Unknown keys are errors. */
export const parse = (input: unknown): Result.Result<RunConfig, ConfigError> => {
  const version =
    isRecord(input) && Object.hasOwn(input, "version") ? JSON.stringify(input["version"]) : "none"
  const other = new ConfigError({
    message: `version of the configuration: ${version}, this azr reads ${configVersion}; use the azr that wrote it`,
  })
  const isOther = version !== String(configVersion)
  // Settings of another version have other names; without any version a wrong name says more.
  if (isOther && version !== "none") return Result.fail(other)
  const unknown = unknownKey(input, nano, [])
  if (unknown !== null) return Result.fail(new ConfigError({ message: unknown }))
  if (isOther && isRecord(input)) return Result.fail(other)
  return Result.mapError(decode(input), ({ issue }) => {
    const problems = issuesOf(issue).issues.map(({ message, path = [] }) =>
      path.length === 0 ? message : `${path.join(".")}: ${message}`,
    )
    return new ConfigError({ message: problems.join("; ") })
  })
}

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * What `azr.config.ts` exports: any settings over those of `preset`, `nano` without one. What is chosen by a tag or may be null is
 * given whole (`loss`, `kl`, …); a kind of task that is null is left out of the run.
 */
export type ConfigFile = Overrides<Omit<RunConfig, "version" | "preset" | "kinds">> & {
  readonly version?: RunConfig["version"]
  readonly preset?: PresetName
  readonly kinds?: { readonly [kind: string]: Partial<KindConfig> | null }
}

type Overrides<T> = null extends T
  ? T
  : T extends ReadonlyArray<unknown> | { readonly _tag: string }
    ? T
    : T extends object
      ? { readonly [K in keyof T]?: Overrides<T[K]> }
      : T

/** Types the settings of an `azr.config.ts`. */
export const defineConfig = (config: ConfigFile): ConfigFile => config

/** Puts the settings of a configuration file over their preset. */
export const resolve = (file: unknown): Result.Result<RunConfig, ConfigError> => {
  if (!isRecord(file)) return Result.fail(new ConfigError({ message: "the configuration is no object" }))
  const name = file["preset"] ?? "nano"
  const preset = typeof name === "string" && Object.hasOwn(presets, name) ? presets[name] : undefined
  if (preset === undefined) {
    const valid = Object.keys(presets)
    const meant = nearest(String(name), valid)
    return Result.fail(
      new ConfigError({
        message: `no preset ${JSON.stringify(name)}; did you mean ${meant}? There are: ${valid.join(", ")}`,
      }),
    )
  }
  return parse(withoutNullKinds(merge(preset, file, [])))
}

/** What was put over other settings: a kind that is null is none. */
const withoutNullKinds = (settings: unknown): unknown =>
  isRecord(settings) && isRecord(settings["kinds"])
    ? {
        ...settings,
        kinds: Object.fromEntries(Object.entries(settings["kinds"]).filter(([, kind]) => kind !== null)),
      }
    : settings

const merge = (base: unknown, over: unknown, path: ReadonlyArray<string>): unknown => {
  if (!isRecord(base) || !isRecord(over) || open.has(path.join("."))) return over
  // The order of the base stays: kinds take their turns in it.
  return Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(over)])].map((key) => [
      key,
      Object.hasOwn(over, key) ? merge(base[key], over[key], [...path, key]) : base[key],
    ]),
  )
}

/**
 * Applies `--set a.b=c` texts to a configuration. A value is JSON where it reads as JSON, else a string; `null` is null, and a kind
 * that is null is left out, as in a file.
 */
export const withSettings = (
  config: RunConfig,
  settings: ReadonlyArray<string>,
): Result.Result<RunConfig, ConfigError> => {
  let changed: unknown = config
  for (const setting of settings) {
    const at = setting.indexOf("=")
    if (at < 1)
      return Result.fail(new ConfigError({ message: `expected key=value, got ${JSON.stringify(setting)}` }))
    changed = assign(changed, setting.slice(0, at).split("."), readSetting(setting.slice(at + 1)))
  }
  return parse(withoutNullKinds(changed))
}

const readSetting = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const isRecord = (input: unknown): input is Record<string, unknown> =>
  typeof input === "object" && input !== null && !Array.isArray(input)

const assign = (target: unknown, path: ReadonlyArray<string>, value: unknown): unknown => {
  const [key, ...rest] = path
  if (key === undefined) return value
  const record = isRecord(target) ? target : {}
  return { ...record, [key]: assign(record[key], rest, value) }
}

/** Keys whose content depends on a tag, or may be null: which keys are known there is for Schema to say. */
const open = new Set([
  "loss",
  "reduction",
  "kl",
  "propose.composite",
  "advantage.propose",
  "advantage.solve",
  "reward.propose.zone",
  "reward.propose.coverage",
  "reward.propose.intrinsic",
  "seedFile",
])

const unknownKey = (input: unknown, model: unknown, path: ReadonlyArray<string>): string | null => {
  const where = path.join(".")
  if (!isRecord(input) || !isRecord(model) || open.has(where)) return null
  // Kinds are named by the environment; what is in one is in each.
  const named = where === "kinds"
  for (const key of Object.keys(input)) {
    if (!named && !Object.hasOwn(model, key)) {
      const valid = Object.keys(model)
      const name = [...path, key].join(".")
      const meant = [...path, nearest(key, valid)].join(".")
      return `unknown setting ${name}; did you mean ${meant}? Valid here: ${valid.join(", ")}`
    }
    const below = unknownKey(input[key], named ? nano.kinds["deduction"] : model[key], [...path, key])
    if (below !== null) return below
  }
  return null
}

/** What a reference names, without its options. */
export const environmentName = (reference: EnvironmentReference): string =>
  typeof reference === "string" ? reference : reference[0]

/** The candidate with the smallest edit distance (Levenshtein). */
export const nearest = (word: string, candidates: ReadonlyArray<string>): string =>
  candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)[0]?.candidate ?? word

const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}

export { nano }
export type PresetName = "nano" | "paper" | "code" | "fixed"
export const presets: Readonly<Record<string, RunConfig>> = { nano, paper, code, fixed }

/** The chance that a proposal of a step is a composite one: 0 up to `from`, then linear, `chance` from `over` steps later on. */
export const compositeChance = ({ chance, from, over }: CompositeConfig, step: number): number =>
  step <= from ? 0 : chance * Math.min(1, over === 0 ? 1 : (step - from) / over)

/** The learning rate at a step, counted from 1. */
export const learningRateAt = (config: RunConfig, step: number): number => {
  const { finalShare, learningRate, warmupSteps } = config.optimizer
  const warmup = warmupSteps === 0 ? 1 : Math.min(1, step / warmupSteps)
  const decay = 1 - (1 - finalShare) * Math.min(1, (step - 1) / Math.max(1, config.steps - 1))
  return learningRate * warmup * decay
}
