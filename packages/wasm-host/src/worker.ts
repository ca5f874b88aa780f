/** A worker thread of the v8 host: its own instance of each image, one batch of calls after another. */
import { parentPort, workerData } from "node:worker_threads"
import type { Call, CallResult } from "./Call.ts"
import { type CoreModule, Instance } from "./coreModule.ts"

export interface WorkerStart {
  readonly images: ReadonlyMap<string, CoreModule>
  /** One BigInt64: calls that are done. The pool reads it to tell slow from stuck. */
  readonly progress: SharedArrayBuffer
}

export type Batch = ReadonlyArray<Call>
export type BatchResults = ReadonlyArray<CallResult>

if (parentPort !== null) serve(parentPort, workerData as WorkerStart)

function serve(port: NonNullable<typeof parentPort>, start: WorkerStart): void {
  const instances = new Map<string, Instance>()
  /** Instances are made when they are needed: an image that is seldom used takes no memory before that. */
  const instanceOf = (image: string): Instance => {
    const existing = instances.get(image)
    if (existing !== undefined) return existing
    const module = start.images.get(image)
    if (module === undefined) throw new Error(`the component has no image ${image}`)
    const instance = new Instance(module)
    instances.set(image, instance)
    return instance
  }
  const progress = new BigInt64Array(start.progress)
  port.on("message", (batch: Batch) => {
    const results: Array<CallResult> = []
    for (const { image, request, fuel } of batch) {
      results.push(instanceOf(image).call(request, fuel))
      Atomics.add(progress, 0, 1n)
    }
    port.postMessage(results satisfies BatchResults)
  })
}
