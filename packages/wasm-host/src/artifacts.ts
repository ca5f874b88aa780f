/** A component as a package commits it: its images, compressed, beside a `digests.json` that lists them. */
import { readFile } from "node:fs/promises"
import { Executor } from "@azr/core"
import { Effect, Schema } from "effect"
import type { ComponentFile } from "./component.ts"
import type { ExecutorComponent } from "./ExecutorHost.ts"

const Image = Schema.Struct({ file: Schema.String, sha256: Schema.String })
const Digests = Schema.fromJsonString(Schema.Struct({ images: Schema.Record(Schema.String, Image) }))

/** Reads which images there are; a host reads and checks the images themselves. */
export const loadComponent = Effect.fn("loadComponent")(function* ({
  artifacts,
  id,
  images: named,
  warmUp,
}: Pick<ExecutorComponent, "id" | "warmUp"> & {
  /** The folder. Ends with a slash. */
  readonly artifacts: URL
  /** Images that there must be. */
  readonly images: ReadonlyArray<string>
}) {
  const unavailable = (reason: string) =>
    new Executor.ExecutorUnavailable({
      executor: id,
      reason: `digests.json of its artifacts cannot be read: ${reason}`,
      hint: "Restore the committed artifacts of this package.",
    })
  const text = yield* Effect.tryPromise({
    try: () => readFile(new URL("digests.json", artifacts), "utf8"),
    catch: (error) => unavailable(error instanceof Error ? error.message : String(error)),
  })
  const digests = yield* Effect.mapError(Schema.decodeEffect(Digests)(text), ({ message }) =>
    unavailable(message),
  )
  const images: Record<string, ComponentFile> = {}
  for (const [image, { file, sha256 }] of Object.entries(digests.images)) {
    images[image] = { url: new URL(file, artifacts), sha256 }
  }
  for (const image of named) {
    if (images[image] === undefined) return yield* unavailable(`it has no image ${image}`)
  }
  return { id, images, warmUp } satisfies ExecutorComponent
})
