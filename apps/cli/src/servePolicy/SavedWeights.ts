/** Weights on disk, by their `tinker://model/kind/name`: each a folder that is there as a whole or not at all. */
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises"
import path from "node:path"
import type { PolicyEngine } from "@azr/core"
import { Effect } from "effect"
import { Refused } from "./requests.ts"

export type SavedKind = "weights" | "sampler_weights"

export const addressOf = (model: string, kind: SavedKind, name: string): string =>
  `tinker://${model}/${kind}/${name}`

const address = /^tinker:\/\/(model_[\da-f]+)\/(?:(weights|sampler_weights)\/)?([\w-]{1,255})$/u

export class SavedWeights {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Gives the address. A name is used once. */
  write(
    model: string,
    kind: SavedKind,
    name: string,
    files: ReadonlyArray<PolicyEngine.PolicyFile>,
  ): Effect.Effect<string, Refused> {
    const place = path.join(this.#folder, model, kind, name)
    return Effect.tryPromise({
      try: async () => {
        const partial = `${place}.partial`
        await rm(partial, { recursive: true, force: true })
        await mkdir(partial, { recursive: true })
        for (const file of files) await writeFile(path.join(partial, file.name), file.bytes, { flush: true })
        await rename(partial, place)
        return addressOf(model, kind, name)
      },
      catch: (cause) =>
        isError(cause) && (cause.code === "ENOTEMPTY" || cause.code === "EEXIST")
          ? new Refused({ status: 409, message: `Checkpoint '${name}' already exists for model '${model}'` })
          : new Refused({ status: 400, message: `the weights cannot be saved: ${String(cause)}` }),
    })
  }

  /** The files, weights first. */
  read(saved: string): Effect.Effect<ReadonlyArray<PolicyEngine.PolicyFile>, Refused> {
    return Effect.tryPromise({
      try: async () => {
        const place = this.#place(saved)
        const names = (await readdir(place)).toSorted((a, b) => rank(a) - rank(b))
        return await Promise.all(
          names.map(async (file) => ({ name: file, bytes: await readFile(path.join(place, file)) })),
        )
      },
      catch: () => notFound(saved),
    })
  }

  /** Removes them from the disk: they are gone at once, whatever becomes of their files. */
  remove(saved: string): Effect.Effect<void, Refused> {
    return Effect.tryPromise({
      try: async () => {
        const place = this.#place(saved)
        const partial = `${place}.partial`
        await rm(partial, { recursive: true, force: true })
        await rename(place, partial)
        await rm(partial, { recursive: true })
      },
      catch: (cause) =>
        isError(cause) && cause.code !== undefined && cause.code !== "ENOENT"
          ? new Refused({ status: 500, message: `the weights cannot be removed: ${cause.message}` })
          : notFound(saved),
    })
  }

  #place(saved: string): string {
    const [, model, kind = "sampler_weights", name] = address.exec(saved) ?? []
    if (model === undefined || name === undefined) throw new Error("no address")
    return path.join(this.#folder, model, kind, name)
  }
}

const notFound = (saved: string): Refused =>
  new Refused({ status: 404, message: `Checkpoint not found: ${saved}` })

const rank = (file: string): number => (file.startsWith("policy.") ? 0 : 1)
const isError = (cause: unknown): cause is NodeJS.ErrnoException => cause instanceof Error
