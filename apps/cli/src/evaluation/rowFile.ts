/** Files of rows: JSON lines, plain or compressed by gzip, and Parquet. */
import { promisify } from "node:util"
import { gunzip } from "node:zlib"
import { Effect, FileSystem, Schema } from "effect"
import { parquetReadObjects } from "hyparquet"
import { type DatasetRow, readLine, readRow } from "../datasetRows.ts"
import { unreadable } from "../exitCodes.ts"
import { sha256 } from "../sha256.ts"

export class RowFileError extends Schema.TaggedError<RowFileError>()("RowFileError", {
  file: Schema.String,
  message: Schema.String,
}) {}

export interface RowFile {
  readonly file: string
  /** Of the bytes as they lie on the disk. */
  readonly sha256: string
  /** `number` is the line, or the row of a table, from 1. */
  readonly rows: ReadonlyArray<{ readonly number: number; readonly row: DatasetRow }>
}

export const readRowFile = Effect.fn("readRowFile")(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const bytes = yield* fs.readFile(file).pipe(Effect.mapError(unreadable(file)))
  const rows = yield* Effect.tryPromise({
    try: () => rowsOf(file, bytes),
    catch: (cause) =>
      new RowFileError({
        file,
        message: `${cause instanceof Error ? cause.message : String(cause)}; rows are read from .jsonl, .jsonl.gz and .parquet`,
      }),
  })
  return { file, sha256: sha256(bytes), rows } satisfies RowFile
})

const rowsOf = async (file: string, bytes: Uint8Array): Promise<RowFile["rows"]> => {
  if (file.endsWith(".parquet")) {
    const table = await parquetReadObjects({ file: bytes.slice().buffer as ArrayBuffer })
    return table.map((row, index) => ({ number: index + 1, row: readRow(withoutNulls(row)) }))
  }
  const text = new TextDecoder("utf-8", { fatal: true }).decode(
    file.endsWith(".gz") ? await promisify(gunzip)(bytes) : bytes,
  )
  return text
    .split("\n")
    .flatMap((line, index) => (line.trim() === "" ? [] : [{ number: index + 1, row: readLine(line) }]))
}

/** A table has a cell for every column; JSON leaves out what is not there. Integers of 64 bits are written out. */
const withoutNulls = (row: Readonly<Record<string, unknown>>): unknown =>
  Object.fromEntries(
    Object.entries(row).flatMap(([key, cell]) =>
      cell === null || cell === undefined ? [] : [[key, typeof cell === "bigint" ? String(cell) : cell]],
    ),
  )
