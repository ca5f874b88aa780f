/** The points where the presets differ, as a table for people: docs/ALGORITHM.md holds it. */
import { presets } from "../src/RunConfig.ts"

const [begin, end] = ["<!-- presets: begin -->", "<!-- presets: end -->"]

interface Source {
  /** Where the paper speaks of it; – where it does not, or no place was found. */
  readonly paper: string
  /** The file that computes with it, below `packages`. */
  readonly file: string
}

const source = (paper: string, file: string): Source => ({ paper, file: `core/src/${file}` })

/** By the longest beginning of a setting's name. */
const sources: Readonly<Record<string, Source>> = {
  steps: source("hyperparameters", "selfplay/Loop.ts"),
  environments: source("§3.2", "selfplay/State.ts"),
  "kinds.seeds": source("§3.3.1", "selfplay/Seed.ts"),
  "kinds.proposedSeeds": source("§3.3.1", "selfplay/Seed.ts"),
  "kinds.proposals": source("hyperparameters", "selfplay/Propose.ts"),
  "kinds.tasks": source("hyperparameters", "selfplay/Estimate.ts"),
  "kinds.solve": source("§3.3.2", "selfplay/Solve.ts"),
  "kinds.maxTokens.propose": source("hyperparameters", "selfplay/Propose.ts"),
  "kinds.maxTokens.solve": source("hyperparameters", "selfplay/Solve.ts"),
  promptStyle: source("§3.1, appendix", "language/FullSurface.ts"),
  policy: source("–", "PolicyEngine.ts"),
  maxSeedRounds: source("–", "selfplay/Seed.ts"),
  propose: source("§3.3.2", "selfplay/Propose.ts"),
  "propose.familyCap": source("–", "selfplay/Validate.ts"),
  solve: source("§3.3.2", "selfplay/Solve.ts"),
  "solve.mix": source("§3.3.2", "TaskBuffer.ts"),
  "reward.propose": source("§3.1, Eq 4 and 6", "Reward.ts"),
  "reward.propose.duplicate": source("–", "Reward.ts"),
  "reward.propose.coverage": source("–", "Reward.ts"),
  "reward.solve": source("§3.1, Eq 5 and 6", "Reward.ts"),
  advantage: source("§3.3.5, Eq 8", "Advantage.ts"),
  roleWeight: source("–", "selfplay/Grade.ts"),
  loss: source("hyperparameters", "PolicyLoss.ts"),
  entropyBonus: source("hyperparameters", "selfplay/Learn.ts"),
  update: source("hyperparameters", "selfplay/Learn.ts"),
  optimizer: source("hyperparameters", "RunConfig.ts"),
  "optimizer.beta2": source("–", "RunConfig.ts"),
  "optimizer.weightDecay": source("–", "RunConfig.ts"),
  buffer: source("§3.3.2", "TaskBuffer.ts"),
  "buffer.evict": source("–", "TaskBuffer.ts"),
  "buffer.keepSeeds": source("–", "TaskBuffer.ts"),
  "buffer.refuseDuplicates": source("–", "selfplay/Validate.ts"),
  evaluate: source("hyperparameters", "selfplay/Evaluate.ts"),
  "evaluate.devTasks": source("–", "selfplay/Evaluate.ts"),
  checkpoint: source("–", "RunStore.ts"),
}

const sourceOf = (setting: string): Source => {
  const parts = setting.split(".")
  for (let length = parts.length; length > 0; length--) {
    const found = sources[parts.slice(0, length).join(".")]
    if (found !== undefined) return found
  }
  throw new Error(`no source for the setting ${setting}: name it in scripts/presetTable.ts`)
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What is chosen as one: a tagged choice, or an option that is null where it is off. */
const whole = new Set(["reward.propose.coverage", "kl"])

const flatten = (value: unknown, path: string): ReadonlyArray<readonly [string, string]> =>
  isRecord(value) && !Object.hasOwn(value, "_tag") && !whole.has(path)
    ? Object.entries(value).flatMap(([key, below]) => flatten(below, path === "" ? key : `${path}.${key}`))
    : [[path, show(value)]]

const show = (value: unknown): string =>
  isRecord(value)
    ? [
        ...(Object.hasOwn(value, "_tag") ? [String(value["_tag"])] : []),
        ...Object.entries(value).flatMap(([key, of]) => (key === "_tag" ? [] : [`${key} ${show(of)}`])),
      ].join(", ")
    : Array.isArray(value)
      ? value.map(show).join(" ") || "(all)"
      : String(value)

/** Settings of one preset by name; what is said of each kind of task is in one cell, in the kinds' order. */
const settingsOf = (config: unknown): ReadonlyMap<string, string> => {
  const settings = new Map<string, Array<string>>()
  for (const [name, text] of flatten(config, "")) {
    const key = name.replace(/^kinds\.[^.]+/u, "kinds")
    settings.set(key, [...(settings.get(key) ?? []), text])
  }
  return new Map(
    [...settings].map(([key, texts]) => [
      key,
      texts.every((text) => text === texts[0]) ? (texts[0] ?? "") : texts.join(" / "),
    ]),
  )
}

/** The settings in which the presets differ, each with its value in every preset and its source. */
export const differences = (): ReadonlyArray<readonly [string, ReadonlyArray<string>, Source]> => {
  const columns = Object.values(presets).map(settingsOf)
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))]
  return names.flatMap((name) => {
    const values = columns.map((column) => column.get(name) ?? "–")
    return name === "preset" || new Set(values).size === 1 ? [] : [[name, values, sourceOf(name)] as const]
  })
}

/** A document with the table of today between its marks. */
export const withPresetTable = (document: string): string => {
  const [before, rest] = document.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`the document has no ${begin} … ${end}`)
  const names = Object.keys(presets)
  const table = [
    `| setting | ${names.map((name) => `\`${name}\``).join(" | ")} | paper | file in \`packages\` |`,
    `|---|${names.map(() => "---|").join("")}---|---|`,
    ...differences().map(
      ([name, values, { file, paper }]) => `| \`${name}\` | ${values.join(" | ")} | ${paper} | \`${file}\` |`,
    ),
  ].join("\n")
  return `${before}${begin}\n\n${table}\n\n${end}${after}`
}
