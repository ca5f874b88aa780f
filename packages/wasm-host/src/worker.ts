/** A worker thread: its own instance of each image, one batch of calls after another. */
import { parentPort, workerData } from "node:worker_threads"
import { type CallResult, type CoreModule, Instance } from "./coreModule.ts"

export interface Call {
  /** Which of the component's images to run in. */
  readonly image: string
  readonly request: string
  /** Units, an integer from 0 to 2^53. */
  readonly fuel: number
}

export interface WorkerStart {
  readonly images: ReadonlyArray<readonly [name: string, module: CoreModule]>
  /** One Int32: calls of the current batch that are done. The pool reads it to tell slow from stuck. */
  readonly progress: SharedArrayBuffer
}

export type Batch = ReadonlyArray<Call>
export type BatchResults = ReadonlyArray<CallResult>

if (parentPort !== null) serve(parentPort, workerData as WorkerStart)

function serve(port: NonNullable<typeof parentPort>, start: WorkerStart): void {
  const instances = new Map(start.images.map(([name, module]) => [name, new Instance(module)]))
  const progress = new Int32Array(start.progress)
  port.on("message", (batch: Batch) => {
    const results: Array<CallResult> = []
    for (const { image, request, fuel } of batch) {
      const instance = instances.get(image)
      if (instance === undefined) throw new Error(`the component has no image ${image}`)
      results.push(instance.call(request, fuel))
      Atomics.add(progress, 0, 1)
    }
    port.postMessage(results satisfies BatchResults)
  })
}
