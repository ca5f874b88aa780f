/** Files of data sets from the Hugging Face Hub. Only `--hub` comes here; nothing else of an evaluation uses the network. */
import { Effect } from "effect"
import { UsageError } from "../exitCodes.ts"
import { HubError, fetchFile } from "../hub.ts"

/** Where downloads are kept, below the working folder. */
const folder = "suites"

/** Gives the local file of `owner/name:path` or `owner/name@revision:path`, fetched if it is not there. */
export const downloadSuite = Effect.fn("downloadSuite")(function* (name: string) {
  const [, repository, revision = "main", file] =
    /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?:([\w./ -]+)$/u.exec(name) ?? []
  if (repository === undefined || file === undefined || file.split("/").includes("..")) {
    return yield* new UsageError({
      message: `--hub ${name}: expected owner/name:file, e.g. cruxeval-org/cruxeval:test.jsonl`,
    })
  }
  const elsewhere = "fetch the file by other means and give it to --suite"
  const local = yield* fetchFile({ type: "dataset", repository, revision, file, folder, elsewhere })
  return local ?? (yield* new HubError({ file: name, message: `there is no such file; ${elsewhere}` }))
})
