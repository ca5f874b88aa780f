import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, FileSystem, Layer, Result } from "effect"
import { type OpenEnvironment, open } from "../../src/Environment.ts"
import { ExecutorUnavailable } from "../../src/Executor.ts"
import { MachineMeter } from "../../src/MachineMeter.ts"
import { type Datum, PolicyError, type Sample } from "../../src/PolicyEngine.ts"
import { type RunConfig, presets } from "../../src/RunConfig.ts"
import type { RunEvent } from "../../src/RunEvent.ts"
import { RunStore, readCheckpoint } from "../../src/RunStore.ts"
import { prepare, run } from "../../src/selfplay/Loop.ts"
import { type PuzzleOptions, puzzleEnvironment, puzzleText } from "../../src/testing/puzzleEnvironment.ts"
import { scriptedPolicy } from "../../src/testing/scriptedPolicy.ts"
import { type Setup, afterSteps, inFolder, platform, record, start, suite, suites, tags } from "./runs.ts"
import { askedFor, kinds, overKinds, questionOf, seeded, settings, solved, textOf } from "./world.ts"
import { readRun } from "../store/newRun.ts"

describe("a run", () => {
  const config = settings(
    "steps=3",
    kinds(["result", { seeds: 2, proposals: 2, tasks: 1 }]),
    "evaluate.every=2",
    "checkpoint.every=2",
    "checkpoint.keep=1",
  )

  it.effect("tells what happens, in order, on disk and to its observer", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { exit, observed, phases } = yield* start(folder, {
          config,
          world: { suites },
          respond: (prompt) => (askedFor(prompt) === "propose" ? "7 + 7" : solved(questionOf(prompt))),
        })
        assert.isTrue(Exit.isSuccess(exit))
        const { checkpoints, events, torn } = yield* readRun(folder)
        assert.deepStrictEqual(
          tags(events).join(", "),
          "RunStarted, TaskAdded, TaskAdded, Seeded, Evaluated 0, Checkpointed 0, " +
            "TaskAdded, Proposed, Proposed, StepCompleted 1, " +
            "Proposed, Proposed, StepCompleted 2, Evaluated 2, Checkpointed 2, " +
            "Proposed, Proposed, StepCompleted 3, Evaluated 3, Checkpointed 3, " +
            "Evaluated 3, Evaluated 0, RunEnded",
        )
        assert.isFalse(torn)
        assert.deepStrictEqual(observed, events)
        assert.deepStrictEqual(checkpoints, [0, 3])
        assert.deepStrictEqual(phases, [
          { _tag: "Seeding", track: "puzzles/result", tasks: 2 },
          ...[0, 2, 3].map((step) => ({ _tag: "Evaluating" as const, split: "dev" as const, step })),
          { _tag: "Evaluating", split: "test", step: 3 },
          { _tag: "Evaluating", split: "test", step: 0 },
        ])
        assert.deepStrictEqual(events[0], {
          _tag: "RunStarted",
          at: 0,
          config,
          versions: { test: "1" },
          policy: "scripted responses, no model",
        })
        assert.deepInclude(events.at(-1), { _tag: "RunEnded", status: "completed", step: 3, message: "" })
        const statuses = events.flatMap((event) => (event._tag === "Proposed" ? [event.status] : []))
        assert.deepStrictEqual(statuses, ["accepted", ...Array<string>(5).fill("duplicate")])
      }),
    ),
  )

  it.effect("announces no evaluation where there is no suite", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { phases } = yield* start(folder, { config, respond: seeded })
        assert.deepStrictEqual(phases, [{ _tag: "Seeding", track: "puzzles/result", tasks: 2 }])
      }),
    ),
  )

  it.effect("tells the engine after each checkpoint which policies are left in the folder", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const told: Array<ReadonlyArray<string>> = []
        const engine: Setup["engine"] = (policy) => ({
          ...policy,
          retain: (policies) =>
            Effect.map(policies, (all) => {
              told.push(all.map(([file]) => new TextDecoder().decode(file?.bytes)))
            }),
        })
        const keepingOne = settings("steps=3", "checkpoint.every=1", "checkpoint.keep=1")
        const { exit } = yield* start(folder, { config: keepingOne, engine })
        assert.isTrue(Exit.isSuccess(exit))
        const of = (updates: number) => `{"updates":${updates}}`
        assert.deepStrictEqual(told, [[of(0)], [of(0), of(1)], [of(0), of(2)], [of(0), of(3)]])
      }),
    ),
  )

  it.effect(
    "goes on beside a checkpoint that cannot be read, and the engine is not told that it is gone",
    () =>
      inFolder((folder) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          let told = 0
          const engine: Setup["engine"] = (policy) => ({
            ...policy,
            retain: (policies) => Effect.map(policies, () => void told++),
            save: Effect.tap(policy.save, ([file]) =>
              new TextDecoder().decode(file?.bytes) === '{"updates":2}'
                ? Effect.orDie(fs.writeFileString(`${folder}/checkpoints/step-000001/policy.json`, "{}"))
                : Effect.void,
            ),
          })
          const { exit } = yield* start(folder, { config: settings("steps=3", "checkpoint.every=1"), engine })
          assert.isTrue(Exit.isSuccess(exit))
          assert.strictEqual(told, 2)
        }),
      ),
  )

  it.effect(
    "notes what the machine did for each step where somebody measures it, and nothing else of it",
    () =>
      Effect.gen(function* () {
        const meter = new MachineMeter(() => 5e6)
        const executor = meter.executor("e")
        const machineOf = (observed: ReadonlyArray<RunEvent>) =>
          observed.flatMap((event) => (event._tag === "StepCompleted" ? [event.machine] : []))
        const measured = yield* inFolder((folder) =>
          Effect.gen(function* () {
            const engine: Setup["engine"] = (policy) => ({
              ...policy,
              sample: (requests) =>
                Effect.andThen(
                  Effect.sync(() => executor.latencies.push(2)),
                  policy.sample(requests),
                ),
            })
            executor.lost = 3
            const { observed } = yield* start(folder, { config, meter, engine })
            return [machineOf(observed), yield* record(folder)] as const
          }),
        )
        // What was lost while seeding is no step's.
        assert.deepStrictEqual(
          measured[0].map((machine) => [
            machine?.memoryBytes,
            machine?.executors["e"]?.p50,
            machine?.executors["e"]?.lost,
          ]),
          Array.from({ length: 3 }, () => [5e6, 2, 0]),
        )
        const plain = yield* inFolder((folder) =>
          Effect.gen(function* () {
            const { observed } = yield* start(folder, { config })
            return [machineOf(observed), yield* record(folder)] as const
          }),
        )
        assert.deepStrictEqual(plain[0], [undefined, undefined, undefined])
        const without = (text: string | undefined) => text?.replaceAll(',"machine":0', "")
        assert.strictEqual(without(measured[1]["events.jsonl"]), plain[1]["events.jsonl"])
        assert.strictEqual(measured[1]["metrics.jsonl"], plain[1]["metrics.jsonl"])
      }),
  )

  it.effect.each(["paper", "code", "fixed"])(
    "goes through with the settings of preset %s, in a small world",
    (name) =>
      inFolder((folder) =>
        Effect.gen(function* () {
          const preset = presets[name]
          if (preset === undefined) return assert.fail(`no preset ${name}`)
          const small = {
            seeds: 1,
            proposedSeeds: 12,
            proposals: 6,
            tasks: 6,
            solve: 6,
            maxTokens: { propose: 40, solve: 20 },
          }
          const { exit } = yield* start(folder, {
            config: {
              ...preset,
              steps: 3,
              environments: ["puzzles"],
              kinds: { result: small, operand: small, operator: small },
              maxSeedRounds: 4,
              update: { ...preset.update, miniBatch: preset.update.miniBatch === null ? null : 8 },
            },
            world: { suites },
          })
          assert.isTrue(Exit.isSuccess(exit), String(exit))
          const { events } = yield* readRun(folder)
          const steps = events.flatMap((event) => (event._tag === "StepCompleted" ? [event.metrics] : []))
          assert.lengthOf(steps, 3)
          for (const metrics of steps) {
            // One answer to each of the tasks drawn from the buffers is learned from, none of the estimates' is.
            assert.isAtMost(metrics["train/sequences"] ?? 0, 6 * 3 * 2)
            assert.isAbove(metrics["train/sequences"] ?? 0, 6)
            assert.strictEqual((metrics["train/updates"] ?? 0) > 1, name === "code")
          }
        }),
      ),
  )

  it.effect("lets the first policy fill the buffers, and begins with what it has after so many rounds", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        let asked = 0
        const seeding = settings(
          "steps=1",
          "maxSeedRounds=3",
          kinds(
            ["result", { seeds: 1, proposedSeeds: 4, proposals: 2, tasks: 1 }],
            ["operand", { proposedSeeds: 4, proposals: 2, tasks: 1 }],
          ),
        )
        const { exit } = yield* start(folder, {
          config: seeding,
          // Operands are always the same proposal, so that their buffer stays at one.
          respond: (prompt) =>
            askedFor(prompt) === "propose"
              ? prompt.includes("second number")
                ? "7 + 7"
                : `${(asked += 1)} + 1`
              : solved(questionOf(prompt)),
        })
        assert.isTrue(Exit.isSuccess(exit))
        const { events } = yield* readRun(folder)
        const before = events.slice(
          0,
          events.findIndex(({ _tag }) => _tag === "Evaluated"),
        )
        assert.deepStrictEqual(
          before.flatMap((event) =>
            event._tag === "Seeded" ? [[event.kind, event.accepted, event.rejected]] : [],
          ),
          [
            ["result", 1, 0],
            // Two a round until there are four; then only the other kind is asked for.
            ["result", 4, 0],
            ["operand", 1, 5],
          ],
        )
        const added = before.flatMap((event) => (event._tag === "TaskAdded" ? [event.record] : []))
        assert.lengthOf(added, 6)
        assert.isTrue(added.every(({ step }) => step === 0))
        assert.deepStrictEqual(
          added.map(({ origin }) => origin),
          ["seed", ...Array<string>(5).fill("proposed")],
        )
      }),
    ),
  )

  it.effect("an event is on disk when it is observed", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        let seen = 0
        yield* run({
          config,
          environments: [yield* open(puzzleEnvironment())],
          resume: null,
          versions: {},
          observe: (event) =>
            Effect.gen(function* () {
              const { events } = yield* readRun(folder)
              assert.deepStrictEqual(events[seen++], event)
            }).pipe(Effect.orDie, Effect.provide(platform)),
          announce: () => Effect.void,
          stopRequested: Effect.succeed(false),
        }).pipe(Effect.provide(Layer.merge(RunStore.layerNew(folder, config), scriptedPolicy(seeded))))
        assert.isAbove(seen, 15)
      }).pipe(Effect.scoped),
    ),
  )

  it.effect("tests the first policy against the last", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { exit } = yield* start(folder, {
          config,
          world: { suites },
          // Knows the answers once it has learned.
          respond: (prompt, seed, updates) =>
            askedFor(prompt) === "propose"
              ? seeded(prompt, seed, updates)
              : updates >= 1 || seed % 2 === 1
                ? solved(questionOf(prompt))
                : "0",
        })
        if (Exit.isFailure(exit)) return assert.fail(String(exit.cause))
        const { step, status, test } = exit.value
        assert.deepStrictEqual([status, step], ["completed", 3])
        assert.deepStrictEqual(
          test?.before.map(({ correct, suite: id, total }) => [id, correct, total]),
          [["test", 0, 3]],
        )
        assert.deepStrictEqual(
          test?.after.map(({ correct, suite: id, total }) => [id, correct, total]),
          [["test", 3, 3]],
        )
      }),
    ),
  )

  it.effect("of no steps evaluates, saves and tests", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { exit } = yield* start(folder, { config: settings("steps=0"), world: { suites } })
        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(tags((yield* readRun(folder)).events), [
          "RunStarted",
          "Evaluated 0",
          "Checkpointed 0",
          "Evaluated 0",
          "Evaluated 0",
          "RunEnded",
        ])
      }),
    ),
  )
})

describe("seeding", () => {
  const seededBy = (world: Partial<PuzzleOptions>, ...changes: ReadonlyArray<string>) =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* start(folder, { config: settings("steps=0", ...changes), world })
        const { events } = yield* readRun(folder)
        return {
          tasks: events.flatMap((event) => (event._tag === "TaskAdded" ? [event.record] : [])),
          ends: events.flatMap((event) => (event._tag === "Seeded" ? [event] : [])),
        }
      }),
    )

  it.effect(
    "fills each buffer with as many different tasks as asked, all of step 0 and without parents",
    () =>
      Effect.gen(function* () {
        const { ends, tasks } = yield* seededBy(
          {},
          kinds(["result", { seeds: 30 }], ["operand", { seeds: 5 }], ["operator", {}]),
        )
        assert.deepStrictEqual(
          ends.map(({ accepted, kind }) => [kind, accepted]),
          [
            ["result", 30],
            ["operand", 5],
          ],
        )
        assert.strictEqual(new Set(tasks.map((task) => `${task.kind} ${textOf(task)}`)).size, 35)
        assert.isTrue(
          tasks.every(
            ({ parents, step, successRate }) => step === 0 && parents.length === 0 && successRate === null,
          ),
        )
      }),
  )

  it.effect("stops where there are no more, and says how many it has", () =>
    Effect.gen(function* () {
      // Numbers 0 and 1 with three operators: twelve puzzles.
      const { ends, tasks } = yield* seededBy({ largest: 1 }, kinds(["result", { seeds: 100 }]))
      assert.isAtMost(tasks.length, 12)
      assert.isAtLeast(tasks.length, 10)
      assert.strictEqual(ends[0]?.accepted, tasks.length)
      assert.isAbove(ends[0]?.rejected ?? 0, 80)
    }),
  )

  it.effect("refuses held-out tasks, by split and by suite", () =>
    Effect.gen(function* () {
      const held = [0, 1].flatMap((b) =>
        (["+", "-", "*"] as const).map((operator) => ({ a: 0, operator, b })),
      )
      const { tasks } = yield* seededBy(
        {
          largest: 1,
          split: ({ a, b }) => (a === 1 && b === 1 ? "dev" : "train"),
          suites: [suite("test", "test", ...held.map(puzzleText))],
        },
        kinds(["result", { seeds: 100 }]),
      )
      const allowed = new Set(["1 + 0", "1 - 0", "1 * 0"])
      assert.isNotEmpty(tasks)
      assert.isTrue(tasks.every((task) => allowed.has(textOf(task))))
    }),
  )
})

describe("held-out tasks", () => {
  it.effect("never enter a buffer or a prompt of the training, however often they are proposed", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const held = new Set([
          ...suites
            .flatMap(({ tasks }) => tasks as ReadonlyArray<Parameters<typeof puzzleText>[0]>)
            .map(puzzleText),
          "6 * 6",
        ])
        yield* start(folder, {
          config: settings(
            "steps=6",
            "solve.from=both",
            overKinds,
            kinds(
              ["result", { seeds: 4, proposals: 12, tasks: 12, solve: 8 }],
              ["operator", { proposals: 6, tasks: 6, solve: 4 }],
            ),
          ),
          world: { suites, largest: 6, split: (task) => (puzzleText(task) === "6 * 6" ? "dev" : "train") },
          respond: (prompt, seed) => {
            if (prompt.includes("between these numbers")) return ["+", "-", "*"][seed % 3] ?? "+"
            if (askedFor(prompt) === "solve") return solved(questionOf(prompt))
            return seed % 2 === 0
              ? ([...held][seed % held.size] ?? "")
              : `${(seed >>> 3) % 7} - ${(seed >>> 6) % 7}`
          },
        })
        const { events } = yield* readRun(folder)
        const added = events.flatMap((event) => (event._tag === "TaskAdded" ? [event.record] : []))
        const results = added.filter(({ kind }) => kind === "result").map(textOf)
        assert.isAbove(results.length, 10)
        assert.isFalse(results.some((text) => held.has(text)))
        const refused = events.filter((event) => event._tag === "Proposed" && event.status === "heldOut")
        assert.isAbove(refused.length, 10)
        for (const name of yield* fs.readDirectory(`${folder}/rollouts`)) {
          for (const line of (yield* fs.readFileString(`${folder}/rollouts/${name}`)).trimEnd().split("\n")) {
            const { kind, prompt }: { kind: string; prompt: string } = JSON.parse(line)
            const shown = prompt.split("\n").filter((part) => !part.startsWith("W"))
            if (kind === "result")
              assert.isFalse(
                shown.some((part) => held.has(part.replace(" = ?", ""))),
                prompt,
              )
          }
        }
      }),
    ),
  )
})

describe("the same seed", () => {
  const config = settings(
    "steps=4",
    "solve.from=both",
    overKinds,
    "evaluate.every=2",
    "propose.mix=recency",
    'reward.propose.coverage={"decay":0.9,"exponent":0.5}',
    kinds(
      ["result", { seeds: 3, proposals: 6 }],
      ["operand", { proposals: 4 }],
      ["operator", { proposals: 4 }],
    ),
  )

  it.live("gives the same record, apart from time", () =>
    Effect.gen(function* () {
      const once = (setup: Setup) =>
        inFolder((folder) => Effect.andThen(start(folder, setup), record(folder)))
      const first = yield* once({ config, world: { suites } })
      assert.deepStrictEqual(yield* once({ config, world: { suites } }), first)
      assert.isAbove(Object.keys(first).length, 5)
      const other = yield* once({ config: { ...config, seed: 12 }, world: { suites } })
      assert.notStrictEqual(other["events.jsonl"], first["events.jsonl"])
    }),
  )
})

describe("stopping and resuming", () => {
  const config = (checkpointEvery: number) =>
    settings(
      "steps=6",
      "solve.from=both",
      overKinds,
      "evaluate.every=3",
      `checkpoint.every=${checkpointEvery}`,
      "buffer.capacity=12",
      "buffer.keepSeeds=2",
      'reward.propose.coverage={"decay":0.9,"exponent":0.5}',
      kinds(
        ["result", { seeds: 5, proposals: 6 }],
        ["operand", { proposals: 4 }],
        ["operator", { proposals: 4 }],
      ),
    )
  const undisturbed = (checkpointEvery: number) =>
    inFolder((folder) =>
      Effect.andThen(start(folder, { config: config(checkpointEvery), world: { suites } }), record(folder)),
    )

  it.effect("a stop saves, ends as interrupted, and the run goes on as if it had not been", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const setup = { config: config(2), world: { suites } }
        const stopped = yield* start(folder, { ...setup, stopAt: afterSteps(4) })
        if (Exit.isFailure(stopped.exit)) return assert.fail(String(stopped.exit.cause))
        assert.deepStrictEqual(stopped.exit.value, { status: "interrupted", step: 4, test: null })
        const { checkpoints, events } = yield* readRun(folder)
        assert.deepInclude(events.at(-1), { _tag: "RunEnded", status: "interrupted", step: 4 })
        // An evaluation is saved with its policy, so that the best one can be kept.
        assert.deepStrictEqual(checkpoints, [0, 2, 3, 4])

        const resumed = yield* start(folder, setup)
        if (Exit.isFailure(resumed.exit)) return assert.fail(String(resumed.exit.cause))
        assert.strictEqual(resumed.exit.value.status, "completed")
        assert.deepStrictEqual(yield* record(folder), yield* undisturbed(2))
      }),
    ),
  )

  it.effect("a stop between two checkpoints leaves no trace at all", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const setup = { config: config(0), world: { suites } }
        yield* start(folder, { ...setup, stopAt: afterSteps(1) })
        assert.deepStrictEqual(tags((yield* readRun(folder)).events).slice(-2), [
          "Checkpointed 1",
          "RunEnded",
        ])
        yield* start(folder, { ...setup, stopAt: afterSteps(1) })
        // Before its first step: there is nothing new to save.
        yield* start(folder, { ...setup, stopAt: () => true })
        assert.deepStrictEqual((yield* readRun(folder)).checkpoints, [0, 2])
        yield* start(folder, setup)
        assert.deepStrictEqual(yield* record(folder), yield* undisturbed(0))
        assert.deepStrictEqual((yield* readRun(folder)).checkpoints, [0, 3, 6])
      }),
    ),
  )

  it.effect("a stop between two rounds of seeding leaves no trace either, and the seeding goes on", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const setup = {
          config: settings(
            "steps=2",
            "maxSeedRounds=5",
            kinds(["result", { seeds: 3, proposedSeeds: 12 }], ["operand", { seeds: 2, proposedSeeds: 6 }]),
          ),
          world: { suites },
        }
        const whole = yield* inFolder((other) => Effect.andThen(start(other, setup), record(other)))
        let stops = 0
        for (;;) {
          const { exit, observed } = yield* start(folder, { ...setup, stopAt: () => true })
          if (Exit.isFailure(exit)) return assert.fail(String(exit.cause))
          assert.strictEqual(exit.value.status, "interrupted")
          assert.isFalse(observed.some(({ _tag }) => _tag === "StepCompleted"))
          if (observed.some(({ _tag }) => _tag === "Evaluated")) break
          stops += 1
          const { checkpoints, events } = yield* readRun(folder)
          assert.deepStrictEqual(checkpoints, [0])
          assert.deepInclude(events.at(-1), { _tag: "RunEnded", status: "interrupted", step: 0 })
        }
        // Two buffers with seeds of the environment, and at least two rounds of proposals.
        assert.isAtLeast(stops, 4)
        yield* start(folder, setup)
        assert.deepStrictEqual(yield* record(folder), whole)
      }),
    ),
  )

  it.effect(
    "a run that was stopped ends there, if that is the last step from then on, as if it always had been",
    () =>
      inFolder((folder) =>
        Effect.gen(function* () {
          const ending = (steps: number) => ({ config: { ...config(2), steps }, world: { suites } })
          // Nothing is due at step 1, a checkpoint without an evaluation at step 2.
          for (const steps of [1, 2]) {
            const run = `${folder}-${steps}`
            yield* start(run, { ...ending(6), stopAt: afterSteps(steps) })
            const { exit } = yield* start(run, ending(steps))
            assert.isTrue(Exit.isSuccess(exit) && exit.value.status === "completed")
            const { checkpoints, events } = yield* readRun(run)
            assert.deepStrictEqual(checkpoints, [0, steps])
            assert.strictEqual((yield* readCheckpoint(run, steps)).manifest.scheduled, true)
            assert.isNotNull((yield* readCheckpoint(run, steps)).manifest.score)
            assert.deepStrictEqual(tags(events).slice(-5), [
              `Evaluated ${steps}`,
              `Checkpointed ${steps}`,
              `Evaluated ${steps}`,
              "Evaluated 0",
              "RunEnded",
            ])
            if (steps > 1) continue
            const whole = yield* inFolder((other) => Effect.andThen(start(other, ending(1)), record(other)))
            const withoutSettings = (texts: Readonly<Record<string, string>>) => ({
              ...texts,
              "events.jsonl": texts["events.jsonl"]?.slice(texts["events.jsonl"].indexOf("\n")),
            })
            assert.deepStrictEqual(withoutSettings(yield* record(run)), withoutSettings(whole))
          }
        }),
      ),
  )

  it.effect("a stop after the last step spares the final evaluation, and the run goes on with that", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const setup = { config: config(2), world: { suites } }
        const tests = (observed: ReadonlyArray<RunEvent>) =>
          observed.filter((event) => event._tag === "Evaluated" && event.results[0]?.split === "test").length
        for (const [stopAt, evaluations] of [
          [afterSteps(6), 0],
          [(observed: ReadonlyArray<RunEvent>) => tests(observed) === 1, 1],
        ] as const) {
          const { exit, observed } = yield* start(folder, { ...setup, stopAt })
          if (Exit.isFailure(exit)) return assert.fail(String(exit.cause))
          assert.deepStrictEqual(exit.value, { status: "interrupted", step: 6, test: null })
          assert.strictEqual(tests(observed), evaluations)
        }
        const { exit } = yield* start(folder, setup)
        assert.isTrue(Exit.isSuccess(exit) && exit.value.status === "completed")
        assert.deepStrictEqual(yield* record(folder), yield* undisturbed(2))
      }),
    ),
  )

  it.effect("an engine that fails ends the run as failed; resumed, it goes on as if it had not", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const setup = { config: config(2), world: { suites } }
        let samples = 0
        const failing = yield* start(folder, {
          ...setup,
          engine: (engine) => ({
            ...engine,
            sample: (requests) =>
              ++samples > 14
                ? Effect.fail(new PolicyError({ operation: "sample", message: "the device was lost" }))
                : engine.sample(requests),
          }),
        })
        assert.isTrue(Exit.isFailure(failing.exit))
        const { checkpoints, events } = yield* readRun(folder)
        assert.deepInclude(events.at(-1), {
          _tag: "RunEnded",
          status: "failed",
          message: "the device was lost",
        })
        assert.isAbove(checkpoints.length, 1)
        yield* start(folder, setup)
        assert.deepStrictEqual(yield* record(folder), yield* undisturbed(2))
      }),
    ),
  )

  it.effect("from the very first checkpoint, too", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const setup = { config: config(2), world: { suites } }
        yield* start(folder, {
          ...setup,
          engine: (engine) => ({
            ...engine,
            forwardBackward: () =>
              Effect.fail(new PolicyError({ operation: "forwardBackward", message: "no" })),
          }),
        })
        assert.deepStrictEqual((yield* readRun(folder)).checkpoints, [0])
        yield* start(folder, setup)
        assert.deepStrictEqual(yield* record(folder), yield* undisturbed(2))
      }),
    ),
  )

  it.effect("at the last step only the test is left to do", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const setup = { config: config(2), world: { suites } }
        yield* start(folder, {
          ...setup,
          engine: (engine) => ({
            ...engine,
            load: () => Effect.fail(new PolicyError({ operation: "load", message: "no" })),
          }),
        })
        assert.deepInclude((yield* readRun(folder)).events.at(-1), { status: "failed", step: 6 })
        yield* start(folder, setup)
        assert.deepStrictEqual(yield* record(folder), yield* undisturbed(2))
      }),
    ),
  )
})

describe("a run that cannot begin", () => {
  const refusal = (
    config: RunConfig,
    change: (environment: OpenEnvironment) => ReadonlyArray<OpenEnvironment>,
    resume: unknown = null,
  ) =>
    Effect.gen(function* () {
      const environment = yield* open(puzzleEnvironment({ suites }))
      return Result.match(prepare({ config, environments: change(environment), resume }), {
        onSuccess: () => "no refusal",
        onFailure: ({ message }) => message,
      })
    }).pipe(Effect.scoped)
  const group = (estimator: string) => `{"_tag":"${estimator}","epsilon":0,"deviation":"sample"}`

  it.effect.each<readonly [string, ReadonlyArray<string>, string]>([
    [
      "an unknown kind",
      [kinds(["reslt", {}])],
      "kinds: no environment of this run has reslt; did you mean result?",
    ],
    [
      "an unknown suite",
      ['evaluate.suites=["dve"]'],
      "evaluate.suites: no environment of this run has dve; did you mean dev?",
    ],
    [
      "groups among proposals",
      [`advantage.propose=${group("grpo")}`],
      "advantage.propose grpo needs several responses",
    ],
    [
      "groups among tasks of the buffer",
      ["solve.from=both"],
      "advantage.solve grpo needs several answers to a task",
    ],
    ["groups of one", ["estimate.samples=1"], "advantage.solve grpo needs estimate.samples of 2 or more"],
    [
      "seeds to propose in no rounds",
      [kinds(["result", { proposedSeeds: 4 }])],
      "kinds.*.proposedSeeds needs maxSeedRounds of 1 or more",
    ],
    [
      "a penalty without a gradient",
      ['kl={"estimator":"k1","coefficient":0.1,"in":"loss"}'],
      "kl.estimator k1 in the loss has a mean gradient of 0, and holds nothing back; use k2, or kl.in=reward",
    ],
    ["a zone for the buffer only", ["buffer.admit=zone"], "buffer.admit zone needs reward.propose.zone"],
    [
      "a buffer that nothing is drawn from",
      ["solve.from=buffer", overKinds, kinds(["result", { solve: 0 }])],
      "solve.from buffer draws no tasks",
    ],
  ])("has %s", ([, changes, message]) =>
    Effect.gen(function* () {
      assert.include(yield* refusal(settings(...changes), (environment) => [environment]), message)
    }),
  )

  it.effect("has proposals for given tasks of a kind that is not there", () =>
    Effect.gen(function* () {
      const as = (environment: OpenEnvironment) => [environment]
      const message =
        "kinds.operator: environment puzzles proposes it for tasks of result, none of which is among the kinds; add one, or let it propose nothing (proposals=0, proposedSeeds=0)"
      const alone = (changes: object) => settings(kinds(["operator", changes], ["operand", {}]))
      assert.strictEqual(yield* refusal(alone({}), as), message)
      assert.strictEqual(
        yield* refusal({ ...alone({ proposals: 0, proposedSeeds: 1 }), maxSeedRounds: 1 }, as),
        message,
      )
      assert.strictEqual(yield* refusal(alone({ proposals: 0 }), as), "no refusal")
      assert.strictEqual(yield* refusal(settings(kinds(["operator", {}], ["result", {}])), as), "no refusal")
    }),
  )

  it.effect("has environments that cannot serve it", () =>
    Effect.gen(function* () {
      const config = settings()
      assert.strictEqual(yield* refusal(config, (environment) => [environment]), "no refusal")
      assert.strictEqual(
        yield* refusal(config, (environment) => [{ ...environment, styles: ["compact"] }]),
        "promptStyle full: environment puzzles has compact",
      )
      assert.strictEqual(
        yield* refusal(config, (environment) => [environment, environment]),
        "environments: puzzles is there twice",
      )
      const composite = 'propose.composite={"chance":1,"functions":{"least":1,"most":2},"from":0,"over":0}'
      assert.strictEqual(yield* refusal(settings(composite), (environment) => [environment]), "no refusal")
      assert.strictEqual(
        yield* refusal(settings(composite, "promptStyle=compact"), (environment) => [environment]),
        "propose.composite: environment puzzles has no composite functions in promptStyle compact for result; set it to null",
      )
    }),
  )

  it.effect("has a checkpoint whose state is none", () =>
    Effect.gen(function* () {
      const message = yield* refusal(settings(), (environment) => [environment], { step: "three" })
      assert.include(message, "the checkpoint's state cannot be read")
    }),
  )

  it.effect("leaves no event behind", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { exit } = yield* start(folder, { config: settings("solve.from=both") })
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual((yield* readRun(folder)).events, [])
      }),
    ),
  )
})

describe("an executor that is not there", () => {
  const unavailable = new ExecutorUnavailable({
    executor: "puzzles",
    reason: "it left",
    hint: "call it back",
  })

  it.effect.each(["validate", "verify"] as const)(
    "ends the run as failed, and is no reward: %s",
    (operation) =>
      inFolder((folder) =>
        Effect.gen(function* () {
          let calls = 0
          const lose = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | ExecutorUnavailable> =>
            Effect.suspend((): Effect.Effect<A, E | ExecutorUnavailable> =>
              ++calls > 9 ? Effect.fail(unavailable) : effect,
            )
          const { exit } = yield* start(folder, {
            config: settings(kinds(["result", { seeds: 5 }])),
            environment: (environment) => ({
              ...environment,
              kinds: new Map(
                [...environment.kinds].map(([id, kind]) => [
                  id,
                  {
                    ...kind,
                    validate: (draft) =>
                      operation === "validate" ? lose(kind.validate(draft)) : kind.validate(draft),
                    verify: (task, answer) =>
                      operation === "verify" ? lose(kind.verify(task, answer)) : kind.verify(task, answer),
                  },
                ]),
              ),
            }),
          })
          assert.deepStrictEqual(Exit.isFailure(exit) && Cause.squash(exit.cause), unavailable)
          const { events } = yield* readRun(folder)
          assert.deepInclude(events.at(-1), { _tag: "RunEnded", status: "failed" })
        }),
      ),
  )

  it.effect("ends the seeding, too: a buffer without seeds would be a silent fallback", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { exit } = yield* start(folder, {
          config: settings(kinds(["result", { seeds: 5 }])),
          environment: (environment) => ({
            ...environment,
            kinds: new Map(
              [...environment.kinds].map(([id, kind]) => [
                id,
                { ...kind, validate: () => Effect.fail(unavailable) },
              ]),
            ),
          }),
        })
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(tags((yield* readRun(folder)).events), ["RunStarted", "RunEnded"])
      }),
    ),
  )
})

describe("a policy that has diverged", () => {
  it.effect("ends the run at its first sample that is no number", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { exit } = yield* start(folder, {
          config: settings(),
          engine: (engine) => ({
            ...engine,
            sample: (requests) =>
              Effect.map(engine.sample(requests), (all) =>
                all.map((samples) =>
                  samples.map((sample) => ({ ...sample, logprobs: sample.tokens.map(() => Number.NaN) })),
                ),
              ),
          }),
        })
        assert.isTrue(Exit.isFailure(exit))
        const end = (yield* readRun(folder)).events.at(-1)
        assert.isTrue(end?._tag === "RunEnded" && end.message.includes("the policy has diverged"))
      }),
    ),
  )
})

describe("tokens", () => {
  // Text cannot tell what was sampled: every character has a twin that decodes to it, and there is a token without text.
  const twin = 1 << 21
  const silent = twin
  const textTokens = (tokens: ReadonlyArray<number>) =>
    tokens.filter((token) => token !== silent).map((token) => token % twin)
  const spoken = (sample: Sample): Sample => {
    const tokens = sample.tokens.flatMap((token, t) => (token === 0 ? [0] : [token + (t % 2) * twin, silent]))
    return { ...sample, tokens, logprobs: tokens.map((token, t) => -(1 + ((token + t) % 17)) / 20) }
  }

  it.effect("that are learned from are those that were sampled, not those of their text", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const sampled: Array<{ readonly prompt: ReadonlyArray<number>; readonly sample: Sample }> = []
        const taught: Array<Datum> = []
        const compared: Array<ReadonlyArray<number>> = []
        const { exit } = yield* start(folder, {
          config: settings(
            "steps=2",
            kinds(["result", { seeds: 2 }]),
            "solve.from=both",
            overKinds,
            'kl={"estimator":"k2","coefficient":0.01,"in":"loss"}',
          ),
          engine: (engine) => ({
            ...engine,
            tokenizer: {
              ...engine.tokenizer,
              decode: (tokens) => engine.tokenizer.decode(textTokens(tokens)),
            },
            sample: (requests) =>
              Effect.map(engine.sample(requests), (all) =>
                all.map((samples, request) =>
                  samples.map(spoken).map((sample) => {
                    sampled.push({ prompt: requests[request]?.prompt ?? [], sample })
                    return sample
                  }),
                ),
              ),
            referenceLogprobs: (sequences) => {
              compared.push(...sequences)
              return engine.referenceLogprobs(sequences)
            },
            forwardBackward: (datums, loss, regularization) => {
              taught.push(...datums)
              return engine.forwardBackward(datums, loss, regularization)
            },
          }),
        })
        assert.isTrue(Exit.isSuccess(exit))
        const sequences = new Map(
          sampled.map(({ prompt, sample }) => [[...prompt, ...sample.tokens].join(), { prompt, sample }]),
        )
        assert.isAbove(taught.length, 20)
        for (const { logprobs, tokens, weights } of taught) {
          const found = sequences.get(tokens.join())
          if (found === undefined) return assert.fail(`nobody sampled ${tokens.join()}`)
          const before = found.prompt.map(() => 0)
          assert.deepStrictEqual(logprobs, [...before, ...found.sample.logprobs])
          assert.deepStrictEqual(
            weights.map((weight) => weight !== 0),
            [...before.map(() => false), ...found.sample.tokens.map(() => true)],
          )
        }
        assert.isAbove(compared.length, 20)
        for (const tokens of compared) assert.isTrue(sequences.has(tokens.join()))
        // What is graded is their text all the same, and lengths are counted in tokens.
        const rollouts = (yield* record(folder))["rollouts/step-000001.jsonl"]?.trim().split("\n") ?? []
        const lines = rollouts.map((line): { response: string; tokens: number; outcome: string } =>
          JSON.parse(line),
        )
        assert.isTrue(lines.some(({ outcome }) => outcome === "correct"))
        for (const { response, tokens } of lines) {
          assert.notMatch(response, /[^ -~]/u)
          assert.strictEqual(tokens, 2 * response.length + 1)
        }
      }),
    ),
  )
})

describe("a run that cannot write", () => {
  it.effect("fails with the store's error, and keeps what it wrote", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        let steps = 0
        const { exit } = yield* start(folder, {
          config: settings("steps=5"),
          engine: (engine) => ({
            ...engine,
            optimStep: (adam) =>
              Effect.andThen(
                ++steps === 2
                  ? Effect.orDie(
                      Effect.andThen(
                        fs.remove(`${folder}/rollouts`, { recursive: true }),
                        fs.writeFileString(`${folder}/rollouts`, "in the way"),
                      ),
                    )
                  : Effect.void,
                engine.optimStep(adam),
              ),
          }),
        })
        if (Exit.isSuccess(exit)) return assert.fail("it went on")
        const { events } = yield* readRun(folder)
        assert.include(tags(events), "StepCompleted 1")
        const end = events.at(-1)
        assert.isTrue(end?._tag === "RunEnded" && end.status === "failed" && end.step === 2)
      }),
    ),
  )
})
