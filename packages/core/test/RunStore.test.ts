import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { nano } from "../src/RunConfig.ts"
import { RunStore, listCheckpoints, lockFile, readConfig } from "../src/RunStore.ts"
import {
  readRun,
  platform,
  event,
  policy,
  saved,
  rollout,
  temporary,
  withNewRun,
  withResumedRun,
  failure,
} from "./store/newRun.ts"

layer(platform)("RunStore", (it) => {
  describe("a new run", () => {
    it.effect("saves its resolved configuration and starts without events", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          assert.strictEqual(store.folder, folder)
          assert.deepStrictEqual(yield* readConfig(folder), nano)
          assert.deepStrictEqual(yield* readRun(folder), {
            config: nano,
            events: [],
            torn: false,
            checkpoints: [],
          })
        }),
      ),
    )

    it.effect("accepts an empty folder and refuses one with anything in it", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* temporary
        yield* Layer.build(RunStore.layerNew(folder, nano))
        const again = yield* failure(Layer.build(RunStore.layerNew(folder, nano)))
        assert.deepStrictEqual(again, {
          file: ".",
          message: `${folder} is not empty; choose another name for the run`,
        })
        const other = yield* temporary
        yield* fs.writeFileString(`${other}/.hidden`, "")
        assert.include((yield* failure(Layer.build(RunStore.layerNew(other, nano)))).message, "is not empty")
        assert.deepStrictEqual(yield* fs.readDirectory(other), [".hidden"])
      }),
    )

    it.effect("cannot start where a file is in the way", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const file = `${yield* temporary}/file`
        yield* fs.writeFileString(file, "precious")
        assert.strictEqual((yield* failure(Layer.build(RunStore.layerNew(file, nano)))).file, ".")
        assert.strictEqual(yield* fs.readFileString(file), "precious")
      }),
    )
  })

  describe("logs", () => {
    it.effect("hold what was appended, in order, one JSON object a line", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.append([event(1), event(2, "a\nb \u2028 é")])
          yield* store.append([])
          yield* store.append([event(3)])
          const { events, torn } = yield* readRun(folder)
          assert.deepStrictEqual(events, [event(1), event(2, "a\nb \u2028 é"), event(3)])
          assert.isFalse(torn)
          assert.lengthOf((yield* fs.readFileString(`${folder}/events.jsonl`)).split("\n"), 4)

          yield* store.metrics(1, { "train/loss": 0.5 })
          yield* store.metrics(2, {})
          const metrics = (yield* fs.readFileString(`${folder}/metrics.jsonl`)).trimEnd().split("\n")
          assert.deepStrictEqual(
            metrics.map((line): unknown => JSON.parse(line)),
            [
              { step: 1, at: 0, "train/loss": 0.5 },
              { step: 2, at: 0 },
            ],
          )

          yield* store.rollouts(7, [rollout(7), rollout(7)])
          const rollouts = (yield* fs.readFileString(`${folder}/rollouts/step-000007.jsonl`))
            .trimEnd()
            .split("\n")
          assert.deepStrictEqual(
            rollouts.map((line): unknown => JSON.parse(line)),
            [rollout(7), rollout(7)],
          )
        }),
      ),
    )

    it.effect("keep lines whole when many fibers append at once", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const long = "x".repeat(400_000)
          yield* Effect.forEach(
            Array.from({ length: 12 }, (_, i) => i),
            (i) => store.append([event(i, long), event(i, long)]),
            {
              concurrency: "unbounded",
              discard: true,
            },
          )
          const { events } = yield* readRun(folder)
          assert.lengthOf(events, 24)
          for (let i = 0; i < 24; i += 2) assert.deepStrictEqual(events[i], events[i + 1])
        }),
      ),
    )

    it.effect("leave out a torn last line, in whatever way it is torn", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.append([event(1)])
          const whole = yield* fs.readFileString(`${folder}/events.jsonl`)
          for (const tail of [
            '{"_tag":"RunEn',
            '{"_tag":"RunEn\n',
            "\u0000\u0000\u0000",
            whole.trimEnd(),
            '"é'.slice(0, 2),
          ]) {
            yield* fs.writeFileString(`${folder}/events.jsonl`, whole + tail)
            const { events, torn } = yield* readRun(folder)
            assert.deepStrictEqual(events, [event(1)])
            assert.isTrue(torn)
          }
        }),
      ),
    )

    it.effect("cut at any byte, read as the whole lines before it", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.append([event(1), event(2, "ünïcödé ✓ 𝕏"), event(3)])
          const bytes = yield* fs.readFile(`${folder}/events.jsonl`)
          for (let length = 0; length <= bytes.length; length++) {
            const cut = bytes.slice(0, length)
            yield* fs.writeFile(`${folder}/events.jsonl`, cut)
            const { events, torn } = yield* readRun(folder)
            assert.lengthOf(events, cut.filter((byte) => byte === 10).length)
            assert.strictEqual(torn, length > 0 && cut.at(-1) !== 10)
          }
        }),
      ),
    )

    it.effect("are refused with file and line where something else than the last line is broken", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.append([event(1), event(2), event(3)])
          const lines = (yield* fs.readFileString(`${folder}/events.jsonl`)).split("\n")
          const write = (line: string) =>
            fs.writeFileString(`${folder}/events.jsonl`, lines.with(1, line).join("\n"))

          yield* write('{"_tag":')
          assert.deepStrictEqual(yield* failure(readRun(folder)), {
            file: "events.jsonl",
            message: "line 2: not JSON",
          })
          yield* write("")
          assert.deepStrictEqual(yield* failure(readRun(folder)), {
            file: "events.jsonl",
            message: "line 2: not JSON",
          })
          yield* write('{"_tag":"Unheard","at":0}')
          const unknown = yield* failure(readRun(folder))
          assert.strictEqual(unknown.file, "events.jsonl")
          assert.match(unknown.message, /^line 2: /u)
          yield* write(JSON.stringify({ ...event(2), step: "two" }))
          assert.match((yield* failure(readRun(folder))).message, /^line 2: Expected number/u)
        }),
      ),
    )
  })

  describe("configuration", () => {
    it.effect("that is broken or absent is named", () =>
      withNewRun(
        Effect.fnUntraced(function* (_, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* fs.writeFileString(`${folder}/config.json`, JSON.stringify({ ...nano, sede: 1 }))
          const unknown = yield* failure(readRun(folder))
          assert.strictEqual(unknown.file, "config.json")
          assert.include(unknown.message, "did you mean seed?")
          yield* fs.writeFileString(`${folder}/config.json`, "{")
          assert.deepStrictEqual(yield* failure(readConfig(folder)), {
            file: "config.json",
            message: "not JSON",
          })
          yield* fs.remove(`${folder}/config.json`)
          assert.strictEqual((yield* failure(readRun(folder))).file, "config.json")
        }),
      ),
    )
  })

  describe("resume", () => {
    it.effect("cuts the logs at the checkpoint and removes what came after it", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          for (const step of [1, 2, 3, 4]) {
            yield* store.append([event(step)])
            yield* store.metrics(step, {})
            yield* store.rollouts(step, [rollout(step)])
            if (step % 2 === 0) yield* store.checkpoint(saved(step, policy("w"), { step }), 9)
          }
          yield* store.append([event(5)])
          yield* fs.writeFileString(`${folder}/events.jsonl`, '{"torn', { flag: "a" })

          yield* withResumedRun(folder, 2, (resumed) => resumed.append([event(30)]))
          const { checkpoints, events, torn } = yield* readRun(folder)
          assert.deepStrictEqual(events, [event(1), event(2), event(30)])
          assert.isFalse(torn)
          assert.deepStrictEqual(checkpoints, [2])
          assert.strictEqual(
            yield* fs.readFileString(`${folder}/metrics.jsonl`),
            '{"step":1,"at":0}\n{"step":2,"at":0}\n',
          )
          assert.deepStrictEqual((yield* fs.readDirectory(`${folder}/rollouts`)).toSorted(), [
            "step-000001.jsonl",
            "step-000002.jsonl",
          ])
          assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/checkpoints`), ["step-000002"])
        }),
      ),
    )

    it.effect("removes the checkpoints that somebody was killed before removing", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          for (const step of [0, 1, 2, 3, 4, 5]) yield* store.checkpoint(saved(step, policy("w")), 9)
          yield* fs.makeDirectory(`${folder}/checkpoints/step-000001.removing`)
          assert.strictEqual(nano.checkpoint.keep, 3)
          yield* withResumedRun(folder, 5, () => Effect.void)
          assert.deepStrictEqual((yield* fs.readDirectory(`${folder}/checkpoints`)).toSorted(), [
            "step-000000",
            "step-000003",
            "step-000004",
            "step-000005",
          ])
        }),
      ),
    )

    it.effect("works from a checkpoint that is older than a log", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          // The first checkpoint of a run is written before there are metrics.
          yield* store.append([event(0)])
          yield* store.checkpoint(saved(0, policy("w"), {}), 9)
          yield* withResumedRun(folder, 0, (resumed) => resumed.append([event(1)]))
          assert.deepStrictEqual((yield* readRun(folder)).events, [event(0), event(1)])

          yield* store.metrics(1, {})
          yield* withResumedRun(folder, 0, () => Effect.void)
          const fs = yield* FileSystem.FileSystem
          assert.strictEqual(yield* fs.readFileString(`${folder}/metrics.jsonl`), "")
        }),
      ),
    )

    it.effect("refuses a log that is shorter than the checkpoint says, and leaves it alone", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.append([event(1), event(2)])
          yield* store.checkpoint(saved(2, policy("w"), {}), 9)
          const bytes = yield* fs.readFile(`${folder}/events.jsonl`)
          yield* fs.writeFile(`${folder}/events.jsonl`, bytes.slice(0, -5))
          assert.deepStrictEqual(yield* failure(withResumedRun(folder, 2, () => Effect.void)), {
            file: "events.jsonl",
            message: `${bytes.length - 5} bytes where the checkpoint says ${bytes.length}; use an earlier checkpoint`,
          })
          assert.lengthOf(yield* fs.readFile(`${folder}/events.jsonl`), bytes.length - 5)
        }),
      ),
    )
  })

  describe("from the very beginning", () => {
    it.effect("leaves the configuration and nothing else", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.append([event(1)])
          yield* store.metrics(1, {})
          yield* store.rollouts(1, [rollout(1)])
          yield* store.checkpoint(saved(0, policy("w")), 9)
          yield* Effect.provide(
            Effect.flatMap(RunStore, (again) => again.append([event(7)])),
            RunStore.layerResume(folder, null),
          )
          assert.deepStrictEqual(yield* readRun(folder), {
            config: nano,
            events: [event(7)],
            torn: false,
            checkpoints: [],
          })
          assert.strictEqual(yield* fs.readFileString(`${folder}/metrics.jsonl`), "")
          assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/rollouts`), [])
        }),
      ),
    )

    it.effect("a new run may find who holds it, and half a configuration of an earlier try", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* temporary
        yield* fs.writeFileString(`${folder}/${lockFile}`, "me")
        yield* fs.writeFileString(`${folder}/config.json.tmp`, '{"half')
        yield* Layer.build(RunStore.layerNew(folder, nano))
        assert.deepStrictEqual(yield* readConfig(folder), nano)
        assert.strictEqual(yield* fs.readFileString(`${folder}/${lockFile}`), "me")
      }),
    )
  })

  describe("a folder that cannot be written", () => {
    it.effect("fails with the file's name and keeps what it has", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.append([event(1)])
          yield* store.checkpoint(saved(1, policy("w"), {}), 9)
          const parent = folder.slice(0, folder.indexOf("/runs"))
          for (const open of [parent, `${parent}/runs`]) yield* fs.chmod(open, 0o755)
          for (const closed of [folder, `${folder}/checkpoints`, `${folder}/rollouts`])
            yield* fs.chmod(closed, 0o555)
          yield* fs.chmod(`${folder}/events.jsonl`, 0o444)

          const errors = yield* withoutPrivileges(
            Effect.all([
              failure(store.append([event(2)])),
              failure(store.metrics(2, {})),
              failure(store.rollouts(2, [rollout(2)])),
              failure(store.checkpoint(saved(2, policy("w"), {}), 1)),
              failure(Layer.build(RunStore.layerNew(`${folder}/inner`, nano))),
            ]),
          )
          assert.deepStrictEqual(
            errors.map(({ file }) => file),
            ["events.jsonl", "metrics.jsonl", "rollouts/step-000002.jsonl", "checkpoints/step-000002", "."],
          )
          for (const { message } of errors) assert.match(message, /^permission denied/u)
          assert.deepStrictEqual((yield* readRun(folder)).events, [event(1)])
          assert.deepStrictEqual((yield* readRun(folder)).checkpoints, [1])
          for (const again of [folder, `${folder}/checkpoints`, `${folder}/rollouts`])
            yield* fs.chmod(again, 0o755)
        }),
      ),
    )

    it.effect("is not mistaken for an empty one when it cannot be read either", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.append([event(1)])
          yield* fs.remove(`${folder}/events.jsonl`)
          yield* fs.makeDirectory(`${folder}/events.jsonl`)
          yield* fs.writeFileString(`${folder}/checkpoints`, "")
          assert.strictEqual((yield* failure(readRun(folder))).file, "events.jsonl")
          assert.strictEqual((yield* failure(listCheckpoints(folder))).file, "checkpoints")
        }),
      ),
    )
  })
})

/** The superuser may write anywhere; for the time of an effect, be somebody else. */
const withoutPrivileges = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  process.geteuid?.() === 0
    ? Effect.acquireUseRelease(
        Effect.sync(() => process.seteuid?.(65534)),
        () => effect,
        () => Effect.sync(() => process.seteuid?.(0)),
      )
    : effect
