/** The tokenizer files of a model that the user names: a folder, or what was fetched from the Hugging Face Hub. */
import type { PolicyEngine } from "@azr/core"
import { optionalFiles, requiredFiles } from "@azr/trainer-tinker"
import { Effect, FileSystem, Path } from "effect"
import { command, quoted } from "./command.ts"
import { UsageError } from "./exitCodes.ts"
import { HubError, fetchFile, repositoryFolder } from "./hub.ts"

/** Where downloads are kept, below the working folder. */
const folder = "models"

export interface ModelFiles {
  readonly folder: string
  readonly files: ReadonlyArray<PolicyEngine.PolicyFile>
}

/** `owner/name` or `owner/name@revision`; null for what can only be a folder. */
const onHub = (model: string) => {
  const [, repository, revision = "main"] =
    /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w./-]+))?$/u.exec(model) ?? []
  return repository === undefined || revision.split("/").includes("..")
    ? null
    : { folder, repository, revision }
}

/** Fetches what a tokenizer is read from, and no weights. */
export const fetchModelFiles = Effect.fn("fetchModelFiles")(function* (model: string) {
  const source = onHub(model)
  if (source === null) {
    return yield* new UsageError({
      message: `--hub ${model}: expected owner/name, e.g. Qwen/Qwen2.5-Coder-3B`,
    })
  }
  for (const file of [...requiredFiles, ...optionalFiles]) {
    const elsewhere = `fetch ${[...requiredFiles, ...optionalFiles].join(", ")} by other means and name their folder (HF_ENDPOINT is a mirror's address, HF_TOKEN a token)`
    const local = yield* fetchFile({ ...source, type: "model", file, elsewhere })
    if (local === null && requiredFiles.includes(file)) {
      return yield* new HubError({
        file: `${model}:${file}`,
        message:
          "the repository has no such file; is it the model's own, and not one of its quantized copies?",
      })
    }
  }
  return yield* readModelFiles(model)
})

/** Reads the files of a folder, or of a model that was fetched. */
export const readModelFiles = Effect.fn("readModelFiles")(function* (model: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const isThere = (name: string) => fs.exists(name).pipe(Effect.orElseSucceed(() => false))
  const source = onHub(model)
  const fetched = source === null ? null : yield* repositoryFolder(source)
  const at = (yield* isThere(model)) || fetched === null || !(yield* isThere(fetched)) ? model : fetched
  if (!(yield* isThere(at))) {
    const fetch = `${command} tokenizer ${quoted(model)} --hub`
    return yield* new UsageError({
      message:
        source === null
          ? `there is no folder ${model}, and it is no owner/name of the Hub`
          : `there is no folder ${model}, and its tokenizer is not in ${fetched}; ${fetch} fetches it, without weights`,
    })
  }
  const files: Array<PolicyEngine.PolicyFile> = []
  for (const name of [...requiredFiles, ...optionalFiles]) {
    const file = path.join(at, name)
    if (yield* isThere(file)) files.push({ name, bytes: yield* Effect.orDie(fs.readFile(file)) })
  }
  return { folder: at, files } satisfies ModelFiles
})
