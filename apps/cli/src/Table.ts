/** Plain text tables: two spaces between columns, widths by content, readable in a terminal and a pipe. */
export class Table {
  readonly #rows: Array<ReadonlyArray<string>>
  readonly #align: string

  /** `align` has one letter a column, `l` or `r`. */
  constructor(header: ReadonlyArray<string>, align: string) {
    this.#rows = [header]
    this.#align = align
  }

  row(cells: ReadonlyArray<string>): void {
    this.#rows.push(cells)
  }

  lines(): ReadonlyArray<string> {
    const widths = (this.#rows[0] ?? []).map((_, column) =>
      Math.max(...this.#rows.map((row) => (row[column] ?? "").length)),
    )
    return this.#rows.map((row) =>
      row
        .map((cell, column) =>
          this.#align[column] === "r" ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
  }
}
