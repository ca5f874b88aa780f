import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { nano } from "../../src/RunConfig.ts"
import type { RunEvent } from "../../src/RunEvent.ts"
import { type RunOverview, type RunStore, readOverview } from "../../src/RunStore.ts"
import { event, failure, platform, saved, withNewRun, withResumedRun } from "./newRun.ts"

const evaluated = (step: number) => ({ _tag: "Evaluated", at: 1, step, results: [], seconds: 1 }) as const
const proposed = (step: number): RunEvent => ({
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
const step = (step: number, at = 1) =>
  ({
    _tag: "StepCompleted",
    at,
    step,
    metrics: {},
    seconds: { generate: 0, execute: 0, train: 0, evaluate: 0, wait: 0, total: 0 },
  }) as const
const started = { _tag: "RunStarted", at: 1, config: nano, versions: {}, policy: "p" } as const
const seeded = { _tag: "Seeded", at: 1, environment: "e", kind: "sum", accepted: 1, rejected: 0 } as const
/** Some 0.1 MB. */
const stepEvents = (at: number): ReadonlyArray<RunEvent> => [
  ...Array.from({ length: 500 }, () => proposed(at)),
  step(at),
  ...(at % 20 === 0 ? [evaluated(at)] : []),
]

layer(platform)("an overview", (it) => {
  it.effect("of a log of any length says what a summary says", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const fs = yield* FileSystem.FileSystem
        assert.deepInclude(yield* readOverview(folder), {
          started: null,
          lastStep: null,
          last: null,
          torn: false,
        })
        yield* store.append([started])
        // Some 6 MB: more than one piece is read, and lines lie across their borders.
        for (let at = 1; at <= 60; at++) {
          yield* store.append(stepEvents(at))
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

  /** A run of 60 steps whose log has been indexed, and ways to its files. */
  const withIndexedRun = <A, E, R>(
    use: (run: {
      readonly store: RunStore["Service"]
      readonly folder: string
      readonly log: string
      readonly index: string
    }) => Effect.Effect<A, E, R>,
  ) =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const fs = yield* FileSystem.FileSystem
        const [log, index] = [`${folder}/events.jsonl`, `${folder}/events.index.json`]
        yield* store.append([started, seeded])
        for (let at = 1; at <= 60; at++) {
          yield* store.append(stepEvents(at))
          if (at === 30) yield* store.checkpoint(saved(at, []), 2)
        }
        assert.isFalse(yield* fs.exists(index))
        assert.deepStrictEqual(facts(yield* readOverview(folder)), [[20, 40, 60], 60, 60])
        assert.isTrue(yield* fs.exists(index))
        return yield* use({ store, folder, log, index })
      }),
    )
  const facts = ({ evaluated, last, lastStep, started }: RunOverview) => {
    assert.strictEqual(started?.policy, "p")
    return [evaluated.map(({ step }) => step), lastStep?.step, last !== null && "step" in last && last.step]
  }

  it.effect(
    "reads on where its index ends, and trusts none that is torn, edited, gone, or of another log",
    () =>
      withIndexedRun(
        Effect.fnUntraced(function* ({ folder, index }) {
          const fs = yield* FileSystem.FileSystem
          const whole = yield* fs.readFileString(index)
          for (const bad of [
            whole.slice(0, -80),
            whole.replace('"evaluated":[', '"evaluated":[ '),
            "",
            "{}",
          ]) {
            yield* fs.writeFileString(index, bad)
            assert.deepStrictEqual(facts(yield* readOverview(folder)), [[20, 40, 60], 60, 60])
            assert.strictEqual(yield* fs.readFileString(index), whole)
          }
          yield* fs.remove(index)
          assert.deepStrictEqual(facts(yield* readOverview(folder)), [[20, 40, 60], 60, 60])
          assert.strictEqual(yield* fs.readFileString(index), whole)
        }),
      ),
  )

  it.effect("does not read again what is indexed, unless the log has changed without growing", () =>
    withIndexedRun(
      Effect.fnUntraced(function* ({ folder, index, log, store }) {
        const fs = yield* FileSystem.FileSystem
        const before = yield* fs.stat(log)
        const text = yield* fs.readFileString(log)
        const broken = `the line at byte ${text.indexOf('{"_tag":"Seeded"')}: not JSON`
        yield* fs.writeFileString(log, text.replace('{"_tag":"Seeded"', '{"_tag":"Seeded,'))
        yield* fs.utimes(log, 1, 1)
        assert.strictEqual((yield* failure(readOverview(folder))).message, broken)
        yield* store.append([event(61)])
        assert.deepStrictEqual(facts(yield* readOverview(folder)), [[20, 40, 60], 60, 61])
        assert.isAbove(Number((yield* fs.stat(log)).size), Number(before.size))
        yield* fs.remove(index)
        assert.strictEqual((yield* failure(readOverview(folder))).message, broken)
      }),
    ),
  )

  it.effect("extends its index as the log grows", () =>
    withIndexedRun(
      Effect.fnUntraced(function* ({ folder, index, store }) {
        const fs = yield* FileSystem.FileSystem
        const first = yield* fs.readFileString(index)
        for (let at = 61; at <= 80; at++) yield* store.append(stepEvents(at))
        assert.deepStrictEqual(facts(yield* readOverview(folder)), [[20, 40, 60, 80], 80, 80])
        assert.strictEqual(yield* fs.readFileString(index), first, "2 MB are no reason to write another")
        for (let at = 81; at <= 120; at++) yield* store.append(stepEvents(at))
        const all = [[20, 40, 60, 80, 100, 120], 120, 120]
        for (const _ of ["from the first index", "from the second"])
          assert.deepStrictEqual(facts(yield* readOverview(folder)), all)
        assert.notStrictEqual(yield* fs.readFileString(index), first)
      }),
    ),
  )

  it.effect("does not take a log that a resume has cut for the one that was indexed", () =>
    withIndexedRun(
      Effect.fnUntraced(function* ({ folder, index, log }) {
        const fs = yield* FileSystem.FileSystem
        const { size } = yield* fs.stat(log)
        yield* withResumedRun(
          folder,
          30,
          Effect.fnUntraced(function* (store) {
            assert.deepStrictEqual(facts(yield* readOverview(folder)), [[20], 30, 30])
            assert.isTrue(yield* fs.exists(index))
            // As before where the index points to, otherwise behind it.
            for (let at = 31; at <= 40; at++) yield* store.append(stepEvents(at))
            yield* store.append([evaluated(45)])
            for (let at = 41; at <= 61; at++) yield* store.append(stepEvents(at))
          }),
        )
        assert.isAbove(Number((yield* fs.stat(log)).size), Number(size))
        assert.deepStrictEqual(facts(yield* readOverview(folder)), [[20, 40, 45, 60], 61, 61])
      }),
    ),
  )

  it.effect("is the same where no index can be kept", () =>
    withIndexedRun(
      Effect.fnUntraced(function* ({ folder, index }) {
        const fs = yield* FileSystem.FileSystem
        yield* fs.remove(index)
        yield* fs.makeDirectory(`${index}.tmp/in-the-way`, { recursive: true })
        assert.deepStrictEqual(facts(yield* readOverview(folder)), [[20, 40, 60], 60, 60])
        assert.isFalse(yield* fs.exists(index))
      }),
    ),
  )
})
