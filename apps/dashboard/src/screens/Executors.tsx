/** How the programs ran: time, speed, what went wrong in them, what went wrong around them. */
import type { ExecutorTotal } from "@azr/core/dashboard"
import { count, milliseconds, number, percent, seconds } from "../model/format.ts"
import { inertLine } from "../model/inert.ts"
import { lookAt } from "../model/palette.ts"
import { seriesOf } from "../model/series.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"
import { ByKind, RefusalTable } from "./Curriculum.tsx"
import { LinesPanel, notLogged } from "./LinesPanel.tsx"
import type { RunScreenProps } from "./RunLayout.tsx"

export const Executors = ({ view }: RunScreenProps) => {
  const lines = (name: string, label: (executor: string) => string, dash?: ReadonlyArray<number>) =>
    view.executors.map(({ executor }, index) => {
      const look = lookAt(index)
      return {
        label: label(executor),
        look: dash === undefined ? look : { ...look, dash },
        values: seriesOf(view, `executors/${executor}/${name}`),
      }
    })
  const several = view.executors.length > 1
  const named = (executor: string) => inertLine(executor, 40)
  return (
    <div className="grid grid-cols-1 gap-3 lg:grid-cols-2">
      <LinesPanel
        view={view}
        title="Time in the executors"
        note={inertLine(view.versions["executors"] ?? "", 80)}
        lines={[
          {
            label: "execute",
            look: { color: "--execute", dash: [] },
            values: seriesOf(view, "seconds/execute"),
          },
        ]}
        format={seconds}
        range={[0, null]}
      />
      <Panel title="Executors" note="all steps; a worker that dies or takes too long is replaced">
        {view.executors.length === 0 ? (
          <Nothing>{view.steps.length === 0 ? "Nothing ran yet." : notLogged}</Nothing>
        ) : (
          <Totals executors={view.executors} />
        )}
      </Panel>
      <LinesPanel
        view={view}
        title="Calls a second"
        note="of the whole step; answers from memory left out"
        lines={lines("rate", named)}
        format={number}
        range={[0, null]}
        none={notLogged}
      />
      <LinesPanel
        view={view}
        title="Latency of a call"
        note="until its answer, waiting for a worker included"
        lines={[
          ...lines("p50", (executor) => (several ? `${named(executor)}, median` : "median"), []),
          ...lines("p99", (executor) => (several ? `${named(executor)}, 99 %` : "99 % are faster"), [6, 3]),
        ]}
        format={milliseconds}
        range={[0, null]}
        none={notLogged}
      />
      <LinesPanel
        view={view}
        title="Workers in use"
        note="share of their time, over the whole step"
        lines={lines("inUse", named)}
        format={(value) => percent(value, 0)}
        range={[0, 1]}
        none={notLogged}
      />
      <Panel title="Programs that failed" note="proposals, all steps, by what went wrong">
        <RefusalTable
          view={view}
          of={(status) => status === "invalid" || status === "infrastructure"}
          none="Every proposed program ran to its end."
        />
      </Panel>
      <Faults view={view} title="Proposals lost to faults" keyOf={(kind) => `propose/${kind}/faults`} />
      <Faults view={view} title="Answers lost to faults" keyOf={(kind) => `solve/${kind}/faults`} />
    </div>
  )
}

const Totals = ({ executors }: { readonly executors: ReadonlyArray<ExecutorTotal> }) => (
  <table className="table">
    <thead>
      <tr>
        <th scope="col">executor</th>
        <th scope="col" className="number max-md:hidden">
          workers
        </th>
        {["calls", "from memory", "died", "too slow"].map((name) => (
          <th key={name} scope="col" className="number">
            {name}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {executors.map(({ calls, executor, lost, remembered, timeouts, workers }) => (
        <tr key={executor}>
          <td>{inertLine(executor, 40)}</td>
          <td className="number max-md:hidden">{workers}</td>
          <td className="number">{count(calls)}</td>
          <td className="number">{percent(remembered / Math.max(1, calls + remembered))}</td>
          <td className="number">{count(lost)}</td>
          <td className="number">{count(timeouts)}</td>
        </tr>
      ))}
    </tbody>
  </table>
)

/** Faults are of the executor, not of a program: most runs have none, which is said, not drawn. */
const Faults = ({
  keyOf,
  title,
  view,
}: RunScreenProps & { readonly title: string; readonly keyOf: (kind: string) => string }) => {
  const total = view.kinds
    .flatMap((kind) => seriesOf(view, keyOf(kind)))
    .reduce<number>((sum, value) => sum + (value ?? 0), 0)
  return total === 0 ? (
    <Panel title={title} note="the executor's, not the program's">
      <Nothing>
        {view.steps.length === 0 ? "Nothing ran yet." : `None, in ${count(view.summary.step)} steps.`}
      </Nothing>
    </Panel>
  ) : (
    <ByKind
      view={view}
      title={title}
      note="masked: neither reward nor weight in the update"
      keyOf={keyOf}
      format={count}
      range={[0, 4]}
    />
  )
}
