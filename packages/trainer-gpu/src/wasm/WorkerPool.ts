/**
 * The worker threads of one engine. All compute happens on them, so the main thread's event loop stays free. A job
 * runs on all workers, which share its parts among themselves by a common counter.
 */
import { Worker } from "node:worker_threads"
import type { DrawnSample } from "./Decoder.ts"
import type { Answer, Job, WorkerStart } from "./Job.ts"

interface Thread {
  readonly worker: Worker
  /** Who waits for the answer to the job it runs. */
  waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (cause: Error) => void } | undefined
}

/** From the sources in development (Node strips the types), from the build elsewhere. */
const fromSources = import.meta.url.endsWith(".ts")
const workerUrl = new URL(fromSources ? "./worker.ts" : "./worker.js", import.meta.url)
const workerFlags = [
  "--disable-warning=ExperimentalWarning",
  ...(fromSources ? ["--conditions=@azr/source"] : []),
]

export class WorkerPool {
  readonly #threads: ReadonlyArray<Thread>
  readonly #claims = new Int32Array(new SharedArrayBuffer(4))
  #death: Error | undefined

  constructor(count: number, start: Omit<WorkerStart, "index" | "claims">) {
    this.#threads = Array.from({ length: count }, (_, index) => {
      const workerData: WorkerStart = { ...start, index, claims: this.#claims }
      const thread: Thread = {
        worker: new Worker(workerUrl, { workerData, execArgv: workerFlags }),
        waiting: undefined,
      }
      thread.worker.on("message", (answer: Answer) => {
        // An idle engine does not keep the process alive; a running job does.
        thread.worker.unref()
        thread.waiting?.resolve(answer)
        thread.waiting = undefined
      })
      thread.worker.on("error", (cause) =>
        this.#die(cause instanceof Error ? cause : new Error(String(cause))),
      )
      thread.worker.on("exit", (code) => this.#die(new Error(`an engine worker ended with code ${code}`)))
      thread.worker.unref()
      return thread
    })
  }

  /** Runs a job on all workers. The caller waits for one job before it starts the next. */
  async run(job: Job): Promise<ReadonlyArray<DrawnSample>> {
    Atomics.store(this.#claims, 0, 0)
    const answers = await Promise.all(this.#threads.map((thread) => this.#ask(thread, job)))
    return answers.flatMap((answer) => {
      if ("failure" in answer) throw new Error(answer.failure)
      return answer.samples
    })
  }

  async close(): Promise<void> {
    this.#die(new Error("the engine is closed"))
    for (const thread of this.#threads) thread.worker.ref()
    await Promise.all(this.#threads.map((thread) => thread.worker.terminate()))
  }

  #ask(thread: Thread, job: Job): Promise<Answer> {
    if (this.#death !== undefined) return Promise.reject(this.#death)
    return new Promise((resolve, reject) => {
      thread.waiting = { resolve, reject }
      thread.worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.worker.postMessage(job)
    })
  }

  /** One dead worker is the end of the pool: its buffers may be half written. */
  #die(cause: Error): void {
    this.#death ??= cause
    for (const thread of this.#threads) {
      thread.waiting?.reject(this.#death)
      thread.waiting = undefined
    }
  }
}
