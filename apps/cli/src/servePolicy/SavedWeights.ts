/** Weights on disk, by their `tinker://model/kind/name`: each a folder that is there as a whole or not at all. */
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises"
import path from "node:path"
import type { PolicyEngine } from "@azr/core"
import { Effect } from "effect"
import { Refused } from "./requests.ts"

export type SavedKind = "weights" | "sampler_weights"

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
        return `tinker://${model}/${kind}/${name}`
      },
      catch: (cause) =>
        isError(cause) && (cause.code === "ENOTEMPTY" || cause.code === "EEXIST")
          ? new Refused({ status: 409, message: `Checkpoint '${name}' already exists for model '${model}'` })
          : new Refused({ status: 400, message: `the weights cannot be saved: ${String(cause)}` }),
    })
  }

  /** The files, weights first. */
  read(saved: string): Effect.Effect<ReadonlyArray<PolicyEngine.PolicyFile>, Refused> {
    const [, model = "", kind = "sampler_weights", name = ""] = address.exec(saved) ?? []
    const place = path.join(this.#folder, model, kind, name)
    return Effect.tryPromise({
      try: async () => {
        if (name === "") throw new Error("no address")
        const names = (await readdir(place)).toSorted((a, b) => rank(a) - rank(b))
        return await Promise.all(
          names.map(async (file) => ({ name: file, bytes: await readFile(path.join(place, file)) })),
        )
      },
      catch: () => new Refused({ status: 404, message: `Checkpoint not found: ${saved}` }),
    })
  }
}

const rank = (file: string): number => (file.startsWith("policy.") ? 0 : 1)
const isError = (cause: unknown): cause is NodeJS.ErrnoException => cause instanceof Error
