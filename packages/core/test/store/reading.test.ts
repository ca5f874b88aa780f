import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Stream } from "effect"
import { events } from "../../src/RunStore.ts"
import { pieceBytes } from "../../src/store/eachLine.ts"
import { event, failure, platform, temporary, withNewRun } from "./newRun.ts"

/** A file system that notes how many bytes each read of an opened file asks for, and opens them in no other way. */
const watched = (reads: Array<number>) =>
  Effect.map(FileSystem.FileSystem, (fs): FileSystem.FileSystem => ({
    ...fs,
    readFile: () => Effect.die("a whole file is read"),
    readFileString: () => Effect.die("a whole file is read"),
    open: (...args) =>
      Effect.map(
        fs.open(...args),
        (file) =>
          new Proxy(file, {
            get: (target, key) => {
              if (key !== "read" && key !== "readAlloc") return Reflect.get(target, key, target)
              return (into: Uint8Array & number, options: Parameters<typeof target.read>[1]) => {
                reads.push(into.length ?? into)
                return target[key](into, options)
              }
            },
          }),
      ),
  }))

layer(platform)("the events of a run", (it) => {
  it.effect("come a piece of the log at a time, however long it is", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const long = "x".repeat(100_000)
        const written = Array.from({ length: 130 }, (_, step) => event(step, `${step} ${long}`))
        yield* store.append(written)
        const reads: Array<number> = []
        const fs = yield* watched(reads)
        const steps = events(folder).pipe(
          Stream.map((each) => (each._tag === "RunEnded" ? each.step : -1)),
          Stream.provideService(FileSystem.FileSystem, fs),
        )
        assert.deepStrictEqual(
          yield* Stream.runCollect(steps),
          written.map((_, step) => step),
        )
        assert.isAtLeast(reads.length, 4)
        assert.strictEqual(Math.max(...reads), pieceBytes)
        // Who wants no more reads no more.
        reads.length = 0
        assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(steps, 2)), [0, 1])
        assert.isAtMost(reads.length, 2)
      }),
    ),
  )

  it.effect("may have lines that are longer than a piece", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const written = [0, 3 * pieceBytes, 0, pieceBytes].map((length, step) =>
          event(step, "é".repeat(length)),
        )
        yield* store.append(written)
        const read = yield* Stream.runCollect(events(folder))
        assert.isTrue(JSON.stringify(read) === JSON.stringify(written))
      }),
    ),
  )

  it.effect("tell the line that is broken, counted through all pieces, after those before it", () =>
    withNewRun(
      Effect.fnUntraced(function* (store, folder) {
        const fs = yield* FileSystem.FileSystem
        const log = `${folder}/events.jsonl`
        const length = pieceBytes / 2 - JSON.stringify(event(1)).length - 1
        // Two lines are a piece. The broken one ends a piece, begins one, and is in the middle of one.
        for (const before of [3, 2]) {
          yield* fs.writeFileString(log, "")
          yield* store.append(Array.from({ length: before }, () => event(1, "x".repeat(length))))
          yield* fs.writeFileString(log, `${"{".repeat(pieceBytes / 2 - 1)}\n`, { flag: "a" })
          const read: Array<unknown> = []
          const all = Stream.runForEach(events(folder), (each) => Effect.sync(() => read.push(each)))
          yield* all
          assert.lengthOf(read, before)
          yield* store.append([event(2)])
          assert.deepStrictEqual(yield* failure(all), {
            file: "events.jsonl",
            message: `line ${before + 1}: not JSON`,
          })
        }
      }),
    ),
  )

  it.effect("are none where there is no log", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Stream.runCollect(events(yield* temporary)), [])
    }),
  )
})
