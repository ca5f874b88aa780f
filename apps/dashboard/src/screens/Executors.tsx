/** How the programs ran: time, what went wrong in them, what went wrong around them. */
import { TimeChart } from "../charts/TimeChart.tsx"
import { count, seconds } from "../model/format.ts"
import { inertLine } from "../model/inert.ts"
import { isKnown, seriesOf } from "../model/series.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"
import { ByKind, RefusalTable } from "./Curriculum.tsx"
import { type RunScreenProps, useStep } from "./RunLayout.tsx"

export const Executors = ({ view }: RunScreenProps) => {
  const [pinned, pin] = useStep()
  const time = seriesOf(view, "seconds/execute")
  return (
    <div className="grid grid-cols-1 gap-3 lg:grid-cols-2">
      <Panel
        title="Time in the executors"
        note={inertLine(view.versions["executors"] ?? "", 80)}
        table={{
          columns: ["step", "seconds"],
          rows: () =>
            view.steps.map((step, i) => [String(step), typeof time[i] === "number" ? seconds(time[i]) : "–"]),
        }}
      >
        {isKnown(time) ? (
          <TimeChart
            label="Time in the executors"
            steps={view.steps}
            lines={[{ label: "execute", look: { color: "--execute", dash: [] }, values: time }]}
            format={seconds}
            height={170}
            range={[0, null]}
            pinned={pinned}
            onPin={pin}
          />
        ) : (
          <Nothing>The first step brings it.</Nothing>
        )}
      </Panel>
      <Panel title="Programs that failed" note="proposals, all steps, by what went wrong">
        <RefusalTable
          view={view}
          of={(status) => status === "invalid" || status === "infrastructure"}
          none="Every proposed program ran to its end."
        />
      </Panel>
      <Faults view={view} title="Proposals lost to faults" keyOf={(kind) => `propose/${kind}/faults`} />
      <Faults view={view} title="Answers lost to faults" keyOf={(kind) => `solve/${kind}/faults`} />
      <p className="text-xs text-soft lg:col-span-2">
        Calls per second, latencies and restarts are not in the log of a run;{" "}
        <code className="font-mono">azr bench executors</code> measures them.
      </p>
    </div>
  )
}

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
