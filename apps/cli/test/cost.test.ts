import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { RunConfig, RunStore } from "@azr/core"
import { Effect, FileSystem } from "effect"
import { mostCheckpoints } from "../src/cost.ts"

layer(NodeServices.layer)("the cost of a run", (it) => {
  it.effect("counts the checkpoints that are kept at most: when a run was stopped long after its best", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const { keep } = RunConfig.nano.checkpoint
      const kept = yield* Effect.gen(function* () {
        const store = yield* RunStore.RunStore
        const counts: Array<number> = []
        for (let step = 0; step <= 8; step++) {
          const saved = { step, policy: [], state: {}, scheduled: step < 8, score: step === 1 ? 1 : 0 }
          yield* store.checkpoint(saved, keep)
          counts.push((yield* RunStore.listCheckpoints(folder)).length)
        }
        return counts
      }).pipe(Effect.provide(RunStore.RunStore.layerNew(folder, RunConfig.nano)))
      assert.strictEqual(Math.max(...kept), mostCheckpoints(RunConfig.nano))
    }),
  )
})
