/** All runs of the folder; two or more of them are compared. */
import { useQuery } from "@tanstack/react-query"
import { Link, getRouteApi } from "@tanstack/react-router"
import {
  type SortingState,
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFns,
  tableFeatures,
  useTable,
} from "@tanstack/react-table"
import { useEffect, useMemo, useRef } from "react"
import { runsQuery } from "../api/client.ts"
import type { RunSummary } from "@azr/core/dashboard"
import { Sparkline } from "../charts/Sparkline.tsx"
import { ago, bytes, percent, points } from "../model/format.ts"
import { focusFilter, useKeys } from "../ui/keys.ts"
import { RunStateBadge } from "../ui/RunStateBadge.tsx"

const route = getRouteApi("/")

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns })
const helper = createColumnHelper<typeof features, RunSummary>()
const none: ReadonlyArray<RunSummary> = []

const columns = helper.columns([
  helper.accessor("id", {
    header: "Run",
    cell: ({ row }) => (
      <Link to="/runs/$run" params={{ run: row.original.id }} className="link font-medium" data-row>
        {row.original.id}
      </Link>
    ),
  }),
  helper.accessor("state", { header: "State", cell: ({ getValue }) => <RunStateBadge state={getValue()} /> }),
  helper.accessor((run) => run.heldOut.at(-1) ?? -1, {
    id: "heldOut",
    header: "Held-out accuracy",
    cell: ({ row: { original } }) => <HeldOut values={original.heldOut} />,
  }),
  helper.accessor("step", {
    header: "Step",
    cell: ({ row: { original } }) => (
      <>
        {original.step} <span className="text-soft">of {original.steps}</span>
      </>
    ),
  }),
  helper.accessor("preset", {
    header: "Preset",
    cell: ({ row: { original } }) => (
      <>
        {original.preset} <span className="text-soft">seed {original.seed}</span>
      </>
    ),
  }),
  helper.accessor("bytes", { header: "Disk", cell: ({ getValue }) => bytes(getValue()) }),
  helper.accessor("updatedAt", { header: "Changed", cell: ({ getValue }) => ago(getValue(), Date.now()) }),
])

const HeldOut = ({ values }: { readonly values: ReadonlyArray<number> }) => {
  const [first] = values
  const last = values.at(-1)
  if (first === undefined || last === undefined) return <span className="text-soft">–</span>
  return (
    <span className="flex items-center gap-2.5">
      <Sparkline values={values} label={`from ${percent(first)} to ${percent(last)}`} />
      <span className="w-14 text-right">{percent(last)}</span>
      <span className={`w-11 text-right text-xs ${last >= first ? "text-good" : "text-bad"}`}>
        {values.length > 1 ? points(last - first) : ""}
      </span>
    </span>
  )
}

export const Runs = () => {
  const { data: runs = none, isPending, error } = useQuery(runsQuery)
  const { q = "", select = [], sort = "-updatedAt" } = route.useSearch()
  const navigate = route.useNavigate()
  const body = useRef<HTMLTableSectionElement>(null)
  useEffect(() => {
    document.title = "azr"
  }, [])
  const shown = useMemo(
    () =>
      runs.filter(({ id, preset, state }) =>
        `${id} ${preset} ${state}`.toLowerCase().includes(q.toLowerCase()),
      ),
    [runs, q],
  )
  const sorting: SortingState = [{ id: sort.replace(/^-/u, ""), desc: sort.startsWith("-") }]
  const table = useTable({ features, columns, data: shown, state: { sorting }, getRowId: ({ id }) => id })
  const move = (by: 1 | -1) => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])]
    const at = links.indexOf(document.activeElement as HTMLElement)
    links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + by))]?.focus()
  }
  useKeys({ j: () => move(1), k: () => move(-1), "/": focusFilter })
  const toggle = (id: string) =>
    void navigate({
      search: (before) => ({
        ...before,
        select: select.includes(id) ? select.filter((each) => each !== id) : [...select, id],
      }),
      replace: true,
    })
  return (
    <main className="mx-auto max-w-6xl p-4">
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <h1 className="text-xl font-semibold">Runs</h1>
        <input
          data-filter
          type="search"
          aria-label="Filter runs"
          placeholder="Filter  /"
          className="field w-56"
          value={q}
          onChange={({ target }) =>
            void navigate({
              search: (before) => ({ ...before, q: target.value || undefined }),
              replace: true,
            })
          }
        />
        {select.length >= 2 ? (
          <Link
            to="/compare"
            search={{ runs: select }}
            className="button ml-auto bg-accent text-panel hover:text-ink"
          >
            Compare {select.length} runs
          </Link>
        ) : (
          <span className="ml-auto text-xs text-soft">
            {runs.length >= 2 ? "Tick two or more to compare them." : ""}
          </span>
        )}
      </div>
      {runs.length === 0 ? (
        isPending ? (
          <p role="status" className="py-16 text-center text-sm text-soft">
            {error === null ? "Looking for runs …" : "The server is away; trying again."}
          </p>
        ) : (
          <NoRun />
        )
      ) : (
        <div
          className="overflow-x-auto rounded-lg border border-rule bg-panel"
          tabIndex={0}
          role="region"
          aria-label="Runs"
        >
          <table className="table">
            <thead>
              {table.getHeaderGroups().map((group) => (
                <tr key={group.id}>
                  <th scope="col">
                    <span className="sr-only">Compare</span>
                  </th>
                  {group.headers.map((header) => {
                    const direction =
                      sort.replace(/^-/u, "") === header.column.id
                        ? sort.startsWith("-")
                          ? "descending"
                          : "ascending"
                        : "none"
                    return (
                      <th key={header.id} scope="col" aria-sort={direction}>
                        <button
                          type="button"
                          className="hover:text-ink"
                          onClick={() =>
                            void navigate({
                              search: (before) => ({
                                ...before,
                                sort: direction === "descending" ? header.column.id : `-${header.column.id}`,
                              }),
                              replace: true,
                            })
                          }
                        >
                          <table.FlexRender header={header} />
                          <span aria-hidden className="ml-1">
                            {direction === "none" ? "" : direction === "ascending" ? "↑" : "↓"}
                          </span>
                        </button>
                      </th>
                    )
                  })}
                </tr>
              ))}
            </thead>
            <tbody ref={body}>
              {table.getRowModel().rows.map((row) => (
                <tr key={row.id} className="hover:bg-raised/60">
                  <td className="w-8 align-middle">
                    <input
                      type="checkbox"
                      aria-label={`Compare ${row.id}`}
                      checked={select.includes(row.id)}
                      onChange={() => toggle(row.id)}
                    />
                  </td>
                  {row.getAllCells().map((cell) => (
                    <td key={cell.id} className="align-middle whitespace-nowrap">
                      <table.FlexRender cell={cell} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {shown.length === 0 ? (
            <p className="p-6 text-center text-sm text-soft">No run contains “{q}”.</p>
          ) : null}
        </div>
      )}
    </main>
  )
}

const NoRun = () => (
  <div className="rounded-lg border border-dashed border-rule px-6 py-16 text-center">
    <h2 className="mb-2 text-lg font-semibold">No run yet</h2>
    <p className="mx-auto mb-4 max-w-prose text-sm text-soft">
      A run is a folder. Start one, and it appears here by itself: a small policy that proposes Python tasks,
      solves them and learns from both, in about two minutes on two cores.
    </p>
    <code className="rounded bg-raised px-3 py-2 font-mono text-sm">azr train --preset nano</code>
  </div>
)
