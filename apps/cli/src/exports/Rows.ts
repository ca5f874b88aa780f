/** A table to export: named columns, rows that come one by one, so that a run of any size fits. */

/** How a column is stored where a format has types; `json` is a structure, which CSV and Parquet hold as JSON text. */
export type ColumnType = "text" | "integer" | "number" | "json"

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

export type Row = Readonly<Record<string, unknown>>

export interface Rows {
  readonly columns: ReadonlyArray<Column>
  readonly rows: () => AsyncIterable<Row>
}

/** A cell as text or number; null where the row has none. */
export const flat = ({ name, type }: Column, row: Row): string | number | null => {
  const cell = row[name]
  if (cell === null || cell === undefined) return null
  return type === "json" ? JSON.stringify(cell) : (cell as string | number)
}
