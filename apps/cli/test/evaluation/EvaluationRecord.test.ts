import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, PlatformError } from "effect"
import { type EvaluationManifest, openRecord } from "../../src/evaluation/EvaluationRecord.ts"
import type { TaskRecord } from "../../src/evaluation/results.ts"

const manifest: EvaluationManifest = {
  version: 2,
  policy: { source: "a run", step: 3, description: "", files: {} },
  seed: 0,
  suites: [],
  versions: {},
}
const record = (index: number): TaskRecord => ({ suite: "é", index, row: index + 1, id: "", answers: [] })

layer(NodeServices.layer)("the record of an evaluation", (it) => {
  /** A folder with the answers to two tasks. */
  const withAnswers = Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    const { append } = yield* openRecord(folder, manifest, false)
    yield* append([record(0), record(1)])
    const file = `${folder}/answers.jsonl`
    return { fs, folder, file, text: yield* fs.readFileString(file) }
  })

  it.effect("goes on behind the last whole line, and touches nothing before it", () =>
    Effect.gen(function* () {
      const { file, folder, fs, text } = yield* withAnswers
      const writes: Array<string> = []
      const watched = { ...fs, writeFileString: (path: string) => Effect.sync(() => writes.push(path)) }
      for (const tail of ["", '{"suite', "\u0000\u0000\n"]) {
        yield* fs.writeFileString(file, text + tail)
        const { done } = yield* openRecord(folder, manifest, true).pipe(
          Effect.provideService(FileSystem.FileSystem, watched as unknown as FileSystem.FileSystem),
        )
        assert.deepStrictEqual(done, [record(0), record(1)])
        assert.strictEqual(yield* fs.readFileString(file), text)
      }
      assert.deepStrictEqual(writes, [])
      yield* fs.remove(file)
      assert.deepStrictEqual((yield* openRecord(folder, manifest, true)).done, [])
    }),
  )

  it.effect("is no empty one when it cannot be read, and stays as it was", () =>
    Effect.gen(function* () {
      const { file, folder, fs, text } = yield* withAnswers
      const failing = () =>
        Effect.fail(PlatformError.systemError({ _tag: "Unknown", module: "FileSystem", method: "open" }))
      const broken: FileSystem.FileSystem = {
        ...fs,
        open: failing,
        readFileString: (path, ...rest) => (path === file ? failing() : fs.readFileString(path, ...rest)),
      }
      const error = yield* openRecord(folder, manifest, true).pipe(
        Effect.provideService(FileSystem.FileSystem, broken),
        Effect.flip,
      )
      assert.deepInclude(error, { _tag: "EvaluationRecordError", file })
      assert.strictEqual(yield* fs.readFileString(file), text)

      yield* fs.writeFileString(file, `{\n${text}`)
      const other = yield* Effect.flip(openRecord(folder, manifest, true))
      assert.match(other.message, /^line 1: /u)
    }),
  )
})
