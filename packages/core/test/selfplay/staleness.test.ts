/** Steps that learn while the batch of the next one is collected. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FileSystem, Result, Schema } from "effect"
import { open } from "../../src/Environment.ts"
import { PolicyError } from "../../src/PolicyEngine.ts"
import { withSettings } from "../../src/RunConfig.ts"
import { Rollout } from "../../src/RunEvent.ts"
import { readCheckpoint } from "../../src/RunStore.ts"
import { prepare, suits } from "../../src/selfplay/Loop.ts"
import { puzzleEnvironment } from "../../src/testing/puzzleEnvironment.ts"
import type { Respond } from "../../src/testing/scriptedPolicy.ts"
import { type Setup, afterSteps, inFolder, record, start, suites } from "./runs.ts"
import { askedFor, kinds, overKinds, questionOf, settings, solved } from "./world.ts"
import { readRun } from "../store/newRun.ts"

type Engine = Parameters<NonNullable<Setup["engine"]>>[0]

/** Everything that a batch can be made of, and a learning rate that is another one at each step. */
const config = (...changes: ReadonlyArray<string>) =>
  settings(
    "steps=7",
    "update.staleness=1",
    "update.miniBatch=5",
    "solve.from=both",
    overKinds,
    'advantage.propose={"_tag":"rae","decay":0.95}',
    'kl={"estimator":"k1","coefficient":0.01,"in":"reward"}',
    'reward.propose.coverage={"decay":0.9,"exponent":0.5}',
    'reward.propose.intrinsic={"terms":{"novelty":{"coefficient":0.5,"max":1}},"combine":"sum"}',
    "evaluate.every=3",
    "checkpoint.every=2",
    "buffer.capacity=12",
    "buffer.keepSeeds=2",
    kinds(["result", { seeds: 5, proposals: 6 }], ["operand", { proposals: 4 }]),
    ...changes,
  )
const world = { suites }

/** Says in every response how many updates the policy has behind it that gave it. */
const dated: Respond = (prompt, seed, updates) =>
  askedFor(prompt) === "propose"
    ? `${updates} + ${seed % 50}`
    : seed % 2 === 0
      ? `${updates}000`
      : solved(questionOf(prompt))

/** By step, of how many updates the policies were that proposed and that gave wrong answers. */
const datesOf = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const names = (yield* fs.readDirectory(`${folder}/rollouts`)).toSorted()
  return yield* Effect.forEach(
    names,
    Effect.fnUntraced(function* (name) {
      const lines = (yield* fs.readFileString(`${folder}/rollouts/${name}`)).trimEnd().split("\n")
      const rollouts = lines.map((line) => Schema.decodeSync(Schema.fromJsonString(Rollout))(line))
      return new Set(
        rollouts.flatMap(({ outcome, response, role }) =>
          role === "propose"
            ? [Number(response.split(" ")[0])]
            : outcome === "wrong"
              ? [Number(response) / 1000]
              : [],
        ),
      )
    }),
  )
})

/** Lets others go first, often. */
const late = Effect.repeat(Effect.yieldNow, { times: 300 })

describe("update.staleness", () => {
  it.effect("1 takes each batch but the first from the policy before the one that learns, 0 from that", () =>
    Effect.gen(function* () {
      const run = (...changes: ReadonlyArray<string>) =>
        inFolder((folder) =>
          Effect.gen(function* () {
            const { exit } = yield* start(folder, {
              config: settings("steps=5", kinds(["result", { proposals: 6, tasks: 4 }]), ...changes),
              respond: dated,
            })
            assert.isTrue(Exit.isSuccess(exit), String(exit))
            const { checkpoints, events } = yield* readRun(folder)
            assert.deepStrictEqual(checkpoints, [0, 5])
            // Nothing is collected beyond the last step.
            assert.notProperty((yield* readCheckpoint(folder, 5)).state, "ahead")
            return {
              dates: (yield* datesOf(folder)).map((dates) => [...dates]),
              metrics: events.flatMap((event) => (event._tag === "StepCompleted" ? [event.metrics] : [])),
              overlaps: events.flatMap((event) =>
                event._tag === "StepCompleted" ? [event.seconds.overlap] : [],
              ),
            }
          }),
        )
      const stale = yield* run("update.staleness=1")
      assert.deepStrictEqual(stale.dates, [[0], [0], [1], [2], [3]])
      assert.deepStrictEqual(
        stale.metrics.map((metrics) => metrics["train/staleness"]),
        [0, 1, 1, 1, 1],
      )
      assert.isTrue(stale.metrics.every((metrics) => metrics["train/updates"] === 1))
      const fresh = yield* run()
      assert.deepStrictEqual(fresh.dates, [[0], [1], [2], [3], [4]])
      for (const name of ["train/staleness", "train/ratio", "train/ratioMax"]) {
        assert.isTrue(fresh.metrics.every((metrics) => !Object.hasOwn(metrics, name)))
        assert.isTrue(stale.metrics.every((metrics) => Object.hasOwn(metrics, name)))
      }
      assert.deepStrictEqual([...new Set(fresh.overlaps)], [undefined])
      assert.deepStrictEqual([...new Set(stale.overlaps)], [0])
    }),
  )

  it.effect("1 gives the same record, whichever of the two is done first", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const noting = (what: string) => Effect.sync(() => order.push(what))
      const run = (engine: (engine: Engine) => Partial<Engine>, ...changes: ReadonlyArray<string>) =>
        inFolder((folder) =>
          Effect.gen(function* () {
            order.length = 0
            const { exit } = yield* start(folder, {
              config: config(...changes),
              world,
              engine: (whole) => ({ ...whole, ...engine(whole) }),
            })
            assert.isTrue(Exit.isSuccess(exit), String(exit))
            return { record: yield* record(folder), order: order.join(" ") }
          }),
        )
      const slowLearning = yield* run((engine) => ({
        frozenSampler: Effect.map(
          engine.frozenSampler,
          (sample) => (requests) => Effect.tap(sample(requests), () => noting("sampled")),
        ),
        forwardBackward: (...args) => Effect.andThen(late, engine.forwardBackward(...args)),
        optimStep: (adam) =>
          Effect.andThen(
            late,
            Effect.tap(engine.optimStep(adam), () => noting("learned")),
          ),
      }))
      const slowSampling = yield* run((engine) => ({
        frozenSampler: Effect.map(
          engine.frozenSampler,
          (sample) => (requests) =>
            Effect.andThen(
              late,
              Effect.tap(sample(requests), () => noting("sampled")),
            ),
        ),
        optimStep: (adam) => Effect.tap(engine.optimStep(adam), () => noting("learned")),
      }))
      assert.notStrictEqual(slowSampling.order, slowLearning.order)
      assert.match(slowLearning.order, /^sampled/u)
      assert.match(slowSampling.order, /^learned/u)
      assert.deepStrictEqual(slowSampling.record, slowLearning.record)
      assert.deepStrictEqual((yield* run(() => ({}))).record, slowLearning.record)
      const fresh = yield* run(() => ({}), "update.staleness=0")
      assert.notStrictEqual(
        fresh.record["rollouts/step-000004.jsonl"],
        slowLearning.record["rollouts/step-000004.jsonl"],
      )
    }),
  )

  it.effect("1 goes on after every stop as if it had not been, with the batch that waits", () =>
    Effect.gen(function* () {
      const setup = { config: config(), world }
      const undisturbed = yield* inFolder((folder) => Effect.andThen(start(folder, setup), record(folder)))
      yield* inFolder((folder) =>
        Effect.gen(function* () {
          for (let step = 1; step < 7; step++) {
            const { exit } = yield* start(folder, { ...setup, stopAt: afterSteps(1) })
            if (Exit.isFailure(exit)) return assert.fail(String(exit.cause))
            assert.deepStrictEqual(exit.value, { status: "interrupted", step, test: null })
          }
          const { exit } = yield* start(folder, setup)
          assert.isTrue(Exit.isSuccess(exit) && exit.value.status === "completed", String(exit))
          assert.deepStrictEqual(yield* record(folder), undisturbed)
        }),
      )
    }),
  )

  it.effect("1 goes on after an end at any call to the engine as if it had not been", () =>
    Effect.gen(function* () {
      const setup = { config: config(), world }
      const undisturbed = yield* inFolder((folder) => Effect.andThen(start(folder, setup), record(folder)))
      const lost = new PolicyError({ operation: "any", message: "the device was lost" })
      let ends = 0
      for (let call = 4; ; call += 13) {
        let calls = 0
        const until = <A>(verb: Effect.Effect<A, PolicyError>) =>
          Effect.suspend(() => (++calls >= call ? Effect.fail(lost) : verb))
        const ended = yield* inFolder((folder) =>
          Effect.gen(function* () {
            const { exit } = yield* start(folder, {
              ...setup,
              engine: (engine) => ({
                ...engine,
                sample: (requests) => until(engine.sample(requests)),
                frozenSampler: Effect.map(
                  engine.frozenSampler,
                  (sample) => (requests) => until(sample(requests)),
                ),
                forwardBackward: (...args) => until(engine.forwardBackward(...args)),
                optimStep: (adam) => until(engine.optimStep(adam)),
              }),
            })
            yield* start(folder, setup)
            assert.deepStrictEqual(yield* record(folder), undisturbed)
            return Exit.isFailure(exit)
          }),
        )
        if (!ended) break
        ends += 1
      }
      assert.isAbove(ends, 3)
    }),
  )

  it.effect("1 is refused where a loss has no ratio, and with an engine that samples what it trains", () =>
    Effect.gen(function* () {
      const environment = yield* open(puzzleEnvironment(world))
      const refusal = (result: Result.Result<unknown, { readonly message: string }>) =>
        Result.match(result, { onSuccess: () => "none", onFailure: ({ message }) => message })
      const begun = (...changes: ReadonlyArray<string>) =>
        refusal(prepare({ config: settings(...changes), environments: [environment], resume: null }))
      const crossEntropy = 'loss={"_tag":"crossEntropy"}'
      assert.include(begun("update.staleness=1", crossEntropy), "update.staleness 1: loss crossEntropy")
      assert.strictEqual(begun("update.staleness=0", crossEntropy), "none")
      assert.strictEqual(begun("update.staleness=1"), "none")
      const engine = {
        backend: "near",
        description: "",
        contextLength: 1,
        losses: ["importanceSampling"],
        regularizations: [],
        deterministic: true,
        sideBySide: false,
        parameters: 0,
      } as const
      const suited = (staleness: number, samplesWhileLearning: boolean) =>
        refusal(suits(settings(`update.staleness=${staleness}`), { ...engine, samplesWhileLearning }))
      assert.include(suited(1, false), "update.staleness 1: the engine near cannot sample")
      assert.strictEqual(suited(1, true), "none")
      assert.strictEqual(suited(0, false), "none")
      const set = (setting: string) => refusal(withSettings(settings(), [setting]))
      assert.include(set("update.stalenes=1"), "did you mean update.staleness?")
      assert.include(set("update.staleness=2"), "update.staleness")
    }).pipe(Effect.scoped),
  )

  it.effect("0 is what a configuration of before says", () =>
    Effect.gen(function* () {
      const { staleness: _, ...update } = settings().update
      const saved = yield* Effect.fromResult(withSettings({ ...settings(), update } as never, []))
      assert.strictEqual(saved.update.staleness, 0)
    }),
  )
})
