/** What makes a host out of a pool of workers: a way to load images, and workers that run them. */
import type { Executor } from "@azr/core"
import type { Call } from "./Call.ts"
import type { ComponentFile } from "./component.ts"
import type { PoolWorker } from "./PoolWorker.ts"

export interface Engine<Image> {
  readonly host: Executor.ExecutorHostName
  /** Compiles an image, once for all workers. Rejects with an Error that says what is wrong with it. */
  readonly load: (file: ComponentFile) => Promise<Image>
  readonly spawn: (images: ReadonlyMap<string, Image>) => PoolWorker
  /** Calls worth running at leisure after the start, of those that a component suggests. */
  readonly warmUp: (suggested: ReadonlyArray<Call>) => ReadonlyArray<Call>
}
