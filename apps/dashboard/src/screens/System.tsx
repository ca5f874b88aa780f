/** What the run costs and what it runs on. */
import { Legend } from "../charts/Legend.tsx"
import { TimeChart } from "../charts/TimeChart.tsx"
import { bytes, count, number } from "../model/format.ts"
import { inertLine } from "../model/inert.ts"
import { isKnown, seriesOf } from "../model/series.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"
import { type RunScreenProps, useStep } from "./RunLayout.tsx"

const thousands = (value: number): string => (value < 1000 ? count(value) : `${number(value / 1000)} k`)

export const System = ({ view }: RunScreenProps) => {
  const [pinned, pin] = useStep()
  const rate = (tokens: string, part: string) => {
    const time = seriesOf(view, `seconds/${part}`)
    return seriesOf(view, tokens).map((value, i) => {
      const spent = time[i]
      return value === null || spent === null || spent === undefined || spent <= 0 ? null : value / spent
    })
  }
  const lines = [
    {
      label: "sampled",
      look: { color: "--generate", dash: [] },
      values: rate("generate/tokens", "generate"),
    },
    { label: "trained", look: { color: "--train", dash: [7, 3] }, values: rate("train/tokens", "train") },
  ].filter(({ values }) => isKnown(values))
  return (
    <div className="grid grid-cols-1 gap-3 lg:grid-cols-2">
      <Panel
        title="Tokens a second"
        note="over the seconds spent on each"
        actions={<Legend entries={lines} />}
        table={{
          columns: ["step", ...lines.map(({ label }) => label)],
          rows: () =>
            view.steps.map((step, i) => [
              String(step),
              ...lines.map(({ values }) => (typeof values[i] === "number" ? count(values[i]) : "–")),
            ]),
        }}
      >
        {lines.length === 0 ? (
          <Nothing>The first step brings them.</Nothing>
        ) : (
          <TimeChart
            label="Tokens a second"
            steps={view.steps}
            lines={lines}
            format={thousands}
            height={190}
            range={[0, null]}
            pinned={pinned}
            onPin={pin}
          />
        )}
      </Panel>
      <Panel
        title="Learning rate"
        table={{
          columns: ["step", "rate"],
          rows: () =>
            view.steps.map((step, i) => [
              String(step),
              number(seriesOf(view, "train/learningRate")[i] ?? Number.NaN),
            ]),
        }}
      >
        {isKnown(seriesOf(view, "train/learningRate")) ? (
          <TimeChart
            label="Learning rate"
            steps={view.steps}
            lines={[
              {
                label: "rate",
                look: { color: "--accent", dash: [] },
                values: seriesOf(view, "train/learningRate"),
              },
            ]}
            format={number}
            height={190}
            range={[0, null]}
            pinned={pinned}
            onPin={pin}
          />
        ) : (
          <Nothing>Nothing yet.</Nothing>
        )}
      </Panel>
      <Panel title="Checkpoints" note={`${bytes(view.summary.bytes)} in the run's folder`}>
        {view.checkpoints.length === 0 ? (
          <Nothing>None yet.</Nothing>
        ) : (
          <table className="table">
            <thead>
              <tr>
                <th scope="col">step</th>
                <th scope="col" className="number">
                  size
                </th>
                <th scope="col">to go on from it</th>
              </tr>
            </thead>
            <tbody>
              {view.checkpoints.map(({ bytes: size, step }) => (
                <tr key={step}>
                  <td>{step}</td>
                  <td className="number">{bytes(size)}</td>
                  <td>
                    <code className="font-mono text-xs">
                      azr resume {view.summary.id} --from step-{step}
                    </code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
      <Panel title="Versions">
        <dl className="grid grid-cols-[7rem_1fr] gap-y-1 text-sm">
          {[["policy", view.policy] as const, ...Object.entries(view.versions)].map(([name, version]) => (
            <div key={name} className="contents">
              <dt className="text-soft">{name}</dt>
              <dd>{inertLine(version, 200)}</dd>
            </div>
          ))}
        </dl>
      </Panel>
    </div>
  )
}
