/** Every response of the run: filters, a list that holds only what is seen, and one response in full. */
import { useQueries, useQuery } from "@tanstack/react-query"
import { getRouteApi } from "@tanstack/react-router"
import { useVirtualizer } from "@tanstack/react-virtual"
import { useEffect, useRef } from "react"
import { pageLength, rolloutsQuery } from "../api/client.ts"
import type { RolloutFilter, RolloutRow } from "@azr/core/dashboard"
import { count, number } from "../model/format.ts"
import { inertLine } from "../model/inert.ts"
import { lookOf } from "../model/palette.ts"
import { rolloutName } from "../model/task.ts"
import { focusFilter, useKeys } from "../ui/keys.ts"
import { Outcome } from "../ui/Outcome.tsx"
import { RolloutDetail } from "./RolloutDetail.tsx"
import type { RunScreenProps } from "./RunLayout.tsx"

const route = getRouteApi("/runs/$run/rollouts")
const rowHeight = 28

const outcomes = [
  "accepted",
  "heldOut",
  "duplicate",
  "invalid",
  "badFormat",
  "correct",
  "wrong",
  "infrastructure",
]

export const Rollouts = ({ view }: RunScreenProps) => {
  const search = route.useSearch()
  const { run } = route.useParams()
  const navigate = route.useNavigate()
  const { rollout: open, ...filter } = search
  const several = view.summary.environments.length > 1
  const first = useQuery(rolloutsQuery(run, filter, 0))
  const total = first.data?.total ?? 0
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  const items = list.getVirtualItems()
  const firstPage = Math.floor((items[0]?.index ?? 0) / pageLength)
  const lastPage = Math.floor((items.at(-1)?.index ?? 0) / pageLength)
  const pages = useQueries({
    queries: Array.from({ length: lastPage - firstPage + 1 }, (_, i) =>
      rolloutsQuery(run, filter, firstPage + i),
    ),
  })
  const rowAt = (index: number): RolloutRow | undefined => {
    const page = pages[Math.floor(index / pageLength) - firstPage]?.data
    return page === undefined || page.offset !== Math.floor(index / pageLength) * pageLength
      ? undefined
      : page.rows[index % pageLength]
  }
  const change = (next: RolloutFilter & { readonly rollout?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true })
  // Where j and k go on from: the row that is open, as far as it is among those that are loaded.
  const loaded = pages.flatMap(
    ({ data }) => data?.rows.map((row, i) => [rolloutName(row), data.offset + i] as const) ?? [],
  )
  const at = loaded.find(([name]) => name === open)?.[1]
  const current = useRef(-1)
  const openRow = (index: number) => {
    const row = rowAt(index)
    if (row === undefined) return
    current.current = index
    list.scrollToIndex(index)
    change({ rollout: rolloutName(row) })
  }
  useKeys({
    j: () => openRow(Math.min(total - 1, (at ?? current.current) + 1)),
    k: () => openRow(Math.max(0, (at ?? current.current) - 1)),
    "/": focusFilter,
  })
  const filterKey = JSON.stringify(filter)
  useEffect(() => {
    current.current = -1
    scroller.current?.scrollTo({ top: 0 })
  }, [filterKey])
  // Of a step that nothing else is filtered out of, the place of a rollout in the list is known: a link leads to its row.
  const opened = /^(\d+)-(\d+)$/u.exec(open ?? "")
  const place =
    opened !== null && filterKey === JSON.stringify({ step: Number(opened[1]) }) ? Number(opened[2]) : null
  const arrived = useRef(false)
  useEffect(() => {
    if (arrived.current || total === 0) return
    arrived.current = true
    if (place !== null) list.scrollToIndex(place, { align: "center" })
  }, [list, place, total])
  const choose = (
    name: "role" | "kind" | "outcome" | "environment",
    label: string,
    values: ReadonlyArray<string>,
  ) => (
    <select
      aria-label={label}
      className="field"
      value={filter[name] ?? ""}
      onChange={({ target }) => change({ [name]: target.value || undefined, rollout: undefined })}
    >
      <option value="">{label}: all</option>
      {values.map((value) => (
        <option key={value}>{value}</option>
      ))}
    </select>
  )
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <input
          data-filter
          type="search"
          className="field w-48"
          aria-label="Rollouts whose prompt or response contains"
          placeholder="Contains …  /"
          value={filter.q ?? ""}
          onChange={({ target }) => change({ q: target.value || undefined, rollout: undefined })}
        />
        <input
          type="number"
          min={1}
          className="field w-24"
          aria-label="Step"
          placeholder="step"
          value={filter.step ?? ""}
          onChange={({ target }) =>
            change({ step: target.value === "" ? undefined : Number(target.value), rollout: undefined })
          }
        />
        {choose("role", "role", ["propose", "solve"])}
        {choose("kind", "kind", view.kinds)}
        {choose("outcome", "verdict", outcomes)}
        {several ? choose("environment", "environment", view.summary.environments) : null}
        {filter.task === undefined ? null : (
          <button type="button" className="button" onClick={() => change({ task: undefined })}>
            task #{filter.task} <span aria-hidden>×</span>
          </button>
        )}
        <span role="status" className="ml-auto text-sm text-soft">
          {first.isPending ? "Reading …" : `${count(total)} rollouts`}
        </span>
      </div>
      <div className="grid gap-3 lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
        <div
          ref={scroller}
          tabIndex={0}
          role="region"
          aria-label="Rollouts"
          className={`h-[calc(100vh-11.5rem)] min-h-80 overflow-auto rounded-lg border border-rule bg-panel ${opened === null ? "" : "max-lg:hidden"}`}
        >
          {total === 0 && !first.isPending ? (
            <p className="p-10 text-center text-sm text-soft">
              {view.steps.length === 0
                ? "Rollouts come with the first step."
                : "No rollout is like that; loosen the filters."}
            </p>
          ) : null}
          <ul className="relative" style={{ height: list.getTotalSize() }}>
            {items.map(({ index, start }) => {
              const row = rowAt(index)
              const name = row === undefined ? "" : rolloutName(row)
              return (
                <li
                  key={index}
                  aria-setsize={total}
                  aria-posinset={index + 1}
                  className="absolute inset-x-0"
                  style={{ top: start, height: rowHeight }}
                >
                  {row === undefined ? (
                    <span className="flex h-full items-center px-3 text-xs text-soft">
                      {count(index + 1)} …
                    </span>
                  ) : (
                    <button
                      type="button"
                      aria-current={name === open ? "true" : undefined}
                      onClick={() => openRow(index)}
                      className="grid h-full w-full grid-cols-[2.75rem_auto_5.25rem_5.25rem_3rem_1fr] items-center gap-x-2 px-3 text-left text-xs -outline-offset-2 hover:bg-raised aria-[current=true]:bg-raised"
                    >
                      <span className="text-right text-soft">{row.step}</span>
                      <span className={`truncate text-soft ${several ? "w-20" : ""}`}>
                        {several ? inertLine(row.environment, 40) : ""}
                      </span>
                      <span
                        className="truncate"
                        style={{ color: `var(${lookOf(row.kind, view.kinds).color})` }}
                      >
                        <span aria-hidden>{row.role === "propose" ? "+ " : "= "}</span>
                        <span className="sr-only">{row.role} </span>
                        {row.kind}
                      </span>
                      <Outcome outcome={row.outcome} />
                      <span className="text-right">{row.reward === null ? "–" : number(row.reward)}</span>
                      <span className="truncate font-mono text-soft">{inertLine(row.response, 120)}</span>
                    </button>
                  )}
                </li>
              )
            })}
          </ul>
        </div>
        {opened === null ? (
          <p className="hidden items-center justify-center rounded-lg border border-dashed border-rule p-10 text-center text-sm text-soft lg:flex">
            Open a rollout to see its prompt, its response and why it was scored so. j and k go through the
            list.
          </p>
        ) : (
          <RolloutDetail
            key={open}
            run={run}
            kinds={view.kinds}
            step={Number(opened[1])}
            index={Number(opened[2])}
            onClose={() => change({ rollout: undefined })}
          />
        )}
      </div>
    </div>
  )
}
