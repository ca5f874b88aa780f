/** A line as tall as a word. */
export const Sparkline = ({
  values,
  label,
  width = 96,
  height = 20,
}: {
  readonly values: ReadonlyArray<number>
  readonly label: string
  readonly width?: number
  readonly height?: number
}) => {
  if (values.length === 0) return <span className="text-soft">–</span>
  const low = Math.min(...values)
  const span = Math.max(...values) - low || 1
  const x = (i: number) => 3 + (values.length === 1 ? 0.5 : i / (values.length - 1)) * (width - 6)
  const y = (value: number) => height - 3 - ((value - low) / span) * (height - 6)
  const last = values.at(-1) ?? 0
  return (
    <svg width={width} height={height} role="img" aria-label={label} className="text-accent">
      <polyline
        points={values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinejoin="round"
      />
      <circle cx={x(values.length - 1)} cy={y(last)} r="2.25" fill="currentColor" />
    </svg>
  )
}
