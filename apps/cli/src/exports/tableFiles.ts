/** Tables as files: JSON lines, CSV (RFC 4180), Parquet. */
import { createWriteStream } from "node:fs"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { stringify } from "csv-stringify"
import { fileWriter, parquetWriteRows } from "hyparquet-writer"
import { type Column, type Row, type Rows, flat } from "./Rows.ts"

export type TableFormat = "jsonl" | "csv" | "parquet"

/** Rows of a Parquet row group: what is in memory at a time. */
const rowGroup = 5000

const parquetTypes = {
  text: "STRING",
  json: "STRING",
  integer: "INT32",
  number: "DOUBLE",
} as const satisfies Record<Column["type"], string>

export const writeTable = async (file: string, format: TableFormat, table: Rows): Promise<void> => {
  switch (format) {
    case "jsonl":
      return pipeline(Readable.from(jsonLines(table)), createWriteStream(file))
    case "csv":
      return pipeline(
        Readable.from(mapped(table, (row) => table.columns.map((column) => flat(column, row)))),
        stringify({ header: true, columns: table.columns.map(({ name }) => name) }),
        createWriteStream(file),
      )
    case "parquet":
      await parquetWriteRows({
        writer: fileWriter(file),
        rows: mapped(table, (row) =>
          Object.fromEntries(table.columns.map((column) => [column.name, flat(column, row)])),
        ),
        columns: table.columns.map(({ name, type }) => ({ name, type: parquetTypes[type], nullable: true })),
        rowGroupSize: rowGroup,
      })
  }
}

async function* mapped<A>(table: Rows, map: (row: Row) => A): AsyncGenerator<A> {
  for await (const row of table.rows()) yield map(row)
}

const jsonLines = ({ columns, ...table }: Rows) =>
  mapped({ columns, ...table }, (row) => {
    const known = columns.flatMap(({ name }) => (row[name] === undefined ? [] : [[name, row[name]] as const]))
    return `${JSON.stringify(Object.fromEntries(known))}\n`
  })
