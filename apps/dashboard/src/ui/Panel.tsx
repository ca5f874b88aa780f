/** A titled part of a screen. Where it draws, the same numbers are one press away as a table. */
import { type ReactNode, useId, useState } from "react"

export interface TableView {
  readonly columns: ReadonlyArray<string>
  readonly rows: () => ReadonlyArray<ReadonlyArray<string>>
}

export const Panel = ({
  title,
  note,
  table,
  actions,
  className = "",
  children,
}: {
  readonly title: string
  readonly note?: ReactNode
  readonly table?: TableView
  readonly actions?: ReactNode
  readonly className?: string
  readonly children: ReactNode
}) => {
  const id = useId()
  const [asTable, setAsTable] = useState(false)
  return (
    <section
      aria-labelledby={id}
      className={`flex min-w-0 flex-col rounded-lg border border-rule bg-panel px-3.5 pt-2 pb-3 ${className}`}
    >
      <header className="mb-1.5 flex min-h-7 items-center gap-x-3 max-md:flex-wrap">
        <h2 id={id} className="shrink-0 text-sm font-semibold">
          {title}
        </h2>
        <div className="min-w-0 flex-1 truncate text-xs text-soft">{note}</div>
        {actions}
        {table === undefined ? null : (
          <button
            type="button"
            aria-pressed={asTable}
            aria-label={`${title} as ${asTable ? "a picture" : "a table"}`}
            onClick={() => setAsTable(!asTable)}
            className="shrink-0 rounded px-1 text-xs text-soft hover:text-ink hover:underline"
          >
            {asTable ? "chart" : "table"}
          </button>
        )}
      </header>
      {table !== undefined && asTable ? <NumberTable table={table} title={title} /> : children}
    </section>
  )
}

const NumberTable = ({ table, title }: { readonly table: TableView; readonly title: string }) => (
  <div className="max-h-72 overflow-auto" tabIndex={0} role="region" aria-label={`${title}, table`}>
    <table className="table">
      <thead>
        <tr>
          {table.columns.map((column, index) => (
            <th key={column} scope="col" className={`sticky top-0 bg-panel ${index === 0 ? "" : "number"}`}>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows().map((row) => (
          <tr key={row[0]}>
            {row.map((cell, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- columns do not move
              <td key={index} className={index === 0 ? "" : "number"}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

/** What a panel says when there is nothing to draw, and why. */
export const Nothing = ({ children }: { readonly children: ReactNode }) => (
  <p className="m-auto max-w-prose py-4 text-center text-sm text-soft">{children}</p>
)
