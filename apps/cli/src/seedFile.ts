/** Seeds of a file in place of an environment's own: rows as `azr eval --suite` reads them and `azr seed --out` writes them. */
import type { Environment, RunConfig } from "@azr/core"
import type { ProgramDraft } from "@azr/core/language"
import { Effect } from "effect"
import { type ProgramRow, pairsOfTask } from "./datasetRows.ts"
import { UsageError } from "./exitCodes.ts"
import { type RowFile, readRowFile } from "./evaluation/rowFile.ts"
import { Output } from "./Output.ts"

/** The configuration with the digest of its seed file: a run begins, and begins again, with the same tasks or not at all. */
export const withSeedDigest = Effect.fnUntraced(function* (config: RunConfig.RunConfig) {
  if (config.seedFile === null) return config
  const { rows, sha256 } = yield* readSeedFile(config.seedFile)
  const output = yield* Output
  for (const [kind, { seeds }] of Object.entries(config.kinds)) {
    const named = rows.filter(({ row }) => row._tag === "program" && row.kind === kind).length
    if (seeds > 0 || named === 0) continue
    yield* output.progress(
      `warning: ${named} ${kind} rows of ${config.seedFile.path} are not used: kinds.${kind}.seeds is 0`,
    )
  }
  return { ...config, seedFile: { ...config.seedFile, sha256 } }
})

/** The rows, if they are still those that the configuration means. */
export const readSeedFile = Effect.fn("readSeedFile")(function* ({
  path,
  sha256,
}: NonNullable<RunConfig.RunConfig["seedFile"]>) {
  const file = yield* readRowFile(path)
  if (sha256 !== undefined && file.sha256 !== sha256) {
    return yield* new UsageError({
      message: `${path} has changed: its sha256 is ${file.sha256}, seedFile.sha256 says ${sha256}`,
    })
  }
  if (!file.rows.some(({ row }) => row._tag === "program")) {
    return yield* new UsageError({ message: `${path} holds no programs with inputs and outputs` })
  }
  return file
})

/**
 * An environment whose seeds are the rows of a file, in its order, each once. A row that names its environment or kind is for that
 * alone. What a row says its outputs are is of no account: they are validated like any proposal.
 */
export const seededBy = (
  { rows }: RowFile,
  environment: Environment.OpenEnvironment,
): Environment.OpenEnvironment => {
  const given = new Map<string, number>()
  return {
    ...environment,
    seeds: (kind, count) => {
      const from = given.get(kind) ?? 0
      const drafts = rows.flatMap(({ row }) =>
        row._tag === "program" && isFor(row, environment.id, kind) ? draftsOf(row, kind) : [],
      )
      given.set(kind, from + count)
      return drafts.slice(from, from + count)
    },
  }
}

const isFor = (row: ProgramRow, environment: string, kind: string): boolean =>
  (row.environment ?? environment) === environment && (row.kind ?? kind) === kind

const draftsOf = (row: ProgramRow, kind: string): ReadonlyArray<ProgramDraft> =>
  pairsOfTask(row, kind).map((pairs) => ({
    program: row.program,
    inputs: pairs.map(({ input }) => input),
    message: row.message,
  }))
