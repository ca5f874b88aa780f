import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer, Result } from "effect"
import * as fc from "fast-check"
import { nano } from "../src/RunConfig.ts"
import type { Rollout, RunEvent } from "../src/RunEvent.ts"
import {
  type Manifest,
  RunStore,
  RunStoreError,
  listCheckpoints,
  parseLines,
  readCheckpoint,
  readConfig,
  readSummary,
} from "../src/RunStore.ts"

const platform = Layer.merge(NodeFileSystem.layer, NodePath.layer)

const event = (step: number, message = ""): RunEvent => ({
  _tag: "RunEnded",
  at: 1,
  step,
  status: "failed",
  message,
})
const policy = (text: string) => [
  { name: "policy.safetensors", bytes: new TextEncoder().encode(text) },
  { name: "optimizer.safetensors", bytes: new Uint8Array([1, 2, 3]) },
]
const rollout = (step: number): Rollout => ({
  step,
  role: "solve",
  environment: "puzzles",
  kind: "sum",
  task: 1,
  prompt: "1 + 1",
  response: "2",
  tokens: 1,
  outcome: "correct",
  reason: "",
  reward: 1,
  advantage: null,
  logprob: -0.5,
})

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  fs.makeTempDirectoryScoped({ prefix: "azr-store-" }),
)

/** Gives `use` the store of a new run and its folder. */
const withNewRun = Effect.fnUntraced(function* <A, E, R>(
  use: (store: RunStore["Service"], folder: string) => Effect.Effect<A, E, R>,
) {
  const folder = `${yield* temporary}/runs/first`
  return yield* Effect.provide(
    Effect.flatMap(RunStore, (store) => use(store, folder)),
    RunStore.layerNew(folder, nano),
  )
})

/** Gives `use` the store of a run that continues at a step. */
const withResumedRun = Effect.fnUntraced(function* <A, E, R>(
  folder: string,
  step: number,
  use: (store: RunStore["Service"]) => Effect.Effect<A, E, R>,
) {
  const { manifest } = yield* readCheckpoint(folder, step)
  return yield* Effect.provide(Effect.flatMap(RunStore, use), RunStore.layerResume(folder, manifest))
})

const failure = <A, R>(effect: Effect.Effect<A, RunStoreError, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, RunStoreError)
    return { file: error.file, message: error.message }
  })

layer(platform)("RunStore", (it) => {
  describe("a new run", () => {
    it.effect("saves its resolved configuration and starts without events", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          assert.strictEqual(store.folder, folder)
          assert.deepStrictEqual(yield* readConfig(folder), nano)
          assert.deepStrictEqual(yield* readSummary(folder), {
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
          const { events, torn } = yield* readSummary(folder)
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
          const { events } = yield* readSummary(folder)
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
            const { events, torn } = yield* readSummary(folder)
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
            const { events, torn } = yield* readSummary(folder)
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
          assert.deepStrictEqual(yield* failure(readSummary(folder)), {
            file: "events.jsonl",
            message: "line 2 is not JSON",
          })
          yield* write("")
          assert.deepStrictEqual(yield* failure(readSummary(folder)), {
            file: "events.jsonl",
            message: "line 2 is not JSON",
          })
          yield* write('{"_tag":"Unheard","at":0}')
          const unknown = yield* failure(readSummary(folder))
          assert.strictEqual(unknown.file, "events.jsonl")
          assert.match(unknown.message, /^line 2: /u)
          yield* write(JSON.stringify({ ...event(2), step: "two" }))
          assert.match((yield* failure(readSummary(folder))).message, /^line 2: Expected number/u)
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
          const unknown = yield* failure(readSummary(folder))
          assert.strictEqual(unknown.file, "config.json")
          assert.include(unknown.message, "did you mean seed?")
          yield* fs.writeFileString(`${folder}/config.json`, "{")
          assert.deepStrictEqual(yield* failure(readConfig(folder)), {
            file: "config.json",
            message: "not JSON",
          })
          yield* fs.remove(`${folder}/config.json`)
          assert.strictEqual((yield* failure(readSummary(folder))).file, "config.json")
        }),
      ),
    )
  })

  describe("checkpoints", () => {
    it.effect("give back what was saved, and where the logs stood", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          yield* store.append([event(1, "é")])
          yield* store.metrics(1, { a: 1 })
          const state = { step: 3, streams: { a: [1, 2, 3, 4] } }
          assert.strictEqual(
            yield* store.checkpoint(3, policy("weights"), state, 5),
            "checkpoints/step-000003",
          )
          yield* store.append([event(2)])

          const checkpoint = yield* readCheckpoint(folder, 3)
          assert.deepStrictEqual(checkpoint.state, state)
          assert.deepStrictEqual(
            checkpoint.policy.map(({ bytes, name }) => [name, [...bytes]]),
            policy("weights").map(({ bytes, name }) => [name, [...bytes]]),
          )
          const length = (text: string) => new TextEncoder().encode(text).length
          assert.deepStrictEqual(checkpoint.manifest, {
            version: 1,
            step: 3,
            files: {
              "policy.safetensors": 7,
              "optimizer.safetensors": 3,
              "state.json": length(JSON.stringify(state)),
            },
            offsets: {
              events: length(`${JSON.stringify(event(1, "é"))}\n`),
              metrics: length('{"step":1,"at":0,"a":1}\n'),
            },
          } satisfies Manifest)
          assert.deepStrictEqual(
            (yield* store.policyAt(3)).map(({ name }) => name),
            policy("").map(({ name }) => name),
          )
        }),
      ),
    )

    it.effect("are kept: the latest few, and that of step 0", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          const after: Array<ReadonlyArray<number>> = []
          for (const step of [0, 2, 4, 6, 8]) {
            yield* store.checkpoint(step, policy(`${step}`), {}, 2)
            after.push(yield* listCheckpoints(folder))
          }
          assert.deepStrictEqual(after, [[0], [0, 2], [0, 2, 4], [0, 4, 6], [0, 6, 8]])
          assert.deepStrictEqual((yield* fs.readDirectory(`${folder}/checkpoints`)).toSorted(), [
            "step-000000",
            "step-000006",
            "step-000008",
          ])
        }),
      ),
    )

    it.effect("are not confused by a stranger's files, and leave them alone", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* fs.makeDirectory(`${folder}/checkpoints`)
          for (const place of ["checkpoints/.DS_Store", "checkpoints/zzz", "rollouts/zzz"]) {
            yield* fs.writeFileString(`${folder}/${place}`, "mine")
          }
          for (const step of [1, 2, 3]) yield* store.checkpoint(step, policy("w"), {}, 2)
          assert.deepStrictEqual(yield* listCheckpoints(folder), [2, 3])
          yield* withResumedRun(folder, 2, () => Effect.void)
          assert.deepStrictEqual(yield* listCheckpoints(folder), [2])
          for (const place of ["checkpoints/.DS_Store", "checkpoints/zzz", "rollouts/zzz"]) {
            assert.strictEqual(yield* fs.readFileString(`${folder}/${place}`), "mine")
          }
        }),
      ),
    )

    it.effect("without a readable manifest do not exist", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          for (const step of [1, 2, 3, 4]) yield* store.checkpoint(step, policy("w"), {}, 9)
          yield* fs.remove(`${folder}/checkpoints/step-000002/manifest.json`)
          yield* fs.writeFileString(`${folder}/checkpoints/step-000003/manifest.json`, '{"version":1,')
          yield* fs.writeFileString(`${folder}/checkpoints/step-000004/manifest.json`, '{"version":99}')
          yield* fs.makeDirectory(`${folder}/checkpoints/step-000005`)
          yield* fs.writeFileString(`${folder}/checkpoints/step-000005/policy.safetensors.tmp`, "half")
          yield* fs.writeFileString(`${folder}/checkpoints/stray`, "")
          assert.deepStrictEqual((yield* readSummary(folder)).checkpoints, [1])
          assert.strictEqual(
            (yield* failure(readCheckpoint(folder, 5))).file,
            "checkpoints/step-000005/manifest.json",
          )
        }),
      ),
    )

    it.effect("name a file that was cut, has grown or is gone", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.checkpoint(1, policy("weights"), {}, 9)
          const file = "checkpoints/step-000001/policy.safetensors"
          for (const [content, size] of [
            ["weigh", 5],
            ["weights!", 8],
          ] as const) {
            yield* fs.writeFileString(`${folder}/${file}`, content)
            assert.deepStrictEqual(yield* failure(readCheckpoint(folder, 1)), {
              file,
              message: `${size} bytes where the manifest says 7; use another checkpoint`,
            })
          }
          yield* fs.remove(`${folder}/${file}`)
          const gone = yield* failure(store.policyAt(1))
          assert.strictEqual(gone.file, file)
          assert.include(gone.message, "NotFound")
        }),
      ),
    )

    it.effect(
      "lose their manifest first when they are removed: what a crash leaves of them does not exist",
      () =>
        Effect.gen(function* () {
          const removed: Array<string> = []
          const fs = yield* FileSystem.FileSystem
          const watched: FileSystem.FileSystem = {
            ...fs,
            remove: (target, options) => {
              removed.push(target)
              return fs.remove(target, options)
            },
          }
          yield* withNewRun(
            Effect.fnUntraced(function* (store) {
              yield* store.checkpoint(1, policy("w"), {}, 1)
              yield* store.checkpoint(2, policy("w"), {}, 1)
            }),
          ).pipe(Effect.provideService(FileSystem.FileSystem, watched))
          assert.deepStrictEqual(
            removed.map((target) => target.slice(target.indexOf("checkpoints"))),
            ["checkpoints/step-000001/manifest.json", "checkpoints/step-000001"],
          )
        }),
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
            if (step % 2 === 0) yield* store.checkpoint(step, policy("w"), { step }, 9)
          }
          yield* store.append([event(5)])
          yield* fs.writeFileString(`${folder}/events.jsonl`, '{"torn', { flag: "a" })

          yield* withResumedRun(folder, 2, (resumed) => resumed.append([event(30)]))
          const { checkpoints, events, torn } = yield* readSummary(folder)
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

    it.effect("works from a checkpoint that is older than a log", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          // The first checkpoint of a run is written before there are metrics.
          yield* store.append([event(0)])
          yield* store.checkpoint(0, policy("w"), {}, 9)
          yield* withResumedRun(folder, 0, (resumed) => resumed.append([event(1)]))
          assert.deepStrictEqual((yield* readSummary(folder)).events, [event(0), event(1)])

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
          yield* store.checkpoint(2, policy("w"), {}, 9)
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

  describe("a folder that cannot be written", () => {
    it.effect("fails with the file's name and keeps what it has", () =>
      withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          const fs = yield* FileSystem.FileSystem
          yield* store.append([event(1)])
          yield* store.checkpoint(1, policy("w"), {}, 9)
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
              failure(store.checkpoint(2, policy("w"), {}, 1)),
              failure(Layer.build(RunStore.layerNew(`${folder}/inner`, nano))),
            ]),
          )
          assert.deepStrictEqual(
            errors.map(({ file }) => file),
            ["events.jsonl", "metrics.jsonl", "rollouts/step-000002.jsonl", "checkpoints/step-000002", "."],
          )
          for (const { message } of errors) assert.match(message, /^PermissionDenied/u)
          assert.deepStrictEqual((yield* readSummary(folder)).events, [event(1)])
          assert.deepStrictEqual((yield* readSummary(folder)).checkpoints, [1])
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
          assert.strictEqual((yield* failure(readSummary(folder))).file, "events.jsonl")
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

describe("parseLines", () => {
  it("any beginning of a log is read as its whole lines", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const log = values.map((value) => `${JSON.stringify(value)}\n`).join("")
          const cut = log.slice(0, Math.round(share * log.length))
          const { lines, torn } = Result.getOrThrow(parseLines(cut))
          const whole = cut.split("\n").length - 1
          assert.deepStrictEqual(JSON.stringify(lines), JSON.stringify(values.slice(0, whole)))
          assert.strictEqual(torn, cut !== "" && !cut.endsWith("\n"))
        },
      ),
    )
  })

  it("says which line is broken, counted from 1", () => {
    assert.deepStrictEqual(parseLines("1\n2\n{\n4\n"), Result.fail({ line: 3 }))
  })
})
