/**
 * A program that writes a run without end, from its last checkpoint on where it has one: what RunStore.crash.test.ts
 * kills. What it writes is a function of the step.
 *
 *     node --conditions=@azr/source test/runWriter.ts <folder>
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { Effect, FileSystem, Layer } from "effect"
import type { PolicyFile } from "../src/PolicyEngine.ts"
import { nano } from "../src/RunConfig.ts"
import type { RunEvent } from "../src/RunEvent.ts"
import { RunStore, type Saved, listCheckpoints, readCheckpoint } from "../src/RunStore.ts"

/** The events of a step: small ones and one of some hundred kilobytes, with text of several bytes a character. */
export const eventsOf = (step: number): ReadonlyArray<RunEvent> =>
  [20, 2, 60_000].map((length): RunEvent => ({
    _tag: "RunEnded",
    at: 0,
    step,
    status: "interrupted",
    message: `${step} ${"é✓".repeat(length)}`,
  }))

export const policyOf = (step: number): ReadonlyArray<PolicyFile> =>
  ["policy.safetensors", "optimizer.safetensors"].map((name, index) => ({
    name,
    bytes: new Uint8Array(400_000 + step).fill((step + index) % 251),
  }))

const checkpointOf = (step: number): Saved => ({
  step,
  policy: policyOf(step),
  state: { step },
  scheduled: true,
  score: null,
})

const checkpointEvery = 2

const write = Effect.fnUntraced(function* (from: number) {
  const store = yield* RunStore
  if (from === 0) yield* store.checkpoint(checkpointOf(0), 2)
  yield* Effect.sync(() => process.stdout.write("writing\n"))
  for (let step = from + 1; ; step++) {
    yield* store.append(eventsOf(step))
    yield* store.metrics(step, {})
    yield* store.rollouts(step, [])
    if (step % checkpointEvery !== 0) continue
    // One that a stop made, then the scheduled one in its place.
    yield* store.checkpoint({ ...checkpointOf(step), scheduled: false }, 2)
    yield* store.checkpoint(checkpointOf(step), 2)
    yield* Effect.sync(() => process.stdout.write("saved\n"))
  }
})

const main = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* fs.exists(folder))) return yield* Effect.provide(write(0), RunStore.layerNew(folder, nano))
  const last = (yield* listCheckpoints(folder)).at(-1) ?? 0
  const { manifest } = yield* readCheckpoint(folder, last)
  yield* Effect.sync(() => process.stdout.write("resuming\n"))
  return yield* Effect.provide(write(last), RunStore.layerResume(folder, manifest))
})

if (import.meta.main) {
  const [folder = ""] = process.argv.slice(2)
  await Effect.runPromise(
    main(folder).pipe(
      Effect.catch((error) =>
        Effect.sync(() => {
          process.stdout.write(`${JSON.stringify(error)}\n`)
          process.exitCode = 1
        }),
      ),
      Effect.provide(Layer.merge(NodeFileSystem.layer, NodePath.layer)),
    ),
  )
}
