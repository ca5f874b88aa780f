/** Runs to write to and to break, for tests of the store. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Layer, Stream } from "effect"
import { nano } from "../../src/RunConfig.ts"
import type { Rollout, RunEvent } from "../../src/RunEvent.ts"
import {
  RunStore,
  RunStoreError,
  type Saved,
  events,
  listCheckpoints,
  readCheckpoint,
  readOverview,
} from "../../src/RunStore.ts"

export const platform = Layer.merge(NodeFileSystem.layer, NodePath.layer)

export const event = (step: number, message = ""): RunEvent => ({
  _tag: "RunEnded",
  at: 1,
  step,
  status: "failed",
  message,
})
export const policy = (text: string) => [
  { name: "policy.safetensors", bytes: new TextEncoder().encode(text) },
  { name: "optimizer.safetensors", bytes: new Uint8Array([1, 2, 3]) },
]
export const saved = (
  step: number,
  policy: Saved["policy"],
  state: unknown = {},
  facts: Partial<Pick<Saved, "scheduled" | "score">> = {},
): Saved => ({ step, policy, state, scheduled: true, score: null, ...facts })
export const rollout = (step: number): Rollout => ({
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

/** What a short run says of itself. */
export const readRun = Effect.fnUntraced(function* (folder: string) {
  const all = yield* Stream.runCollect(events(folder))
  const { config, torn } = yield* readOverview(folder)
  return { config, events: all, torn, checkpoints: yield* listCheckpoints(folder) }
})

export const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  fs.makeTempDirectoryScoped({ prefix: "azr-store-" }),
)

/** Gives `use` the store of a new run and its folder. */
export const withNewRun = Effect.fnUntraced(function* <A, E, R>(
  use: (store: RunStore["Service"], folder: string) => Effect.Effect<A, E, R>,
) {
  const folder = `${yield* temporary}/runs/first`
  return yield* Effect.provide(
    Effect.flatMap(RunStore, (store) => use(store, folder)),
    RunStore.layerNew(folder, nano),
  )
})

/** Gives `use` the store of a run that continues at a step. */
export const withResumedRun = Effect.fnUntraced(function* <A, E, R>(
  folder: string,
  step: number,
  use: (store: RunStore["Service"]) => Effect.Effect<A, E, R>,
) {
  const { manifest } = yield* readCheckpoint(folder, step)
  return yield* Effect.provide(Effect.flatMap(RunStore, use), RunStore.layerResume(folder, manifest))
})

export const failure = <A, R>(effect: Effect.Effect<A, RunStoreError, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, RunStoreError)
    return { file: error.file, message: error.message }
  })
