/** A panel of lines over the steps, with their numbers as a table. */
import type { ReactNode } from "react"
import { Legend } from "../charts/Legend.tsx"
import { type Line, TimeChart } from "../charts/TimeChart.tsx"
import { isKnown } from "../model/series.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"
import { type RunScreenProps, useStep } from "./RunLayout.tsx"

/** Said of what the machine did, which logs have not always told. */
export const notLogged = "Not in the log: an earlier version wrote this run."

/** What a chart without a legend gets besides, so that it ends where its neighbour does. */
const legendHeight = 16

export const LinesPanel = ({
  format,
  height = 150,
  lines,
  none = "Not measured in this run.",
  note,
  range,
  title,
  view,
}: RunScreenProps & {
  readonly title: string
  readonly note?: ReactNode
  readonly lines: ReadonlyArray<Line>
  readonly format: (value: number) => string
  readonly range: readonly [number | null, number | null]
  readonly height?: number
  /** What is said where nothing is known. */
  readonly none?: ReactNode
}) => {
  const [pinned, pin] = useStep()
  const several = lines.length > 1
  const known = lines.filter(({ values }) => isKnown(values))
  return (
    <Panel
      title={title}
      note={note}
      table={{
        columns: ["step", ...known.map(({ label }) => label)],
        rows: () =>
          view.steps.map((step, i) => [
            String(step),
            ...known.map(({ values }) => {
              const value = values[i]
              return value === null || value === undefined ? "–" : format(value)
            }),
          ]),
      }}
    >
      {known.length === 0 ? (
        <Nothing>{view.steps.length === 0 ? "Nothing ran yet." : none}</Nothing>
      ) : (
        <>
          {several ? <Legend entries={known} /> : null}
          <TimeChart
            label={title}
            steps={view.steps}
            lines={known}
            format={format}
            range={range}
            height={several ? height : height + legendHeight}
            pinned={pinned}
            onPin={pin}
          />
        </>
      )}
    </Panel>
  )
}
