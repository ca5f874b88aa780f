/** What the proposer teaches: how hard its tasks are, how many, how different, and what is refused. */
import { HeatStrip } from "../charts/HeatStrip.tsx"
import { count, number, percent, words } from "../model/format.ts"
import { lookOf } from "../model/palette.ts"
import { refusalsOf, seriesOf } from "../model/series.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"
import { RefusalLink } from "../ui/RefusalLink.tsx"
import { LinesPanel } from "./LinesPanel.tsx"
import { type RunScreenProps, useStep } from "./RunLayout.tsx"

export const Curriculum = ({ view }: RunScreenProps) => {
  const [pinned, pin] = useStep()
  const { successRates: rates } = view
  const measures = [
    ...new Set(
      Object.keys(view.series).flatMap((key) => /^propose\/[^/]+\/task\/(.+)$/u.exec(key)?.[1] ?? []),
    ),
  ]
  return (
    <div className="grid grid-cols-1 gap-3 lg:grid-cols-2">
      <Panel
        className="lg:col-span-2"
        title="Success rate of proposed tasks"
        note="a column a step; tasks between the ends teach, those at the ends do not"
        table={{
          columns: ["step", ...rates.bins],
          rows: () => rates.steps.map((step, i) => [String(step), ...(rates.columns[i] ?? []).map(String)]),
        }}
      >
        {rates.steps.length === 0 ? (
          <Nothing>The first step estimates how hard its tasks are.</Nothing>
        ) : (
          <HeatStrip
            {...rates}
            label="How often proposed tasks were solved, by step"
            height={180}
            pinned={pinned}
            onPin={pin}
          />
        )}
      </Panel>
      <ByKind
        view={view}
        title="Learnable"
        note="share of estimated tasks solved sometimes but not always"
        keyOf={(kind) => `solve/${kind}/learnable`}
        format={share}
        range={[0, 1]}
      />
      <ByKind
        view={view}
        title="Buffer"
        note="tasks to draw references from"
        keyOf={(kind) => `buffer/${kind}/size`}
        format={count}
        range={[0, null]}
      />
      <ByKind
        view={view}
        title="New"
        note="accepted among valid tasks that are not held out"
        keyOf={(kind) => `propose/${kind}/new`}
        format={share}
        range={[0, 1]}
      />
      <ByKind
        view={view}
        title="Valid"
        note="valid tasks among the proposals"
        keyOf={(kind) => `propose/${kind}/valid`}
        format={share}
        range={[0, 1]}
      />
      <ByKind
        view={view}
        title="Diversity"
        note="accepted tasks whose program has a shape that is new to the run"
        keyOf={(kind) => `diversity/${kind}/regions`}
        format={share}
        range={[0, 1]}
      />
      {measures.map((measure) => (
        <ByKind
          key={measure}
          view={view}
          title={`Task ${words(measure)}`}
          note="mean of the accepted tasks"
          keyOf={(kind) => `propose/${kind}/task/${measure}`}
          format={number}
          range={[0, null]}
        />
      ))}
      <Refusals view={view} />
    </div>
  )
}

const share = (value: number) => percent(value, 0)

export const ByKind = ({
  format,
  keyOf,
  note,
  range,
  title,
  view,
}: RunScreenProps & {
  readonly title: string
  readonly note: string
  readonly keyOf: (kind: string) => string
  readonly format: (value: number) => string
  readonly range: readonly [number | null, number | null]
}) => (
  <LinesPanel
    view={view}
    title={title}
    note={note}
    lines={view.kinds.map((kind) => ({
      label: kind,
      look: lookOf(kind, view.kinds),
      values: seriesOf(view, keyOf(kind)),
    }))}
    format={format}
    range={range}
  />
)

const Refusals = ({ view }: RunScreenProps) => {
  const { proposed, refused } = refusalsOf(view)
  return (
    <Panel
      // Alone in its row, it takes all of it.
      className="lg:even:col-span-2"
      title="Refused proposals"
      note={`${count(refused)} of ${count(proposed)}, all steps`}
    >
      <RefusalTable view={view} of={() => true} none="None was refused." />
    </Panel>
  )
}

/** Refusals by reason and kind, most frequent first; each leads to its proposals. */
export const RefusalTable = ({
  none,
  of,
  view,
}: RunScreenProps & { readonly of: (status: string) => boolean; readonly none: string }) => {
  const { proposed, reasons } = refusalsOf(view)
  const chosen = reasons.filter(({ status }) => of(status))
  if (chosen.length === 0) return <Nothing>{none}</Nothing>
  return (
    <div className="overflow-x-auto">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">reason</th>
            {view.kinds.map((kind) => (
              <th key={kind} scope="col" className="number">
                {kind}
              </th>
            ))}
            <th scope="col" className="number">
              of all
            </th>
          </tr>
        </thead>
        <tbody>
          {chosen.map(({ count: n, reason, status }) => (
            <tr key={`${status}/${reason}`}>
              <td>
                <RefusalLink reason={reason} status={status} />
              </td>
              {view.kinds.map((kind) => (
                <td key={kind} className="number">
                  {count(
                    view.proposals
                      .filter(
                        (each) =>
                          each.kind === kind &&
                          each.status === status &&
                          (each.reason || each.status) === reason,
                      )
                      .reduce((sum, each) => sum + each.count, 0),
                  )}
                </td>
              ))}
              <td className="number">{percent(n / Math.max(1, proposed))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
