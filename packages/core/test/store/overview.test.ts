import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { nano } from "../../src/RunConfig.ts"
import type { RunEvent } from "../../src/RunEvent.ts"
import { type RunOverview, readOverview } from "../../src/RunStore.ts"
import { event, withNewRun, failure, platform } from "./newRun.ts"

layer(platform)("an overview", (it) => {
  it.effect("of a log of any length says what a summary says", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const fs = yield* FileSystem.FileSystem
        const evaluated = (step: number) =>
          ({
            _tag: "Evaluated",
            at: 1,
            step,
            results: [],
            seconds: 1,
          }) as const
        const added = (step: number): RunEvent => ({
          _tag: "Proposed",
          at: 1,
          step,
          environment: "é".repeat(50),
          kind: "sum",
          status: "accepted",
          reason: "",
          task: null,
          rollout: 0,
        })
        const step = (step: number) =>
          ({
            _tag: "StepCompleted",
            at: 1,
            step,
            metrics: {},
            seconds: { generate: 0, execute: 0, train: 0, evaluate: 0, wait: 0, total: 0 },
          }) as const
        const started = { _tag: "RunStarted", at: 1, config: nano, versions: {}, policy: "p" } as const
        assert.deepInclude(yield* readOverview(folder), {
          started: null,
          lastStep: null,
          last: null,
          torn: false,
        })
        yield* store.append([started])
        // Some 6 MB: more than one piece is read, and lines lie across their borders.
        for (let at = 1; at <= 60; at++) {
          yield* store.append([...Array.from({ length: 500 }, () => added(at)), step(at)])
          if (at % 20 === 0) yield* store.append([evaluated(at)])
        }
        const overview = yield* readOverview(folder)
        const expected: RunOverview = {
          config: nano,
          started,
          evaluated: [evaluated(20), evaluated(40), evaluated(60)],
          lastStep: step(60),
          last: evaluated(60),
          torn: false,
          checkpoints: [],
        }
        assert.deepStrictEqual(overview, expected)
        for (const tail of ['{"_tag":"RunEn', '{"_tag":"RunEn\n', "\u0000\u0000\n"]) {
          yield* store.append([event(61)])
          const whole = yield* fs.readFileString(`${folder}/events.jsonl`)
          yield* fs.writeFileString(`${folder}/events.jsonl`, whole + tail)
          const torn = yield* readOverview(folder)
          assert.deepStrictEqual([torn.last, torn.torn, torn.lastStep], [event(61), true, step(60)])
          yield* fs.writeFileString(`${folder}/events.jsonl`, whole)
        }
      }),
    ),
  )

  it.effect("names a line that is broken elsewhere", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(`${folder}/events.jsonl`, '{"_tag":"RunSt\n')
        yield* store.append([event(1), event(2)])
        assert.strictEqual((yield* failure(readOverview(folder))).file, "events.jsonl")
      }),
    ),
  )
})
