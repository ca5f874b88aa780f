/** Lines over steps, drawn by uPlot: optional intervals, stacked areas, a pinned step. All charts of a page share a cursor. */
import uPlot from "uplot"
import { useEffect, useLayoutEffect, useRef, useState } from "react"
import { type Look, resolveColor } from "../model/palette.ts"
import { Swatch } from "./Legend.tsx"
import { useColorRevision } from "../ui/theme.ts"

export interface Line {
  readonly label: string
  readonly look: Look
  readonly values: ReadonlyArray<number | null>
  /** Ends of an interval around each value. */
  readonly low?: ReadonlyArray<number | null>
  readonly high?: ReadonlyArray<number | null>
}

export interface TimeChartProps {
  readonly label: string
  /** Steps, ascending. */
  readonly steps: ReadonlyArray<number>
  readonly lines: ReadonlyArray<Line>
  readonly format: (value: number) => string
  readonly height: number
  /** Ends of the scale; null where the data decide. */
  readonly range?: readonly [number | null, number | null]
  readonly stacked?: boolean
  readonly points?: boolean
  /** `small` leaves out the steps: for charts that stand beside others over the same ones. */
  readonly axes?: "full" | "small"
  readonly pinned?: number | undefined
  readonly onPin?: ((step: number) => void) | undefined
}

const sums = (lines: ReadonlyArray<Line>): ReadonlyArray<ReadonlyArray<number | null>> => {
  let below: ReadonlyArray<number> = []
  return lines.map(({ values }) => (below = values.map((value, i) => (value ?? 0) + (below[i] ?? 0))))
}

const fade = (color: string, alpha: number): string => color.replace(/^rgb\((.*)\)$/u, `rgba($1, ${alpha})`)

/** What a reader without the picture is told: where each line began and where it is. */
const summary = ({ format, label, lines, steps }: TimeChartProps): string =>
  `${label}, steps ${steps[0] ?? 0} to ${steps.at(-1) ?? 0}. ${lines
    .map((line) => {
      const known = line.values.filter((value) => value !== null)
      const [first] = known
      const last = known.at(-1)
      return first === undefined || last === undefined
        ? `${line.label}: nothing yet`
        : `${line.label}: from ${format(first)} to ${format(last)}`
    })
    .join("; ")}.`

/** From how many steps on a line is drawn as its running mean, over the values themselves, faint. */
const dense = 48

const runningMean = (values: ReadonlyArray<number | null>): ReadonlyArray<number | null> => {
  const reach = Math.max(2, Math.round(values.length / 50))
  return values.map((value, i) => {
    if (value === null) return null
    const known = values.slice(Math.max(0, i - reach), i + reach + 1).filter((each) => each !== null)
    return known.reduce((sum, each) => sum + each, 0) / known.length
  })
}

/** Mean change from step to step over the span of the values: near 0 for a curve, near 1/3 for noise. */
const roughness = (values: ReadonlyArray<number | null>): number => {
  const known = values.filter((value) => value !== null)
  const span = Math.max(...known) - Math.min(...known)
  const change = known.reduce((sum, value, i) => sum + Math.abs(value - (known[i - 1] ?? value)), 0)
  return span > 0 ? change / (known.length - 1) / span : 0
}

const isDense = ({
  lines,
  stacked = false,
  steps,
}: Pick<TimeChartProps, "lines" | "stacked" | "steps">): boolean =>
  !stacked && steps.length >= dense && lines.some(({ values }) => roughness(values) > 0.02)

type Row = Array<number | null>

const toData = (props: TimeChartProps): uPlot.AlignedData => {
  const { lines, stacked, steps } = props
  const raw = stacked ? sums(lines).toReversed() : lines.map((line) => line.values)
  const values = isDense(props) ? [...raw.map(runningMean), ...raw] : raw
  const bands = stacked ? [] : lines.flatMap(({ high, low }) => (high && low ? [high, low] : []))
  return [
    [...steps],
    ...values.map((row): Row => [...row]),
    ...bands.map((row): Row => [...row]),
  ] as uPlot.AlignedData
}

export const TimeChart = (props: TimeChartProps) => {
  const { axes = "full", height, lines, pinned, points = false, stacked = false, steps } = props
  const holder = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const latest = useRef(props)
  useLayoutEffect(() => {
    latest.current = props
  })
  const colors = useColorRevision()
  const [hovered, setHovered] = useState<number | null>(null)

  // The chart is made anew when its shape or its colours change; new numbers are only handed over.
  const shape = JSON.stringify([
    lines.map(({ high, label, look }) => [label, look, high !== undefined]),
    axes,
    height,
    points,
    stacked,
    isDense(props),
    colors,
  ])

  useLayoutEffect(() => {
    const element = holder.current
    if (element === null || document.createElement("canvas").getContext("2d") === null) return undefined
    const { axes = "full", format, height, lines: drawn, points = false, stacked = false } = latest.current
    const paint = (name: string) => resolveColor(element, name)
    const [soft, grid, ink] = [paint("--soft"), paint("--grid"), paint("--ink")]
    const order = stacked ? drawn.toReversed() : drawn
    const series: Array<uPlot.Series> = order.map(({ label, look }) => {
      const color = paint(look.color)
      return {
        label,
        stroke: stacked ? paint("--panel") : color,
        width: stacked ? 1 : 1.75,
        dash: stacked ? [] : [...look.dash],
        ...(stacked ? { fill: color } : {}),
        spanGaps: true,
        points: { show: points, size: 5, width: 1, stroke: color, fill: paint("--panel") },
      }
    })
    if (isDense(latest.current)) {
      for (const { label, look } of drawn) {
        series.push({
          label: `${label}, each step`,
          stroke: fade(paint(look.color), 0.28),
          width: 1,
          spanGaps: true,
          points: { show: false },
        })
      }
    }
    const bands: Array<uPlot.Band> = []
    for (const { high, label, look } of stacked ? [] : drawn) {
      if (high === undefined) continue
      series.push({ label: `${label}, high`, width: 0, spanGaps: true, points: { show: false } })
      series.push({ label: `${label}, low`, width: 0, spanGaps: true, points: { show: false } })
      const fill = fade(paint(look.color), 0.16)
      bands.push({ series: [series.length - 1, series.length], fill })
    }
    const drawPin = (plot: uPlot) => {
      const step = latest.current.pinned
      if (step === undefined) return
      const x = Math.round(plot.valToPos(step, "x", true))
      plot.ctx.save()
      plot.ctx.strokeStyle = ink
      plot.ctx.lineWidth = devicePixelRatio
      plot.ctx.setLineDash([])
      plot.ctx.beginPath()
      plot.ctx.moveTo(x, plot.bbox.top)
      plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height)
      plot.ctx.stroke()
      plot.ctx.restore()
    }
    const made = new uPlot(
      {
        width: Math.max(40, element.clientWidth),
        height,
        padding: [6, axes === "full" ? 12 : 4, axes === "full" ? 0 : 6, 0],
        legend: { show: false },
        cursor: {
          sync: { key: "azr" },
          y: false,
          drag: { x: false, y: false },
          points: { size: 6 },
        },
        scales: {
          x: { time: false },
          y: {
            range: (_plot, least, greatest) => {
              const [from, to] = latest.current.range ?? [null, null]
              const low = from === null ? (least ?? 0) : Math.min(from, least ?? from)
              const high = to === null ? (greatest ?? 1) : Math.max(to, greatest ?? to)
              const space = high > low ? (high - low) * 0.08 : Math.abs(high) * 0.1 || 1
              return [
                from === null || low < from ? low - space : low,
                to === null || high > to ? high + space : high,
              ]
            },
          },
        },
        series: [{}, ...series],
        bands,
        axes: [
          {
            show: axes === "full",
            size: 20,
            gap: 2,
            font: "11px 'Plex Sans'",
            stroke: soft,
            grid: { show: false },
            ticks: { stroke: grid, size: 3, width: 1 },
            space: 44,
            incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000],
          },
          {
            size: axes === "full" ? 42 : 35,
            gap: 3,
            font: axes === "full" ? "11px 'Plex Sans'" : "10px 'Plex Sans'",
            stroke: soft,
            grid: { stroke: grid, width: 1 },
            ticks: { show: false },
            space: axes === "full" ? 26 : 22,
            values: (_plot, splits) => splits.map((value) => format(value)),
          },
        ],
        hooks: {
          draw: [drawPin],
          setCursor: [(plot) => setHovered(plot.cursor.idx ?? null)],
        },
      },
      toData(latest.current),
      element,
    )
    const pin = () => {
      const step =
        made.cursor.idx === null || made.cursor.idx === undefined ? undefined : made.data[0][made.cursor.idx]
      if (step !== undefined) latest.current.onPin?.(step)
    }
    made.over.addEventListener("click", pin)
    chart.current = made
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [shape])

  useEffect(() => chart.current?.setData(toData(latest.current)), [lines, steps, stacked])
  useEffect(() => chart.current?.redraw(false, false), [pinned])

  const pinnedIndex = pinned === undefined ? -1 : props.steps.findLastIndex((step) => step <= pinned)
  const index = hovered ?? (pinnedIndex >= 0 ? pinnedIndex : null)
  return (
    <div className="relative min-w-0">
      <div ref={holder} role="img" aria-label={summary(props)} style={{ height }} />
      {index === null || props.steps[index] === undefined ? null : (
        <div
          aria-hidden
          className="pointer-events-none absolute -top-4.5 right-0 z-10 flex justify-end gap-x-2 bg-panel pl-2 text-xs whitespace-nowrap"
        >
          <span className="text-soft">step {props.steps[index]}</span>
          {lines.map((line) => {
            const value = line.values[index]
            return value === null || value === undefined ? null : (
              <span key={line.label} className="flex items-center gap-1">
                {lines.length > 1 ? <Swatch look={line.look} area={stacked} /> : null}
                {lines.length > 1 ? `${line.label} ` : ""}
                {props.format(value)}
              </span>
            )
          })}
        </div>
      )}
    </div>
  )
}
