import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { countOf, lookup } from "../../src/Metrics.ts"
import { PolicyEngine } from "../../src/PolicyEngine.ts"
import { step } from "../../src/selfplay/Step.ts"
import type { LoopState } from "../../src/selfplay/State.ts"
import { heldOutOf } from "../../src/selfplay/Validate.ts"
import { type Puzzle, puzzleText } from "../../src/testing/puzzleEnvironment.ts"
import { scriptedLogprob, scriptedPolicy } from "../../src/testing/scriptedPolicy.ts"
import {
  accept,
  kinds,
  overKinds,
  playing,
  seeded,
  settings,
  solved,
  stateOf,
  textOf,
  trackOf,
  withPolicy,
} from "./world.ts"

const once = (state: LoopState) => step(state, heldOutOf(state.tracks))

const player = {
  propose: (index: number) => ["hello", "100 + 1", "0 + 0", "1 + 1", "2 + 2", "3 + 3", "9 + 9"][index] ?? "",
  solve: (question: string, index: number) =>
    question === "1 + 1 = ?" && index > 0 ? "word" : solved(question),
}
const config = settings(kinds(["result", { proposals: 7, tasks: 2 }]), "estimate.samples=2")
const world = {
  split: ({ a }: { readonly a: number }) => (a === 9 ? ("test" as const) : ("train" as const)),
  unanswered: (task: Parameters<typeof puzzleText>[0], operation: string) =>
    operation === "validate" && puzzleText(task) === "3 + 3",
}

describe("Step", () => {
  it.effect("counts what happened, all and effective apart", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(config, world)
      accept(state, "result", "0 + 0")
      const { metrics, step: number, tasks } = yield* once(state)
      assert.strictEqual(number, 1)
      assert.deepStrictEqual(
        tasks.map((task) => [textOf(task), task.successRate]),
        [
          ["1 + 1", 0.5],
          ["2 + 2", 1],
        ],
      )
      const of = (key: string) => metrics[`propose/result/${key}`]
      assert.strictEqual(of("proposals"), 7)
      assert.strictEqual(of("faults"), 1)
      // Judged: bad format, invalid, duplicate, two accepted, one held out.
      assert.strictEqual(of("valid"), 4 / 6)
      // The held-out one is counted apart: it is neither new nor a repetition.
      assert.strictEqual(of("heldOut"), 1)
      assert.strictEqual(of("new"), 2 / 3)
      assert.strictEqual(of("accepted"), 2)
      assert.strictEqual(of("reward"), (-1 - 0.5 - 0.25 + 0.5 + 0.125) / 5)
      assert.strictEqual(of("tokens"), (5 + 7 + 5 * 5) / 7 + 1)
      assert.strictEqual(of("task/digits"), 2)

      assert.deepStrictEqual(
        ["answers", "faults", "correct", "badFormat", "reward", "learnable"].map(
          (key) => metrics[`solve/result/${key}`],
        ),
        [4, 0, 3 / 4, 1 / 4, (1 - 1 + 1 + 1) / 4, 1 / 2],
      )
      assert.deepStrictEqual(
        ["propose/result/judged", "propose/result/free", "propose/result/rewarded"].map(
          (key) => metrics[key],
        ),
        [6, 3, 5],
      )
      assert.deepStrictEqual(
        ["solve/result/sampled", "solve/result/rewarded", "solve/result/estimated"].map(
          (key) => metrics[key],
        ),
        [4, 4, 2],
      )
      assert.strictEqual(metrics["buffer/result/size"], 3)
      const generated = (metrics["generate/tokens"] ?? 0) - 7 * (of("tokens") ?? 0)
      assert.closeTo(generated, 4 * (metrics["solve/result/tokens"] ?? 0), 1e-9)
    }).pipe(withPolicy(playing(player))),
  )

  it.effect("writes a rollout for every response, masked ones included", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(config, world)
      accept(state, "result", "0 + 0")
      const { proposals, rollouts } = yield* once(state)
      assert.lengthOf(rollouts, 7 + 4)
      assert.deepStrictEqual(
        rollouts
          .slice(0, 7)
          .map(({ outcome, reason, reward, role, task }) => [role, outcome, reason, reward, task]),
        [
          ["propose", "badFormat", "badFormat: no puzzle: hello", -1, null],
          ["propose", "invalid", "range: 100 is not in 0 … 99", -0.5, null],
          ["propose", "duplicate", "duplicate", -0.25, null],
          ["propose", "accepted", "", 0.5, 2],
          ["propose", "accepted", "", 0.125, 3],
          ["propose", "infrastructure", "HostTimeout: puzzles: no answer after 1 ms, twice", null, null],
          ["propose", "heldOut", "heldOut", null, null],
        ],
      )
      assert.deepStrictEqual(
        rollouts
          .slice(7)
          .map(({ outcome, prompt, response, task }) => [prompt.split("\n")[1], response, outcome, task]),
        [
          ["1 + 1 = ?", "2", "correct", 2],
          ["1 + 1 = ?", "word", "badFormat", 2],
          ["2 + 2 = ?", "4", "correct", 3],
          ["2 + 2 = ?", "4", "correct", 3],
        ],
      )
      assert.lengthOf(proposals, 7)
      const [first] = rollouts.slice(7)
      assert.strictEqual(first?.tokens, 2)
      assert.closeTo(
        first?.logprob ?? 0,
        (scriptedLogprob("2".charCodeAt(0)) + scriptedLogprob(0)) / 2,
        1e-15,
      )
    }).pipe(withPolicy(playing(player))),
  )

  it.effect("reports only metrics that the registry knows, all finite, each ratio beside its count", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(
          "solve.from=both",
          kinds(["result", { proposals: 9 }], ["operand", { proposals: 9 }], ["operator", { proposals: 9 }]),
        ),
      )
      accept(state, "result", "0 + 0")
      const keys = new Set<string>()
      for (let i = 0; i < 5; i++) {
        const { metrics } = yield* once(state)
        for (const [key, value] of Object.entries(metrics)) {
          keys.add(key)
          assert.isDefined(lookup(key), key)
          assert.isTrue(Number.isFinite(value), key)
          const over = countOf(key)
          if (over === null) continue
          const count = metrics[over]
          assert.isDefined(count, `${key} is over ${over}`)
          assert.isAbove(count, 0, key)
          // A share of so many is that many, whole.
          if (lookup(key)?.unit === "share" && !key.startsWith("train/")) {
            assert.closeTo(value * count, Math.round(value * count), 1e-9, key)
          }
        }
      }
      assert.isAbove(keys.size, 40)
    }).pipe(withPolicy(scriptedPolicy(seeded))),
  )

  it.effect.each<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>]>([
    ["all", [], ["1 + 1", "2 + 2", "3 + 3"]],
    ["nonOne", [], ["1 + 1", "3 + 3"]],
    ["nonExtremes", [], ["3 + 3"]],
    ["zone", ['reward.propose.zone={"low":0.5,"high":1}'], ["2 + 2"]],
  ])("keeps estimated tasks by their success rate: %s", ([admit, changes, kept]) =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(`buffer.admit=${admit}`, kinds(["result", { proposals: 3, tasks: 3 }]), ...changes),
      )
      const { tasks } = yield* once(state)
      const texts = (records: typeof tasks) =>
        records.map((record) => puzzleText(state.taskOf(record) as Puzzle))
      assert.deepStrictEqual(texts(state.buffer("puzzles", "result").records), [...kept])
      assert.deepStrictEqual(texts(tasks), [...kept])
      // Dropped or not, a task is not new a second time.
      assert.isTrue(state.isKnown(trackOf(state, "result"), "2 + 2"))
    }).pipe(
      withPolicy(
        playing({
          propose: (index) => ["1 + 1", "2 + 2", "3 + 3"][index] ?? "",
          // 1 + 1 is never solved, 2 + 2 always, 3 + 3 once in four.
          solve: (question, index) =>
            question === "1 + 1 = ?" || (question === "3 + 3 = ?" && index > 0) ? "9" : solved(question),
        }),
      ),
    ),
  )

  it.effect("proposes until the step that it is told to", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings("propose.steps=2", "solve.from=buffer", overKinds))
      const proposed = []
      for (let i = 0; i < 3; i++) {
        const { proposals, rollouts } = yield* once(state)
        proposed.push(proposals.length)
        assert.isTrue(rollouts.some(({ role }) => role === "solve"))
      }
      assert.deepStrictEqual(proposed, [4, 4, 0])
    }).pipe(withPolicy(scriptedPolicy(seeded))),
  )

  it.effect("counts each estimated task in its region, and decays the counts of earlier steps", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(
          'reward.propose.coverage={"decay":0.5,"exponent":1}',
          kinds(["result", { proposals: 2, tasks: 2 }]),
          "estimate.samples=2",
        ),
      )
      const rewards = []
      for (let i = 0; i < 3; i++) {
        const { rollouts } = yield* once(state)
        rewards.push(rollouts.filter(({ role }) => role === "propose").map(({ reward }) => reward))
      }
      // Solved half of the time: ½ by the count, 2, then 1 + 2, then 1.5 + 2.
      assert.deepStrictEqual(rewards, [
        [0.25, 0.25],
        [0.5 / 3, 0.5 / 3],
        [0.5 / 3.5, 0.5 / 3.5],
      ])
      assert.strictEqual(state.regionCount(trackOf(state, "result"), { a: 0, operator: "+", b: 0 }), 3.5)
    }).pipe(
      withPolicy(
        playing({
          propose: (index) => `${index} + 1`,
          solve: (question, index) => (index === 0 ? solved(question) : "0"),
        }),
      ),
    ),
  )

  it.effect("solves tasks of this very step where it solves from the buffer", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings("solve.from=buffer", kinds(["result", { proposals: 1, tasks: 1, solve: 1 }])),
      )
      const { rollouts } = yield* once(state)
      // The estimate's answers are on record, but only the last one is learned from.
      assert.deepStrictEqual(
        rollouts.map(({ reward, role, task }) => [role, task, reward]),
        [["propose", 1, 0.125], ...Array.from({ length: 4 }, () => ["solve", 1, null]), ["solve", 1, 1]],
      )
    }).pipe(withPolicy(playing({ propose: () => "1 + 1" }))),
  )

  it.effect(
    "tells of the answers that were learned from, and asks the reference policy of nothing else",
    () =>
      Effect.gen(function* () {
        const state = yield* stateOf(
          settings(
            "solve.from=buffer",
            overKinds,
            "propose.steps=1",
            'kl={"estimator":"k2","coefficient":0.1,"in":"loss"}',
            kinds(
              ["result", { proposals: 1, tasks: 1, solve: 2 }],
              ["operand", { proposals: 1, tasks: 1, solve: 0 }],
            ),
          ),
          { unanswered: (_, operation) => operation === "verify" && asked++ === 0 },
        )
        let asked = 0
        const referred: Array<number> = []
        const engine = yield* PolicyEngine
        const { metrics, rollouts } = yield* Effect.provideService(once(state), PolicyEngine, {
          ...engine,
          referenceLogprobs: (sequences) => {
            referred.push(sequences.length)
            return engine.referenceLogprobs(sequences)
          },
        })
        // Four wrong answers to each of two new tasks, one of them lost; then two right ones to what is in the buffer.
        assert.deepStrictEqual(referred, [2, 2])
        const of = (...keys: ReadonlyArray<string>) => keys.map((key) => metrics[`solve/${key}`])
        assert.deepStrictEqual(
          of("result/sampled", "result/answers", "result/rewarded", "result/correct", "result/reward"),
          [2, 2, 2, 1, 1],
        )
        assert.deepStrictEqual(of("result/faults", "result/estimated", "result/learnable"), [1, 1, 0])
        assert.deepStrictEqual(of("operand/faults", "operand/estimated", "operand/correct"), [
          0,
          1,
          undefined,
        ])
        assert.deepStrictEqual(
          rollouts.filter(({ role }) => role === "solve").map(({ reward }) => reward),
          [...Array.from({ length: 8 }, () => null), 1, 1],
        )
        assert.strictEqual(
          metrics["generate/tokens"],
          rollouts.reduce((sum, { tokens }) => sum + tokens, 0),
        )
      }).pipe(
        withPolicy(
          playing({
            propose: () => "1 + 1",
            solve: (question, index) => (index < 4 ? `${90 + index}` : solved(question)),
          }),
        ),
      ),
  )

  it.effect("a step without any proposal, task or answer is a step", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings("solve.from=both", kinds(["result", { proposals: 0 }])))
      const { metrics, rollouts, tasks } = yield* once(state)
      assert.deepStrictEqual([rollouts, tasks], [[], []])
      assert.deepStrictEqual(metrics, {
        "buffer/result/size": 0,
        "generate/tokens": 0,
        "train/sequences": 0,
        "train/tokens": 0,
        "train/zeroVariance": 0,
      })
    }).pipe(withPolicy(playing({}))),
  )
})
