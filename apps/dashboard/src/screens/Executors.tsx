/** How the programs ran: time, what went wrong in them, what went wrong around them. */
import { TimeChart } from "../charts/TimeChart.tsx"
import { count, seconds } from "../model/format.ts"
import { inertLine } from "../model/inert.ts"
import { isKnown, reasonInWords, seriesOf } from "../model/series.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"
import { ByKind } from "./Curriculum.tsx"
import { type RunScreenProps, useStep } from "./RunLayout.tsx"

export const Executors = ({ view }: RunScreenProps) => {
  const [pinned, pin] = useStep()
  const time = seriesOf(view, "seconds/execute")
  const failures = view.proposals.filter(({ status }) => status === "invalid" || status === "infrastructure")
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
        {failures.length === 0 ? (
          <Nothing>Every proposed program ran to its end.</Nothing>
        ) : (
          <table className="table">
            <thead>
              <tr>
                <th scope="col">what</th>
                <th scope="col">kind</th>
                <th scope="col" className="number">
                  programs
                </th>
              </tr>
            </thead>
            <tbody>
              {failures.map(({ count: n, kind, reason, status }) => (
                <tr key={`${kind}/${status}/${reason}`}>
                  <td>{reasonInWords(reason || status)}</td>
                  <td>{kind}</td>
                  <td className="number">{count(n)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
      <ByKind
        view={view}
        title="Proposals lost to faults"
        note="the executor's, not the program's"
        keyOf={(kind) => `propose/${kind}/faults`}
        format={count}
        range={[0, 1]}
      />
      <ByKind
        view={view}
        title="Answers lost to faults"
        note="masked: neither reward nor weight"
        keyOf={(kind) => `solve/${kind}/faults`}
        format={count}
        range={[0, 1]}
      />
      <p className="text-xs text-soft lg:col-span-2">
        Calls per second, latencies and restarts are not in the log of a run;{" "}
        <code className="font-mono">azr bench executors</code> measures them.
      </p>
    </div>
  )
}
