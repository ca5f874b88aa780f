/** Two or more runs over each other, and what is set differently in them. */
import { useQueries } from "@tanstack/react-query"
import { Link, getRouteApi } from "@tanstack/react-router"
import { runQuery } from "../api/client.ts"
import type { RunView } from "@azr/core/dashboard"
import { Legend } from "../charts/Legend.tsx"
import { TimeChart } from "../charts/TimeChart.tsx"
import { differences } from "../model/config.ts"
import { number, percent } from "../model/format.ts"
import { inertLine } from "../model/inert.ts"
import { type Look, lookAt } from "../model/palette.ts"
import { mainSplit, seriesOf, suitesOf } from "../model/series.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"

const route = getRouteApi("/compare")

interface Track {
  readonly steps: ReadonlyArray<number>
  readonly values: ReadonlyArray<number | null>
}

/** Lines of runs with different steps, on the union of their steps. */
const overlay = (tracks: ReadonlyArray<Track & { readonly label: string; readonly look: Look }>) => {
  const steps = [...new Set(tracks.flatMap((track) => track.steps))].sort((a, b) => a - b)
  return {
    steps,
    lines: tracks.map(({ label, look, steps: own, values }) => {
      const at = new Map(own.map((step, i) => [step, values[i] ?? null]))
      return { label, look, values: steps.map((step) => at.get(step) ?? null) }
    }),
  }
}

const none: ReadonlyArray<string> = []

export const Compare = () => {
  const { runs = none } = route.useSearch()
  const results = useQueries({ queries: runs.map((run) => runQuery(run)) })
  const views = results.flatMap(({ data }) => (data === undefined ? [] : [data]))
  const entries = views.map(({ summary }, index) => ({
    label: summary.id,
    look: lookAt(index),
  }))
  const suites = [
    ...new Set(
      views.flatMap((view) =>
        suitesOf(view.evaluations, mainSplit(view.evaluations)).map(({ suite }) => suite),
      ),
    ),
  ]
  const kinds = [...new Set(views.flatMap((view) => view.kinds))]
  const charts = [
    ...suites.map((suite) => ({
      title: suite,
      note: "held-out accuracy",
      format: share,
      range: [0, 1] as const,
      track: (view: RunView): Track => {
        const points =
          suitesOf(view.evaluations, mainSplit(view.evaluations)).find((each) => each.suite === suite)
            ?.points ?? []
        return {
          steps: points.map(({ step }) => step),
          values: points.map(({ correct, total }) => correct / total),
        }
      },
    })),
    ...kinds.flatMap((kind) => [
      {
        title: `propose ${kind}`,
        note: "mean reward",
        format: number,
        range: [null, null] as const,
        track: trackOf(`propose/${kind}/reward`),
      },
      {
        title: `solve ${kind}`,
        note: "share correct",
        format: share,
        range: [0, 1] as const,
        track: trackOf(`solve/${kind}/correct`),
      },
    ]),
    {
      title: "Entropy",
      note: "nats",
      format: number,
      range: [0, null] as const,
      track: trackOf("train/entropy"),
    },
    {
      title: "Gradient norm",
      note: "before clipping",
      format: number,
      range: [0, null] as const,
      track: trackOf("train/gradNorm"),
    },
  ]
  const different = differences(views.map(({ config }) => config))
  const failed = results.flatMap(({ error }) => (error === null ? [] : [error.message]))
  return (
    <main className="flex flex-col gap-3 p-3 md:px-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <h1 className="text-lg font-semibold">Compare</h1>
        <Legend entries={entries} />
        <Link to="/" search={{ select: [...runs] }} className="link ml-auto text-sm">
          change the selection
        </Link>
      </div>
      {failed.map((message) => (
        <p key={message} role="alert" className="text-sm text-bad">
          {message}
        </p>
      ))}
      {views.length < 2 ? (
        <Nothing>
          {runs.length < 2 ? "Choose two or more runs in the list of runs." : "Reading the runs …"}
        </Nothing>
      ) : (
        <>
          <Panel
            title="What is set differently"
            note={`${different.length} ${different.length === 1 ? "setting" : "settings"}`}
          >
            {different.length === 0 ? (
              <Nothing>Nothing: these runs have the same configuration.</Nothing>
            ) : (
              <div
                className="max-h-56 overflow-auto"
                tabIndex={0}
                role="region"
                aria-label="Settings that differ"
              >
                <table className="table">
                  <thead>
                    <tr>
                      <th scope="col">setting</th>
                      {entries.map(({ label }) => (
                        <th key={label} scope="col">
                          {inertLine(label, 40)}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody className="font-mono text-xs">
                    {different.map(({ path, values }) => (
                      <tr key={path}>
                        <td>{path}</td>
                        {values.map((value, index) => (
                          <td key={entries[index]?.label}>{inertLine(value ?? "absent", 80)}</td>
                        ))}
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </Panel>
          <div className="grid grid-cols-1 gap-3 sm:grid-cols-2 xl:grid-cols-4">
            {charts.map((chart) => (
              <Overlay key={chart.title} {...chart} views={views} entries={entries} />
            ))}
          </div>
        </>
      )}
    </main>
  )
}

const share = (value: number) => percent(value, 0)
const trackOf =
  (key: string) =>
  (view: RunView): Track => ({ steps: view.steps, values: seriesOf(view, key) })

const Overlay = ({
  entries,
  format,
  note,
  range,
  title,
  track,
  views,
}: {
  readonly title: string
  readonly note: string
  readonly format: (value: number) => string
  readonly range: readonly [number | null, number | null]
  readonly track: (view: RunView) => Track
  readonly views: ReadonlyArray<RunView>
  readonly entries: ReadonlyArray<{ readonly label: string; readonly look: Look }>
}) => {
  const { lines, steps } = overlay(
    views.map((view, index) => ({ ...track(view), ...(entries[index] as (typeof entries)[number]) })),
  )
  return (
    <Panel
      title={title}
      note={note}
      table={{
        columns: ["step", ...lines.map(({ label }) => label)],
        rows: () =>
          steps.map((step, i) => [
            String(step),
            ...lines.map(({ values }) => (typeof values[i] === "number" ? format(values[i]) : "–")),
          ]),
      }}
    >
      <TimeChart
        label={`${title}, ${note}`}
        steps={steps}
        lines={lines}
        format={format}
        range={range}
        height={130}
        points={steps.length < 12}
      />
    </Panel>
  )
}
