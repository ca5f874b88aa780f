/** Every setting of the run, resolved; beside another run's where one is chosen. */
import { useQuery } from "@tanstack/react-query"
import { getRouteApi } from "@tanstack/react-router"
import { runQuery, runsQuery } from "../api/client.ts"
import { leavesOf } from "../model/config.ts"
import { inertLine } from "../model/inert.ts"
import { focusFilter, useKeys } from "../ui/keys.ts"
import { Panel } from "../ui/Panel.tsx"
import type { RunScreenProps } from "./RunLayout.tsx"

const route = getRouteApi("/runs/$run/config")

export const Config = ({ view }: RunScreenProps) => {
  const { run } = route.useParams()
  const { against, q = "" } = route.useSearch()
  const navigate = route.useNavigate()
  const { data: runs = [] } = useQuery(runsQuery)
  const other = useQuery({ ...runQuery(against ?? ""), enabled: against !== undefined })
  useKeys({ "/": focusFilter })
  const own = leavesOf(view.config)
  const theirs = other.data === undefined ? null : leavesOf(other.data.config)
  const paths = [...new Set([...own.keys(), ...(theirs?.keys() ?? [])])].filter((path) =>
    path.toLowerCase().includes(q.toLowerCase()),
  )
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <input
          data-filter
          type="search"
          className="field w-56"
          aria-label="Settings whose name contains"
          placeholder="Setting …  /"
          value={q}
          onChange={({ target }) =>
            void navigate({
              search: (before) => ({ ...before, q: target.value || undefined }),
              replace: true,
            })
          }
        />
        <select
          aria-label="Compare with"
          className="field"
          value={against ?? ""}
          onChange={({ target }) =>
            void navigate({
              search: (before) => ({ ...before, against: target.value || undefined }),
              replace: true,
            })
          }
        >
          <option value="">beside: no other run</option>
          {runs
            .filter(({ id }) => id !== run)
            .map(({ id }) => (
              <option key={id} value={id}>
                {id}
              </option>
            ))}
        </select>
      </div>
      <Panel
        title="Configuration"
        note={theirs === null ? "resolved: presets and overrides applied" : "settings that differ are marked"}
      >
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Settings">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">setting</th>
                <th scope="col">{inertLine(run, 40)}</th>
                {theirs === null ? null : <th scope="col">{inertLine(against ?? "", 40)}</th>}
              </tr>
            </thead>
            <tbody className="font-mono text-xs">
              {paths.map((path) => {
                const differs = theirs !== null && theirs.get(path) !== own.get(path)
                return (
                  <tr key={path} className={differs ? "bg-raised font-medium" : ""}>
                    <td>
                      {differs ? <span aria-label="differs">≠ </span> : null}
                      {path}
                    </td>
                    <td>{inertLine(own.get(path) ?? "absent", 200)}</td>
                    {theirs === null ? null : <td>{inertLine(theirs.get(path) ?? "absent", 200)}</td>}
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      </Panel>
    </div>
  )
}
