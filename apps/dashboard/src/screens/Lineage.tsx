/** Where a task comes from and what came of it. */
import { useQuery } from "@tanstack/react-query"
import { Link, getRouteApi } from "@tanstack/react-router"
import { taskQuery } from "../api/client.ts"
import { LineageTree, difficultyMix } from "../charts/LineageTree.tsx"
import { count, percent } from "../model/format.ts"
import { lookOf } from "../model/palette.ts"
import { focusFilter, useKeys } from "../ui/keys.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"
import { Answers, TaskBody } from "./RolloutDetail.tsx"
import type { RunScreenProps } from "./RunLayout.tsx"

const route = getRouteApi("/runs/$run/lineage")

export const Lineage = ({ view }: RunScreenProps) => {
  const { run } = route.useParams()
  const { task: asked } = route.useSearch()
  const navigate = route.useNavigate()
  const focus = asked ?? view.hardest?.id
  const { data, error } = useQuery({ ...taskQuery(run, focus ?? 0), enabled: focus !== undefined })
  const open = (task: number | undefined) => void navigate({ search: (before) => ({ ...before, task }) })
  useKeys({
    j: () => open((focus ?? 0) + 1),
    k: () => open(Math.max(1, (focus ?? 2) - 1)),
    "/": focusFilter,
  })
  const legend = (
    <span className="flex items-center gap-1.5 text-xs text-soft">
      solved by all
      <span aria-hidden className="flex overflow-hidden rounded-sm border border-rule">
        {[1, 0.75, 0.5, 0.25, 0].map((rate) => (
          <i key={rate} className="h-2.5 w-4" style={{ background: difficultyMix(rate) }} />
        ))}
      </span>
      by none
    </span>
  )
  const record = data?.record
  const parents = [...new Set(record?.parents)]
  const ancestors = data?.lineage.filter(({ id }) => id < (record?.id ?? 0)) ?? []
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <label className="flex items-center gap-2">
          Task
          <input
            data-filter
            type="number"
            min={1}
            className="field w-28"
            value={focus ?? ""}
            onChange={({ target }) => open(target.value === "" ? undefined : Number(target.value))}
          />
        </label>
        {view.hardest === null ? null : (
          <button type="button" className="button" onClick={() => open(view.hardest?.id)}>
            hardest solved, #{view.hardest.id}
          </button>
        )}
      </div>
      {focus === undefined ? (
        <Nothing>A task has a lineage once it was proposed; the first step brings them.</Nothing>
      ) : record === undefined || data === undefined ? (
        <Nothing>{error === null ? "Reading …" : `There is no task ${focus} in this run.`}</Nothing>
      ) : (
        <>
          <Panel
            title={`Lineage of task #${record.id}`}
            note={
              parents.length === 0
                ? "a first task: it descends from none"
                : `descends from ${parents.map((id) => `#${id}`).join(", ")}${ancestors.length > 1 ? `, ${count(ancestors.length)} ancestors shown; dashed: further ways` : ""}`
            }
            actions={legend}
            table={{
              columns: ["task", "kind", "step", "solved", "from"],
              rows: () =>
                data.lineage.map(({ id, kind, parents, step, successRate }) => [
                  `#${id}`,
                  kind,
                  String(step),
                  successRate === null ? "–" : percent(successRate, 0),
                  parents.map((each) => `#${each}`).join(" "),
                ]),
            }}
          >
            <LineageTree focus={record.id} kinds={view.kinds} tasks={data.lineage} onOpen={open} />
          </Panel>
          <div className="grid gap-3 lg:grid-cols-2">
            <Panel
              title={`Task #${record.id}`}
              note={
                <>
                  <span style={{ color: `var(${lookOf(record.kind, view.kinds).color})` }}>
                    {record.kind}
                  </span>
                  , {record.origin === "seed" ? "a seed" : `proposed in step ${record.step}`},{" "}
                  {record.environment}
                </>
              }
            >
              <TaskBody record={record} source={data.source} />
            </Panel>
            <Panel
              title="Answers"
              note={
                record.successRate === null ? "not estimated" : `${percent(record.successRate, 0)} correct`
              }
              actions={
                <Link
                  className="link text-xs"
                  from="/runs/$run"
                  to="/runs/$run/rollouts"
                  search={{ task: record.id }}
                >
                  all rollouts of the task
                </Link>
              }
            >
              {data.answers.length === 0 ? (
                <Nothing>No answer was sampled for this task, or its step keeps no rollouts.</Nothing>
              ) : (
                <Answers answers={data.answers} />
              )}
            </Panel>
          </div>
        </>
      )}
    </div>
  )
}
