/** What the run costs and what it runs on. */
import { bytes, count, number } from "../model/format.ts"
import { inertLine } from "../model/inert.ts"
import { seriesOf } from "../model/series.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"
import { LinesPanel, notLogged } from "./LinesPanel.tsx"
import type { RunScreenProps } from "./RunLayout.tsx"

const thousands = (value: number): string => (value < 1000 ? count(value) : `${number(value / 1000)} k`)

export const System = ({ view }: RunScreenProps) => {
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
  ]
  return (
    <div className="grid grid-cols-1 gap-3 lg:grid-cols-2">
      <LinesPanel
        view={view}
        title="Tokens a second"
        note="over the seconds spent on each"
        lines={lines}
        format={thousands}
        range={[0, null]}
        height={170}
        none="The engine counts none."
      />
      <LinesPanel
        view={view}
        title="Memory"
        note="of the process that trains, its executors included"
        lines={[
          {
            label: "resident",
            look: { color: "--accent", dash: [] },
            values: seriesOf(view, "machine/memoryBytes"),
          },
        ]}
        format={bytes}
        range={[0, null]}
        height={170}
        none={notLogged}
      />
      <LinesPanel
        view={view}
        title="Learning rate"
        lines={[
          {
            label: "rate",
            look: { color: "--accent", dash: [] },
            values: seriesOf(view, "train/learningRate"),
          },
        ]}
        format={number}
        range={[0, null]}
        height={170}
      />
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
      <Panel
        className="lg:col-span-2"
        title="Checkpoints"
        note={`${bytes(view.summary.bytes)} in the run's folder`}
      >
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
    </div>
  )
}
