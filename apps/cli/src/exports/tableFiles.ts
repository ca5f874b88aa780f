/** Tables as files: JSON lines, CSV (RFC 4180), Parquet. */
import { createWriteStream } from "node:fs"
import { Readable, type Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { stringify } from "csv-stringify"
import { fileWriter, parquetWriteRows } from "hyparquet-writer"
import { type Column, type Row, type Rows, flat } from "./Rows.ts"

export const textFormats = ["jsonl", "csv"] as const
export type TextFormat = (typeof textFormats)[number]
export type TableFormat = TextFormat | "parquet"

/** Rows of a Parquet row group: what is in memory at a time. */
const rowGroup = 5000

const parquetTypes = {
  text: "STRING",
  json: "STRING",
  integer: "INT32",
  number: "DOUBLE",
} as const satisfies Record<Column["type"], string>

export const writeTable = async (file: string, format: TableFormat, table: Rows): Promise<void> => {
  if (format !== "parquet") return pipeline([...textOf(format, table), createWriteStream(file)])
  await parquetWriteRows({
    writer: fileWriter(file),
    rows: mapped(table, (row) =>
      Object.fromEntries(table.columns.map((column) => [column.name, flat(column, row)])),
    ),
    columns: table.columns.map(({ name, type }) => ({ name, type: parquetTypes[type], nullable: true })),
    rowGroupSize: rowGroup,
  })
}

/** For a pipe, which stays open. */
export const printTable = (to: Writable, format: TextFormat, table: Rows): Promise<void> =>
  pipeline([...textOf(format, table), to], { end: false })

const textOf = (format: TextFormat, table: Rows) =>
  format === "jsonl"
    ? [Readable.from(jsonLines(table))]
    : [
        Readable.from(mapped(table, (row) => table.columns.map((column) => flat(column, row)))),
        stringify({ header: true, columns: table.columns.map(({ name }) => name) }),
      ]

async function* mapped<A>(table: Rows, map: (row: Row) => A): AsyncGenerator<A> {
  for await (const row of table.rows()) yield map(row)
}

const jsonLines = ({ columns, ...table }: Rows) =>
  mapped({ columns, ...table }, (row) => {
    const known = columns.flatMap(({ name }) => (row[name] === undefined ? [] : [[name, row[name]] as const]))
    return `${JSON.stringify(Object.fromEntries(known))}\n`
  })
