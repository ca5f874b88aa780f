import { createHash } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { type Manifest, RunStore, listCheckpoints, readCheckpoint } from "../../src/RunStore.ts"
import { readRun, event, policy, saved, withNewRun, withResumedRun, failure, platform } from "./newRun.ts"

layer(platform)("checkpoints", (it) => {
  it.effect("give back what was saved, and where the logs stood", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        yield* store.append([event(1, "é")])
        yield* store.metrics(1, { a: 1 })
        const state = { step: 3, streams: { a: [1, 2, 3, 4] } }
        assert.strictEqual(
          yield* store.checkpoint(saved(3, policy("weights"), state, { score: 0.5 }), 5),
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
          version: 2,
          step: 3,
          scheduled: true,
          score: 0.5,
          files: {
            // sha256sum says so.
            "policy.safetensors": {
              bytes: 7,
              sha256: "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c",
            },
            "optimizer.safetensors": {
              bytes: 3,
              sha256: "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81",
            },
            "state.json": {
              bytes: length(JSON.stringify(state)),
              sha256: createHash("sha256").update(JSON.stringify(state)).digest("hex"),
            },
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

  it.effect(
    "that are removed have left the disk by name when the removal is done: what they named may go",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const done: Array<string> = []
        const note = (operation: string, file: string) => {
          const name = file.slice(file.lastIndexOf("/") + 1)
          if (name === "checkpoints" || name.startsWith("step-000001")) done.push(`${operation} ${name}`)
        }
        const watched = FileSystem.FileSystem.of({
          ...fs,
          rename: (from, to) => Effect.tap(fs.rename(from, to), () => Effect.sync(() => note("rename", to))),
          remove: (file, options) =>
            Effect.tap(fs.remove(file, options), () => Effect.sync(() => note("remove", file))),
          // A folder is opened to be flushed.
          open: (file, options) =>
            Effect.tap(fs.open(file, options), () => Effect.sync(() => note("flush", file))),
        })
        yield* withNewRun(
          Effect.fnUntraced(function* (store) {
            for (const step of [0, 1]) yield* store.checkpoint(saved(step, policy("w")), 1)
            done.length = 0
            yield* store.checkpoint(saved(2, policy("w")), 1)
          }),
        ).pipe(Effect.provideService(FileSystem.FileSystem, watched))
        assert.deepStrictEqual(done.slice(-3), [
          "rename step-000001.removing",
          "flush checkpoints",
          "remove step-000001.removing",
        ])
      }),
  )

  it.effect("are kept: the latest few, and that of step 0", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const fs = yield* FileSystem.FileSystem
        const after: Array<ReadonlyArray<number>> = []
        for (const step of [0, 2, 4, 6, 8]) {
          yield* store.checkpoint(saved(step, policy(`${step}`), {}), 2)
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

  it.effect("are kept: the best one, until a better one comes", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const after: Array<ReadonlyArray<number>> = []
        for (const [step, score] of [
          [0, 0.5],
          [1, 0.7],
          [2, null],
          [3, 0.7],
          [4, 0.9],
          [5, 0.2],
          [6, 0.1],
        ] as const) {
          yield* store.checkpoint(saved(step, policy("w"), {}, { score }), 1)
          after.push(yield* listCheckpoints(folder))
        }
        assert.deepStrictEqual(after, [[0], [0, 1], [0, 1, 2], [0, 1, 3], [0, 4], [0, 4, 5], [0, 4, 6]])
      }),
    ),
  )

  it.effect("of a stop are not kept, and push no other out", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const after: Array<ReadonlyArray<number>> = []
        for (const [step, scheduled] of [
          [0, true],
          [2, true],
          [4, true],
          [5, false],
          [6, false],
          [8, true],
        ] as const) {
          yield* store.checkpoint(saved(step, policy("w"), {}, { scheduled }), 2)
          after.push(yield* listCheckpoints(folder))
        }
        assert.deepStrictEqual(after, [[0], [0, 2], [0, 2, 4], [0, 2, 4, 5], [0, 2, 4, 6], [0, 4, 8]])
      }),
    ),
  )

  it.effect("take the place of an earlier one of the same step", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const fs = yield* FileSystem.FileSystem
        yield* store.checkpoint(saved(0, policy("first"), { seeding: true }, { scheduled: false }), 2)
        yield* store.checkpoint(saved(0, policy("second"), { seeding: null }), 2)
        const { manifest, state } = yield* readCheckpoint(folder, 0)
        assert.deepStrictEqual([manifest.scheduled, state], [true, { seeding: null }])
        assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/checkpoints`), ["step-000000"])
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
        for (const step of [1, 2, 3]) yield* store.checkpoint(saved(step, policy("w"), {}), 2)
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
        for (const step of [1, 2, 3, 4]) yield* store.checkpoint(saved(step, policy("w"), {}), 9)
        yield* fs.remove(`${folder}/checkpoints/step-000002/manifest.json`)
        yield* fs.writeFileString(`${folder}/checkpoints/step-000003/manifest.json`, '{"version":1,')
        yield* fs.writeFileString(`${folder}/checkpoints/step-000004/manifest.json`, '{"version":99}')
        yield* fs.makeDirectory(`${folder}/checkpoints/step-000005`)
        yield* fs.writeFileString(`${folder}/checkpoints/step-000005/policy.safetensors`, "half")
        yield* fs.copy(`${folder}/checkpoints/step-000001`, `${folder}/checkpoints/step-000006.writing`)
        yield* fs.copy(`${folder}/checkpoints/step-000001`, `${folder}/checkpoints/step-000007.removing`)
        yield* fs.copy(`${folder}/checkpoints/step-000001`, `${folder}/checkpoints/step-000008`)
        yield* fs.writeFileString(`${folder}/checkpoints/stray`, "")
        assert.deepStrictEqual((yield* readRun(folder)).checkpoints, [1])
        assert.strictEqual(
          (yield* failure(readCheckpoint(folder, 5))).file,
          "checkpoints/step-000005/manifest.json",
        )
      }),
    ),
  )

  it.effect("name a file that was cut, has grown, was edited or is gone", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const fs = yield* FileSystem.FileSystem
        yield* store.checkpoint(saved(1, policy("weights"), {}), 9)
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
        yield* fs.writeFileString(`${folder}/${file}`, "weightz")
        assert.deepStrictEqual(yield* failure(readCheckpoint(folder, 1)), {
          file,
          message:
            "its content is not what was saved (another SHA-256 than the manifest's); use another checkpoint",
        })
        yield* fs.remove(`${folder}/${file}`)
        assert.deepStrictEqual(yield* failure(store.policyAt(1)), {
          file,
          message: "it is missing; use another checkpoint",
        })
      }),
    ),
  )

  it.effect("come and go by one rename: what a crash leaves on either way is no checkpoint", () =>
    Effect.gen(function* () {
      const done: Array<string> = []
      const fs = yield* FileSystem.FileSystem
      const from = (target: string) => target.slice(target.indexOf("checkpoints") + "checkpoints/".length)
      const watched: FileSystem.FileSystem = {
        ...fs,
        rename: (old, name) => {
          if (old.includes("checkpoints")) done.push(`${from(old)} → ${from(name)}`)
          return fs.rename(old, name)
        },
      }
      yield* withNewRun(
        Effect.fnUntraced(function* (store, folder) {
          yield* store.checkpoint(saved(1, policy("w")), 1)
          yield* store.checkpoint(saved(2, policy("w")), 1)
          assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/checkpoints`), ["step-000002"])
        }),
      ).pipe(Effect.provideService(FileSystem.FileSystem, watched))
      assert.deepStrictEqual(done, [
        "step-000001.writing → step-000001",
        "step-000002.writing → step-000002",
        "step-000001 → step-000001.removing",
      ])
    }),
  )

  it.effect("of one step replace each other: cut short at any point, one of the two is there", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      /** Which of the two is there when all that is done on files from some operation on comes to nothing. */
      const cutAt = Effect.fnUntraced(function* (point: number, resume: 0 | null) {
        let left = Infinity
        const cut =
          <A extends ReadonlyArray<unknown>, B, E, R>(operation: (...of: A) => Effect.Effect<B, E, R>) =>
          (...of: A) =>
            Effect.suspend(() => (left-- > 0 ? operation(...of) : Effect.interrupt))
        const mortal = { ...fs, rename: cut(fs.rename), remove: cut(fs.remove), open: cut(fs.open) }
        return yield* withNewRun(
          Effect.fnUntraced(function* (store, folder) {
            yield* store.checkpoint(saved(0, policy("1"), "first", { scheduled: false }), 2)
            left = point
            const { _tag } = yield* Effect.exit(store.checkpoint(saved(0, policy("2"), "second"), 2))
            left = Infinity
            assert.deepStrictEqual(yield* listCheckpoints(folder), [0])
            const { manifest, state } = yield* readCheckpoint(folder, 0)
            const continued = RunStore.layerResume(folder, resume === null ? null : manifest)
            yield* Effect.provide(Effect.void, continued)
            const kept = yield* fs.readDirectory(`${folder}/checkpoints`)
            assert.deepStrictEqual(kept, resume === null ? [] : ["step-000000"])
            if (resume !== null) assert.strictEqual((yield* readCheckpoint(folder, 0)).state, state)
            return { state, whole: _tag === "Success" }
          }),
        ).pipe(Effect.provideService(FileSystem.FileSystem, mortal))
      })
      for (const resume of [0, null] as const) {
        const there: Array<unknown> = []
        for (let point = 0, whole = false; !whole; point++) {
          const result = yield* cutAt(point, resume)
          there.push(result.state)
          whole = result.whole
        }
        // The second one from the moment on when it is in its place.
        assert.isAbove(there.length, 10)
        assert.deepStrictEqual(there, there.toSorted())
        assert.deepStrictEqual([there[0], there.at(-1)], ["first", "second"])
      }
    }),
  )

  it.effect("leave nothing of what was cut short once another one is there", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const fs = yield* FileSystem.FileSystem
        for (const left of ["step-000003.writing", "step-000001.removing"]) {
          yield* fs.makeDirectory(`${folder}/checkpoints/${left}`, { recursive: true })
          yield* fs.writeFileString(`${folder}/checkpoints/${left}/policy.safetensors`, "half")
        }
        yield* store.checkpoint(saved(3, policy("w")), 1)
        assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/checkpoints`), ["step-000003"])
      }),
    ),
  )
})
