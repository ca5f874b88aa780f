/**
 * Rewards and advantage estimators of the user's own, by name. A configuration lists the modules (`plugins`) and names what it wants
 * of them (`reward.solve.shape`, `reward.propose.shape`, `advantage.*` of the tag `plugin`):
 *
 *     export default definePlugin({ solveRewards: { brief: ({ tokens, verdict }) => (verdict === "correct" ? 1 / tokens : 0) } })
 *
 * All are functions of their arguments alone: a run that is resumed, or done again, gets the same numbers.
 */
import { Context, Result, Schema } from "effect"
import { type Baselines, type Graded, advantages } from "./Advantage.ts"
import type { Verdict } from "./Environment.ts"
import {
  type ProposalResult,
  type ProposerReward,
  type SolverReward,
  proposerReward,
  solverReward,
} from "./Reward.ts"
import { ConfigError, type RunConfig, nearest } from "./RunConfig.ts"

interface Response {
  readonly environment: string
  readonly kind: string
  readonly text: string
  /** Length of the response in tokens. */
  readonly tokens: number
}

/** A judged answer; `share` of a wrong one is right, 0 where `reward.solve.partial` is off. */
export interface SolvedAnswer extends Response {
  readonly verdict: Verdict["verdict"]
  readonly share: number
}

export interface JudgedProposal extends Response {
  readonly result: ProposalResult
}

/** Gets the settings `reward.solve` besides; `Reward.solverReward` is what they mean without a shape. */
export type SolveReward = (answer: SolvedAnswer, settings: SolverReward) => number
export type ProposeReward = (proposal: JudgedProposal, settings: ProposerReward) => number

/**
 * One advantage a response, in order. `options` are those of the configuration; `baselines` is a memory by cell that lives as long as
 * the run, resumed or not.
 */
export type AdvantageEstimator = (
  batch: ReadonlyArray<Graded>,
  options: Readonly<Record<string, unknown>>,
  baselines: Baselines,
) => ReadonlyArray<number>

type Named<A> = Readonly<Record<string, A>>

export interface Plugin {
  readonly proposeRewards?: Named<ProposeReward>
  readonly solveRewards?: Named<SolveReward>
  readonly advantages?: Named<AdvantageEstimator>
}

/** Types a plugin; the default export of its module. */
export const definePlugin = (plugin: Plugin): Plugin => plugin

/** The plugins of a run, as one. */
export const Plugins = Context.Reference<Plugin>("@azr/core/Plugins", { defaultValue: () => ({}) })

const groups = ["proposeRewards", "solveRewards", "advantages"] as const
const functions = Schema.optionalKey(
  Schema.Record(
    Schema.String,
    Schema.declare((value): value is never => typeof value === "function"),
  ),
)
const decode = Schema.decodeUnknownResult(
  Schema.Struct({ proposeRewards: functions, solveRewards: functions, advantages: functions }),
  { onExcessProperty: "error" },
)

/** Plugins as one, or why they are none; `exported` are default exports by the name of their module. */
export const combine = (
  exported: ReadonlyArray<readonly [module: string, plugin: unknown]>,
): Result.Result<Plugin, ConfigError> => {
  const refuse = (message: string) => Result.fail(new ConfigError({ message }))
  const all: Record<string, Record<string, unknown>> = {}
  for (const [module, plugin] of exported) {
    const decoded = decode(plugin)
    if (Result.isFailure(decoded)) {
      const expected = `export default definePlugin({ ${groups.join(", ")} }), each with functions by name`
      return refuse(`plugins: ${module} is no plugin; expected ${expected}`)
    }
    for (const group of groups) {
      for (const [name, value] of Object.entries(decoded.success[group] ?? {})) {
        const known = (all[group] ??= {})
        if (name === standard || Object.hasOwn(known, name))
          return refuse(`plugins: ${module} has ${group} ${name}, which there is already`)
        known[name] = value
      }
    }
  }
  return Result.succeed(all as Plugin)
}

/** The shape of rewards that is built in. */
export const standard = "standard"

/** What a configuration names of its plugins. */
export interface Rules {
  readonly proposeReward: (proposal: JudgedProposal) => Result.Result<number, ConfigError>
  readonly solveReward: (answer: SolvedAnswer) => Result.Result<number, ConfigError>
  readonly advantages: (
    role: "propose" | "solve",
    batch: ReadonlyArray<Graded>,
    baselines: Baselines,
  ) => Result.Result<ReadonlyArray<number>, ConfigError>
}

/** Fails where a name is not there. What a plugin's function throws, or gives that is no number, ends the run by name. */
export const rulesOf = (
  { advantage, reward }: Pick<RunConfig, "advantage" | "reward">,
  plugin: Plugin,
): Result.Result<Rules, ConfigError> =>
  Result.gen(function* () {
    const propose = yield* chosen("reward.propose.shape", reward.propose.shape, plugin.proposeRewards)
    const solve = yield* chosen("reward.solve.shape", reward.solve.shape, plugin.solveRewards)
    const estimators = {
      propose: yield* estimatorOf("propose", advantage.propose, plugin),
      solve: yield* estimatorOf("solve", advantage.solve, plugin),
    }
    return {
      proposeReward: (proposal) =>
        propose === null
          ? Result.succeed(proposerReward(reward.propose, proposal.result))
          : number(`reward.propose.shape ${reward.propose.shape}`, () => propose(proposal, reward.propose)),
      solveReward: (answer) =>
        solve === null
          ? Result.succeed(solverReward(reward.solve, answer.verdict, answer.share))
          : number(`reward.solve.shape ${reward.solve.shape}`, () => solve(answer, reward.solve)),
      advantages: (role, batch, baselines) => estimators[role](batch, baselines),
    }
  })

const offered = (names: ReadonlyArray<string>, name: string): string =>
  names.length === 0
    ? "no plugin has any; list their modules in plugins"
    : `did you mean ${nearest(name, names)}? There are: ${names.join(", ")}`

/** The function of a name; null for the built-in one. */
const chosen = <A>(
  setting: string,
  name: string,
  there: Named<A> = {},
): Result.Result<A | null, ConfigError> => {
  return name === standard
    ? Result.succeed(null)
    : find(`${setting}: there is no ${name}`, name, there, [standard])
}

/** What a plugin calls so, or why there is none: `refusal`, and what there is. */
const find = <A>(
  refusal: string,
  name: string,
  there: Named<A>,
  builtIn: ReadonlyArray<string>,
): Result.Result<A, ConfigError> => {
  const found = Object.hasOwn(there, name) ? there[name] : undefined
  return found === undefined
    ? Result.fail(
        new ConfigError({ message: `${refusal}; ${offered([...builtIn, ...Object.keys(there)], name)}` }),
      )
    : Result.succeed(found)
}

const estimatorOf = (
  role: "propose" | "solve",
  config: RunConfig["advantage"]["propose"],
  { advantages: there = {} }: Plugin,
): Result.Result<
  (batch: ReadonlyArray<Graded>, baselines: Baselines) => Result.Result<ReadonlyArray<number>, ConfigError>,
  ConfigError
> => {
  if (config._tag !== "plugin")
    return Result.succeed((batch, baselines) => Result.succeed(advantages(config, batch, baselines)))
  const { name, options } = config
  const setting = `advantage.${role}`
  return Result.map(
    find(`${setting}: there is no plugin ${name}`, name, there, []),
    (estimator) => (batch, baselines) =>
      Result.flatMap(
        called(`${setting} ${name}`, () => estimator(batch, options, baselines)),
        (values) =>
          Array.isArray(values) && values.length === batch.length && values.every(Number.isFinite)
            ? Result.succeed(values)
            : Result.fail(
                new ConfigError({
                  message: `${setting} ${name} gave ${JSON.stringify(values)?.slice(0, 200)} for ${batch.length} responses; expected a finite number for each`,
                }),
              ),
      ),
  )
}

const called = <A>(what: string, call: () => A): Result.Result<A, ConfigError> =>
  Result.try({ try: call, catch: (error) => new ConfigError({ message: `${what} threw ${String(error)}` }) })

const number = (what: string, call: () => number): Result.Result<number, ConfigError> =>
  Result.flatMap(called(what, call), (value) =>
    Number.isFinite(value)
      ? Result.succeed(value)
      : Result.fail(new ConfigError({ message: `${what} gave ${String(value)}, which is no reward` })),
  )
