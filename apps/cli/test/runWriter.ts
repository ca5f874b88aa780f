/** Runs as RunStore writes them, without a training: small, and of any status. */
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { RunConfig, type RunEvent, RunStore } from "@azr/core"
import { Effect, Layer, Result } from "effect"

export interface RunToWrite {
  readonly settings?: ReadonlyArray<string>
  readonly versions?: Readonly<Record<string, string>>
  /** Solved tasks of 10 of the dev suite, by step. */
  readonly dev?: Readonly<Record<number, number>>
  readonly end?: "completed" | "interrupted" | "failed" | null
  readonly at?: number
}

const result = (split: "dev" | "test", correct: number): RunEvent.SuiteResult => ({
  environment: "python-nano",
  suite: "deduction-2",
  kind: "deduction",
  split,
  correct,
  badFormat: 0,
  total: 10,
  faults: 0,
  verdicts: "",
  means: {},
})

/** Writes a run of three steps below `runs` of a folder. */
export const writeRun = (cwd: string, name: string, run: RunToWrite = {}): Promise<void> => {
  const { at = 1, dev = { 0: 2, 3: 4 }, end = "completed", settings = [], versions = { azr: "1" } } = run
  const config = Result.getOrThrow(RunConfig.withSettings(RunConfig.nano, ["steps=3", ...settings]))
  return Effect.gen(function* () {
    const store = yield* RunStore.RunStore
    yield* store.append([{ _tag: "RunStarted", at, config, versions, policy: "a policy" }])
    for (let step = 0; step <= 3; step++) {
      if (step > 0) {
        const seconds = { generate: 0, execute: 0, train: step / 2, evaluate: 0, wait: step / 2, total: step }
        const metrics = { "generate/tokens": 100 * step }
        // The most in the middle.
        const machine = { memoryBytes: step === 2 ? 4e6 : 3e6, executors: {} }
        yield* store.append([{ _tag: "StepCompleted", at, step, metrics, seconds, machine }])
        yield* store.metrics(step, {})
      }
      const correct = dev[step]
      if (correct !== undefined) {
        yield* store.append([{ _tag: "Evaluated", at, step, results: [result("dev", correct)], seconds: 0 }])
      }
      yield* store.checkpoint(
        {
          step,
          policy: [{ name: "policy.safetensors", bytes: new Uint8Array(1000 * (step + 1)) }],
          state: { step },
          scheduled: true,
          score: correct === undefined ? null : correct / 10,
        },
        3,
      )
    }
    if (end === null) return
    if (end === "completed") {
      yield* store.append([{ _tag: "Evaluated", at, step: 3, results: [result("test", 5)], seconds: 0 }])
    }
    yield* store.append([
      { _tag: "RunEnded", at, step: 3, status: end, message: end === "failed" ? "why" : "" },
    ])
  }).pipe(
    Effect.provide(
      Layer.provide(RunStore.RunStore.layerNew(join(cwd, "runs", name), config), NodeServices.layer),
    ),
    Effect.runPromise,
  )
}
