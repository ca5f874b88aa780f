/** A worker thread: runs the jobs it is sent, one at a time, and answers each with its result or the error's text. */
import { parentPort, workerData } from "node:worker_threads"
import { type Answer, type Job, JobRunner, type WorkerStart } from "./Job.ts"

if (parentPort === null) throw new Error("worker.ts runs as a worker thread only")
const port = parentPort
const runner = new JobRunner(workerData as WorkerStart)

const answer = (job: Job): Answer => {
  try {
    return { samples: runner.run(job) }
  } catch (cause) {
    return { failure: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }
  }
}

port.on("message", (job: Job) => port.postMessage(answer(job) satisfies Answer))
