/**
 * Everything a run was told, resolved: presets and overrides in, one plain JSON object out, saved verbatim as
 * `config.json`. No default is hidden elsewhere.
 */
import { Result, Schema } from "effect"
import { code, fixed, nano, paper } from "./presets.ts"
import { RunConfig } from "./runConfigSchema.ts"

export { KindConfig, RunConfig } from "./runConfigSchema.ts"

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
  const unknown = unknownKey(input, nano, [])
  if (unknown !== null) return Result.fail(new ConfigError({ message: unknown }))
  return Result.mapError(decode(input), (error) => new ConfigError({ message: error.message }))
}

/**
 * Applies `--set a.b=c` texts to a configuration. A value is JSON where it reads as JSON, else a string; `null` is null.
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
  return parse(changed)
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
  "advantage.propose",
  "advantage.solve",
  "reward.propose.zone",
  "reward.propose.coverage",
  "reward.propose.intrinsic",
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
export const presets: Readonly<Record<string, RunConfig>> = { nano, paper, code, fixed }

/** The learning rate at a step, counted from 1. */
export const learningRateAt = (config: RunConfig, step: number): number => {
  const { finalShare, learningRate, warmupSteps } = config.optimizer
  const warmup = warmupSteps === 0 ? 1 : Math.min(1, step / warmupSteps)
  const decay = 1 - (1 - finalShare) * Math.min(1, (step - 1) / Math.max(1, config.steps - 1))
  return learningRate * warmup * decay
}
