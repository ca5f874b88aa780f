import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import {
  type RunConfig,
  compositeChance,
  defineConfig,
  learningRateAt,
  nano,
  nearest,
  parse,
  presets,
  resolve,
  withSettings,
} from "../src/RunConfig.ts"

const message = (result: Result.Result<RunConfig, { readonly message: string }>): string => {
  if (Result.isSuccess(result)) throw new Error("the configuration was accepted")
  return result.failure.message
}
const set = (...settings: ReadonlyArray<string>): RunConfig => Result.getOrThrow(withSettings(nano, settings))
const refused = (...settings: ReadonlyArray<string>): string => message(withSettings(nano, settings))

describe("presets", () => {
  it.each(Object.entries(presets))("%s reads back from its own JSON", (name, preset) => {
    assert.deepStrictEqual(Result.getOrThrow(parse(JSON.parse(JSON.stringify(preset)))), preset)
    assert.strictEqual(preset.preset, name)
  })
})

describe("unknown keys", () => {
  it.each([
    ["at the top", { ...nano, sede: 1 }, "unknown setting sede; did you mean seed?"],
    [
      "nested",
      { ...nano, propose: { ...nano.propose, referenses: 1 } },
      "unknown setting propose.referenses; did you mean propose.references?",
    ],
    [
      "deeper",
      { ...nano, reward: { ...nano.reward, solve: { ...nano.reward.solve, worng: 0 } } },
      "unknown setting reward.solve.worng; did you mean reward.solve.wrong?",
    ],
    [
      "in another case",
      { ...nano, PromptStyle: "full" },
      "unknown setting PromptStyle; did you mean promptStyle?",
    ],
    [
      "inherited from Object",
      JSON.parse(`{"constructor":1,"__proto__":{}}`),
      "unknown setting constructor; did you mean",
    ],
    [
      "__proto__",
      { ...nano, buffer: JSON.parse(`{"__proto__":1}`) },
      "unknown setting buffer.__proto__; did you mean",
    ],
    [
      "in a kind",
      { ...nano, kinds: { mine: { ...nano.kinds["deduction"], proposal: 1 } } },
      "unknown setting kinds.mine.proposal; did you mean kinds.mine.proposals?",
    ],
    [
      "deep in a kind",
      { ...nano, kinds: { mine: { ...nano.kinds["deduction"], maxTokens: { propose: 1, solv: 1 } } } },
      "unknown setting kinds.mine.maxTokens.solv; did you mean kinds.mine.maxTokens.solve?",
    ],
  ])("%s: an error with the nearest valid key", (_, input, expected) => {
    assert.include(message(parse(input)), expected)
  })

  it("lists what is valid in that place", () => {
    assert.include(refused("checkpoint.evry=1"), "did you mean checkpoint.every? Valid here: every, keep")
  })

  it("where a tag decides what is known, too", () => {
    const mixed = message(parse({ ...nano, loss: { _tag: "importanceSampling", clipLow: 0.2 } }))
    assert.include(mixed, "Unexpected key")
    assert.include(mixed, "loss.clipLow: ")
    const decay = message(
      parse({
        ...nano,
        reward: {
          ...nano.reward,
          propose: { ...nano.reward.propose, coverage: { decay: 1, exponent: 1, power: 1 } },
        },
      }),
    )
    assert.include(decay, "reward.propose.coverage.power: ")
  })
})

describe("wrong values", () => {
  it.each([
    ["a type", "seed=abc", "seed: ", "Expected number"],
    ["a fraction", "steps=1.5", "steps: ", "Expected an integer"],
    ["a range", "steps=-1", "steps: ", "Expected a value greater than or equal to 0"],
    ["a choice", "propose.mix=unifrom", "propose.mix: ", '"uniform" | "maxNew" | "halfNew" | "recency"'],
    ["a tag", 'loss={"_tag":"pppo"}', "loss: ", '"_tag": "ppo"'],
    ["a number that is none", "roleWeight.solve=NaN", "roleWeight.solve: ", "Expected number"],
    ["nothing where something is needed", "reward=null", "reward: ", "Expected"],
    ["an empty list", "environments=[]", "environments.0: ", "Missing key"],
    ["a missing key", 'loss={"_tag":"ppo","clipLow":0.2,"clipHigh":0.2}', "loss.dualClip: ", "Missing key"],
    ["an object where a number is needed", "seed.x=1", "seed: ", "Expected number"],
    [
      "a kind's setting",
      "kinds.deduction.maxTokens.solve=0",
      "kinds.deduction.maxTokens.solve: ",
      "greater than 0",
    ],
  ])("%s: the message names the key and what was expected", (_, setting, path, expected) => {
    const text = refused(setting)
    assert.include(text, path)
    assert.include(text, expected)
  })

  const ppo = (changes: object) =>
    `loss=${JSON.stringify({ _tag: "ppo", clipLow: 0.2, clipHigh: 0.2, dualClip: null, ...changes })}`
  const rae = (decay: number) => `advantage.solve=${JSON.stringify({ _tag: "rae", decay })}`
  const coverage = (decay: number, exponent: number) =>
    `reward.propose.coverage=${JSON.stringify({ decay, exponent })}`
  const zone = (low: number, high: number) => `reward.propose.zone=${JSON.stringify({ low, high })}`
  const kl = (coefficient: number) => `kl=${JSON.stringify({ estimator: "k2", coefficient, in: "loss" })}`
  const reduction = (length: number) => `reduction=${JSON.stringify({ _tag: "constant", length })}`
  const epsilon = (value: number) =>
    `advantage.solve=${JSON.stringify({ _tag: "groupBaseline", epsilon: value })}`

  it.each([
    ["buffer.capacity=0", "buffer.capacity: ", "greater than 0"],
    ["buffer.keepSeeds=-1", "buffer.keepSeeds: ", "greater than or equal to 0"],
    [ppo({ clipLow: -0.1 }), "loss.clipLow: ", "greater than or equal to 0"],
    [ppo({ clipHigh: -0.1 }), "loss.clipHigh: ", "greater than or equal to 0"],
    [ppo({ dualClip: 1 }), "loss.dualClip: ", "greater than 1"],
    [rae(0), "advantage.solve.decay: ", "between 0 (excluded) and 1"],
    [rae(1.1), "advantage.solve.decay: ", "between 0 (excluded) and 1"],
    [epsilon(-1), "advantage.solve.epsilon: ", "greater than or equal to 0"],
    [coverage(0, 1), "reward.propose.coverage.decay: ", "between 0 (excluded) and 1"],
    [coverage(7, 1), "reward.propose.coverage.decay: ", "between 0 (excluded) and 1"],
    [coverage(1, -1), "reward.propose.coverage.exponent: ", "greater than or equal to 0"],
    [zone(-0.1, 1), "reward.propose.zone.low: ", "between 0 and 1"],
    [zone(0, 1.1), "reward.propose.zone.high: ", "between 0 and 1"],
    [zone(0.9, 0.1), "reward.propose.zone: ", "low 0.9 is over high 0.1"],
    [kl(-1), "kl.coefficient: ", "greater than or equal to 0"],
    [reduction(0), "reduction.length: ", "greater than 0"],
    ["optimizer.learningRate=-1", "optimizer.learningRate: ", "greater than or equal to 0"],
    ["optimizer.beta1=1", "optimizer.beta1: ", "between 0 and 1 (excluded)"],
    ["optimizer.beta2=-0.1", "optimizer.beta2: ", "between 0 and 1"],
    ["optimizer.epsilon=0", "optimizer.epsilon: ", "greater than 0"],
    ["optimizer.weightDecay=-1", "optimizer.weightDecay: ", "greater than or equal to 0"],
    ["optimizer.gradClip=0", "optimizer.gradClip: ", "greater than 0"],
  ])("out of range, %s: the message names the key and the range", (setting, path, range) => {
    const text = refused(setting)
    assert.include(text, path)
    assert.include(text, range)
  })

  it("the ends of the ranges are in them", () => {
    for (const setting of [
      "buffer.capacity=1",
      "buffer.keepSeeds=0",
      ppo({ clipLow: 0, clipHigh: 0, dualClip: 1.001 }),
      rae(1),
      epsilon(0),
      coverage(1, 0),
      zone(0, 1),
      zone(0.5, 0.5),
      kl(0),
      reduction(1),
      "optimizer.learningRate=0",
      "optimizer.beta1=0",
      "optimizer.weightDecay=0",
    ]) {
      set(setting)
    }
  })

  it("the message says what was found", () => {
    assert.include(refused("propose.mix=unifrom"), 'got "unifrom"')
    assert.include(refused("steps=-1"), "got -1")
  })

  it("all of them are reported", () => {
    const text = refused("seed=x", "steps=y")
    assert.include(text, "seed: ")
    assert.include(text, "steps: ")
  })

  it.each([[null], [1], ["x"], [[]]])("%j is no configuration", (input) => {
    assert.include(message(parse(input)), "Expected")
  })
})

describe("settings", () => {
  it("are JSON where they read as JSON, else text", () => {
    assert.strictEqual(set("seed=12").seed, 12)
    assert.strictEqual(set("propose.train=false").propose.train, false)
    assert.strictEqual(set("propose.familyCap=null").propose.familyCap, null)
    assert.strictEqual(set("policy.model=models/mine").policy.model, "models/mine")
    assert.strictEqual(set('policy.model="12"').policy.model, "12")
    assert.strictEqual(set("policy.model=a=b").policy.model, "a=b")
    assert.strictEqual(set("policy.model=").policy.model, "")
    assert.deepStrictEqual(set('evaluate.suites=["a","b"]').evaluate.suites, ["a", "b"])
    assert.deepStrictEqual(set('loss={"_tag":"cispo","clipLow":0.1,"clipHigh":0.2}').loss, {
      _tag: "cispo",
      clipLow: 0.1,
      clipHigh: 0.2,
    })
    assert.deepStrictEqual(
      Object.keys(set('kinds={"deduction":' + JSON.stringify(nano.kinds["deduction"]) + "}").kinds),
      ["deduction"],
    )
  })

  it("change only what they name, and not the configuration they started from", () => {
    const before = structuredClone(nano)
    const changed = set("kinds.deduction.maxTokens.solve=99", "optimizer.learningRate=0.001")
    assert.deepStrictEqual(nano, before)
    assert.strictEqual(changed.kinds["deduction"]?.maxTokens.solve, 99)
    assert.deepStrictEqual(
      {
        ...changed,
        kinds: nano.kinds,
        optimizer: { ...changed.optimizer, learningRate: nano.optimizer.learningRate },
      },
      nano,
    )
  })

  it("apply in order: the last one wins", () => {
    assert.strictEqual(set("seed=1", "seed=2").seed, 2)
  })

  it("leave out a kind that is null, as a file does", () => {
    const file = resolve({ kinds: { induction: null, deduction: { tasks: 3 } } })
    assert.deepStrictEqual(set("kinds.induction=null", "kinds.deduction.tasks=3"), Result.getOrThrow(file))
    assert.deepStrictEqual(Object.keys(set("kinds.induction=null").kinds), ["deduction", "abduction"])
    assert.include(
      refused("kinds.induction=null", "kinds.induction.tasks=3"),
      "kinds.induction.seeds: Missing key",
    )
    assert.include(refused("kinds=null"), "kinds: ")
  })

  it.each(["seed", "=1", "", "seed:1"])("%j is refused: key=value is expected", (setting) => {
    assert.include(refused(setting), `expected key=value, got ${JSON.stringify(setting)}`)
  })

  it.each(["propose..mix=uniform", "propose.=1", ".seed=1"])("%j names no setting", (setting) => {
    assert.include(refused(setting), "unknown setting")
  })
})

describe("a configuration file", () => {
  it("changes what it names, over its preset or nano", () => {
    const file = defineConfig({
      seed: 3,
      kinds: { deduction: { proposals: 9 }, induction: null },
      propose: { familyCap: null },
      loss: { _tag: "cispo", clipLow: 0.1, clipHigh: 0.2 },
      checkpoint: { every: 5 },
    })
    const config = Result.getOrThrow(resolve(file))
    assert.deepStrictEqual(config, {
      ...nano,
      seed: 3,
      kinds: {
        abduction: nano.kinds["abduction"] as (typeof nano.kinds)[string],
        deduction: { ...(nano.kinds["deduction"] as (typeof nano.kinds)[string]), proposals: 9 },
      },
      propose: { ...nano.propose, familyCap: null },
      loss: { _tag: "cispo", clipLow: 0.1, clipHigh: 0.2 },
      checkpoint: { every: 5, keep: nano.checkpoint.keep },
    })
    assert.strictEqual(Result.getOrThrow(resolve({ preset: "paper", steps: 7 })).solve.from, "buffer")
    // Kinds take their turns in the order of the preset, whatever the file changes first.
    const reordered = Result.getOrThrow(
      resolve({ kinds: { induction: { tasks: 1 }, deduction: { tasks: 1 } } }),
    )
    assert.deepStrictEqual(Object.keys(reordered.kinds), Object.keys(nano.kinds))
  })

  it("of a whole configuration is that configuration", () => {
    for (const preset of Object.values(presets))
      assert.deepStrictEqual(Result.getOrThrow(resolve(preset)), preset)
  })

  it("gives what is chosen by a tag or may be null whole", () => {
    assert.include(message(resolve({ preset: "paper", loss: { _tag: "ppo", clipLow: 0.1 } })), "Missing key")
    assert.include(message(resolve({ kl: { coefficient: 1 } })), "Missing key")
  })

  it.each([
    [{ preset: "papr" }, 'no preset "papr"; did you mean paper? There are: nano, paper, code'],
    [{ kinds: { mine: { proposals: 1 } } }, "kinds.mine.seeds: "],
    [{ kinds: { deduction: { proposal: 1 } } }, "did you mean kinds.deduction.proposals?"],
    [{ stpes: 1 }, "unknown setting stpes; did you mean steps? Valid here: version, preset, seed, steps"],
    [{ version: 1, policy: { checkpoint: "nano" } }, "version of the configuration: 1, this azr reads 2"],
    [[], "no object"],
    [JSON.parse('{"__proto__":{"steps":1}}'), "unknown setting __proto__"],
  ])("%j is refused", (file, expected) => {
    assert.include(message(resolve(file)), expected)
  })
})

describe("the version", () => {
  it("of a saved configuration is looked at, and named when it is another", () => {
    const { version: _, ...old } = nano
    assert.include(message(parse(old)), "version of the configuration: none, this azr reads 2")
    assert.include(message(parse({ ...nano, version: "x" })), '"x", this azr reads 2')
  })
})

describe("nearest", () => {
  it("has the smallest edit distance: insertions, deletions, substitutions", () => {
    assert.strictEqual(nearest("stps", ["seed", "steps", "solve"]), "steps")
    assert.strictEqual(nearest("stepps", ["seed", "steps", "solve"]), "steps")
    assert.strictEqual(nearest("stebs", ["seed", "steps", "solve"]), "steps")
    assert.strictEqual(nearest("x", []), "x")
  })
})

describe("composite functions", () => {
  const functions = { least: 1, most: 3 }
  const chances = (chance: number, from: number, over: number) =>
    Array.from({ length: 9 }, (_, step) => compositeChance({ chance, functions, from, over }, step))

  it("their chance is 0 up to `from`, rises linearly, and stays", () => {
    assert.deepStrictEqual(chances(0.5, 2, 4), [0, 0, 0, 1 / 8, 2 / 8, 3 / 8, 1 / 2, 1 / 2, 1 / 2])
    assert.deepStrictEqual(chances(1, 0, 2), [0, 1 / 2, 1, 1, 1, 1, 1, 1, 1])
  })

  it("over no steps it is whole from the next one on", () => {
    assert.deepStrictEqual(chances(0.25, 3, 0), [0, 0, 0, 0, ...Array<number>(5).fill(0.25)])
  })

  it("are off in every preset, and given whole", () => {
    for (const preset of Object.values(presets)) assert.isNull(preset.propose.composite)
    const composite = { chance: 0.5, functions, from: 10, over: 100 }
    assert.deepStrictEqual(set(`propose.composite=${JSON.stringify(composite)}`).propose.composite, composite)
    assert.include(refused('propose.composite={"chance":0.5}'), "functions")
    assert.include(
      refused(`propose.composite=${JSON.stringify({ ...composite, functions: { least: 3, most: 2 } })}`),
      "least 3 is over most 2",
    )
  })
})

describe("learning rate", () => {
  const at = (optimizer: Partial<RunConfig["optimizer"]>, steps: number, step: number): number =>
    learningRateAt({ ...nano, steps, optimizer: { ...nano.optimizer, learningRate: 1, ...optimizer } }, step)

  it("constant without warm-up and fall", () => {
    for (const step of [1, 5, 10]) assert.strictEqual(at({ warmupSteps: 0, finalShare: 1 }, 10, step), 1)
  })

  it("rises linearly from 0 over the warm-up and then stays", () => {
    const rates = [1, 2, 3, 4, 5].map((step) => at({ warmupSteps: 4, finalShare: 1 }, 10, step))
    assert.deepStrictEqual(rates, [0.25, 0.5, 0.75, 1, 1])
  })

  it("falls linearly to finalShare at the last step, and never below", () => {
    const rates = [1, 2, 3, 4, 5, 6].map((step) => at({ warmupSteps: 0, finalShare: 0.2 }, 5, step))
    for (const [index, expected] of [1, 0.8, 0.6, 0.4, 0.2, 0.2].entries()) {
      assert.closeTo(rates[index] as number, expected, 1e-15)
    }
  })

  it("both together multiply", () => {
    assert.closeTo(at({ warmupSteps: 4, finalShare: 0 }, 5, 2), 0.5 * 0.75, 1e-15)
  })

  it("is defined for a single step", () => {
    assert.strictEqual(at({ warmupSteps: 0, finalShare: 0.1 }, 1, 1), 1)
  })
})
