/** Line plots as SVG texts: a line an arm, with the range over its seeds. Scales and paths are d3's. */
import { scaleLinear } from "d3-scale"
import { area, line } from "d3-shape"

export interface Series {
  readonly label: string
  readonly points: ReadonlyArray<{
    readonly x: number
    readonly y: number
    readonly low: number
    readonly high: number
  }>
}

export interface Plot {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  /** Range of y; null is that of the data. */
  readonly range: readonly [number, number] | null
  readonly series: ReadonlyArray<Series>
}

const [width, height] = [720, 400]
const margin = { top: 40, right: 210, bottom: 48, left: 60 }
/** Okabe and Ito's palette, which people of any colour vision tell apart. */
const colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"]

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

export const draw = ({ range, series, title, xLabel, yLabel }: Plot): string => {
  const points = series.flatMap((each) => each.points)
  const xs = points.map(({ x }) => x)
  const x = scaleLinear([Math.min(...xs), Math.max(...xs)], [margin.left, width - margin.right])
  const extent = range ?? [
    Math.min(...points.map(({ low }) => low)),
    Math.max(...points.map(({ high }) => high)),
  ]
  const y = scaleLinear(extent, [height - margin.bottom, margin.top])
  if (range === null) y.nice()
  const path = line<Series["points"][number]>(
    (point) => x(point.x),
    (point) => y(point.y),
  )
  const band = area<Series["points"][number]>(
    (point) => x(point.x),
    (point) => y(point.low),
    (point) => y(point.high),
  )
  const text = (at: string, content: string, more = ""): string =>
    `<text ${at} ${more}>${escape(content)}</text>`
  const yTicks = y
    .ticks(5)
    .map(
      (tick) =>
        `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(tick)}" y2="${y(tick)}" stroke="#ddd"/>` +
        text(`x="${margin.left - 8}" y="${y(tick) + 4}"`, y.tickFormat(5)(tick), 'text-anchor="end"'),
    )
  const xTicks = x
    .ticks(6)
    .map((tick) =>
      text(
        `x="${x(tick)}" y="${height - margin.bottom + 18}"`,
        x.tickFormat(6)(tick),
        'text-anchor="middle"',
      ),
    )
  const drawn = series.map(({ label, points: own }, index) => {
    const colour = colours[index % colours.length] ?? "#000"
    const at = margin.top + 8 + 20 * index
    return [
      `<path d="${band(own) ?? ""}" fill="${colour}" opacity="0.15"/>`,
      `<path d="${path(own) ?? ""}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<line x1="${width - margin.right + 12}" x2="${width - margin.right + 32}" y1="${at}" y2="${at}" stroke="${colour}" stroke-width="2"/>`,
      text(`x="${width - margin.right + 38}" y="${at + 4}"`, label),
    ].join("\n")
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(`x="${margin.left}" y="22"`, title, 'font-size="15" font-weight="bold"'),
    ...yTicks,
    ...xTicks,
    ...drawn,
    text(
      `x="${(margin.left + width - margin.right) / 2}" y="${height - 10}"`,
      xLabel,
      'text-anchor="middle"',
    ),
    text(
      `transform="translate(16 ${(margin.top + height - margin.bottom) / 2}) rotate(-90)"`,
      yLabel,
      'text-anchor="middle"',
    ),
    "</svg>",
    "",
  ].join("\n")
}
