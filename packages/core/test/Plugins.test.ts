import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { advantages } from "../src/Advantage.ts"
import { type Plugin, combine, definePlugin, rulesOf } from "../src/Plugins.ts"
import { proposerReward, solverReward } from "../src/Reward.ts"
import { type RunConfig, parse } from "../src/RunConfig.ts"
import { settings } from "./selfplay/world.ts"

const answer = { environment: "e", kind: "k", text: "four", tokens: 4, verdict: "wrong", share: 0.5 } as const
const proposal = { ...answer, result: { _tag: "invalid" } } as const
const graded = [1, 0, 0.5].map((reward) => ({ cell: "solve/e/k", group: "1", reward, tokens: 2 }))

const plugin = definePlugin({
  solveRewards: {
    length: ({ text }) => text.length,
    worse: ({ tokens }, { correct }) => correct / (tokens - 4),
  },
  proposeRewards: { flat: (_, { invalid }) => 10 * invalid },
  advantages: {
    running: (batch, { decay }, baselines) =>
      batch.map(({ cell, reward }) => {
        const baseline = (baselines.get(cell) ?? 0) * Number(decay) + reward
        baselines.set(cell, baseline)
        return baseline
      }),
    short: () => [1],
    broken: () => {
      throw new TypeError("no such thing")
    },
  },
})
const named = (name: string) => `advantage.solve={"_tag":"plugin","name":"${name}","options":{"decay":0.5}}`
const rules = (config: RunConfig, of: Plugin = plugin) => Result.getOrThrow(rulesOf(config, of))
const failure = (result: Result.Result<unknown, { readonly message: string }>): string =>
  Result.match(result, { onSuccess: () => "no failure", onFailure: ({ message }) => message })

describe("rulesOf", () => {
  it("is what the settings say where no plugin is named", () => {
    const config = settings("reward.solve.partial=true")
    const built = rules(config, {})
    assert.deepStrictEqual(
      built.solveReward(answer),
      Result.succeed(solverReward(config.reward.solve, "wrong", 0.5)),
    )
    assert.deepStrictEqual(
      built.proposeReward(proposal),
      Result.succeed(proposerReward(config.reward.propose, proposal.result)),
    )
    const { solve } = config.advantage
    assert(solve._tag !== "plugin")
    assert.deepStrictEqual(
      built.advantages("solve", graded, new Map()),
      Result.succeed(advantages(solve, graded, new Map())),
    )
  })

  it("takes functions by name, with their settings, options and memory", () => {
    const config = settings("reward.solve.shape=length", "reward.propose.shape=flat", named("running"))
    const chosen = rules(config)
    assert.deepStrictEqual(chosen.solveReward(answer), Result.succeed(4))
    assert.deepStrictEqual(chosen.proposeReward(proposal), Result.succeed(-5))
    const baselines = new Map([["solve/e/k", 2]])
    assert.deepStrictEqual(chosen.advantages("solve", graded, baselines), Result.succeed([2, 1, 1]))
    assert.deepStrictEqual([...baselines], [["solve/e/k", 1]])
  })

  it.each([
    [
      "reward.solve.shape=lenght",
      "reward.solve.shape: there is no lenght; did you mean length? There are: standard, length, worse",
    ],
    [
      "reward.propose.shape=length",
      "reward.propose.shape: there is no length; did you mean flat? There are: standard, flat",
    ],
    [
      named("runing"),
      "advantage.solve: there is no plugin runing; did you mean running? There are: running, short, broken",
    ],
  ])("refuses %s", (change, message) => {
    assert.strictEqual(failure(rulesOf(settings(change), plugin)), message)
  })

  it("says that there are no plugins", () => {
    assert.match(
      failure(rulesOf(settings(named("median")), {})),
      /no plugin median; no plugin has any; list .* in plugins/,
    )
  })

  it("ends by name what gives no numbers", () => {
    const solved = rules(settings("reward.solve.shape=worse")).solveReward(answer)
    assert.strictEqual(failure(solved), "reward.solve.shape worse gave Infinity, which is no reward")
    const estimated = (name: string) =>
      failure(rules(settings(named(name))).advantages("solve", graded, new Map()))
    assert.match(estimated("short"), /^advantage.solve short gave \[1\] for 3 responses/)
    assert.strictEqual(estimated("broken"), "advantage.solve broken threw TypeError: no such thing")
  })
})

describe("combine", () => {
  it("makes one of several, and refuses what is none or there already", () => {
    const other = definePlugin({ solveRewards: { other: () => 1 } })
    const both = Result.getOrThrow(
      combine([
        ["a.ts", plugin],
        ["b.ts", other],
      ]),
    )
    assert.deepStrictEqual(Object.keys(both.solveRewards ?? {}), ["length", "worse", "other"])
    assert.deepStrictEqual(combine([]), Result.succeed({}))
    for (const [exported, reason] of [
      [undefined, "is no plugin"],
      [{ solveReward: {} }, "is no plugin"],
      [{ solveRewards: { mine: 3 } }, "is no plugin"],
      [{ solveRewards: { length: () => 1 } }, "has solveRewards length, which there is already"],
      [{ proposeRewards: { standard: () => 1 } }, "has proposeRewards standard, which there is already"],
    ] as const) {
      assert.include(
        failure(
          combine([
            ["a.ts", plugin],
            ["b.ts", exported],
          ]),
        ),
        `plugins: b.ts ${reason}`,
      )
    }
  })
})

describe("configurations", () => {
  it("saved before there were plugins name none", () => {
    const { plugins, ...config } = settings()
    assert.deepStrictEqual(plugins, [])
    const { shape: propose, ...proposer } = config.reward.propose
    const { shape: solve, ...solver } = config.reward.solve
    assert.deepStrictEqual([propose, solve], ["standard", "standard"])
    const old = { ...config, reward: { propose: proposer, solve: solver } }
    assert.deepStrictEqual(parse(JSON.parse(JSON.stringify(old))), Result.succeed(settings()))
  })
})
