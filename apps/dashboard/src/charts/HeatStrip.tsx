/** A histogram over time: a column a step, a row a bin, darker where more tasks are. */
export interface HeatStripProps {
  readonly label: string
  readonly steps: ReadonlyArray<number>
  /** From the bottom up. */
  readonly bins: ReadonlyArray<string>
  /** Counts, a column for each step. */
  readonly columns: ReadonlyArray<ReadonlyArray<number>>
  readonly height: number
  readonly pinned?: number | undefined
  readonly onPin?: ((step: number) => void) | undefined
}

export const HeatStrip = ({ bins, columns, height, label, onPin, pinned, steps }: HeatStripProps) => {
  const pinnedIndex = pinned === undefined ? -1 : steps.findLastIndex((step) => step <= pinned)
  return (
    <div className="flex gap-2">
      <ol
        aria-hidden
        className="flex flex-col-reverse justify-around text-right text-xs text-soft"
        style={{ height }}
      >
        {bins.map((bin) => (
          <li key={bin}>{bin}</li>
        ))}
      </ol>
      <div className="min-w-0 flex-1">
        {/* The keys [ and ] choose a step, too. */}
        {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions */}
        <svg
          role="img"
          aria-label={label}
          viewBox={`0 0 ${Math.max(1, columns.length)} ${bins.length}`}
          preserveAspectRatio="none"
          shapeRendering="crispEdges"
          className="w-full cursor-crosshair rounded bg-raised"
          style={{ height }}
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect()
            const step = steps[Math.floor(((event.clientX - box.left) / box.width) * columns.length)]
            if (step !== undefined) onPin?.(step)
          }}
        >
          {columns.map((column, x) => {
            const total = column.reduce((sum, count) => sum + count, 0)
            return column.map((count, bin) =>
              count === 0 ? null : (
                <rect
                  key={`${steps[x]}/${bins[bin]}`}
                  x={x}
                  y={bins.length - 1 - bin}
                  width="1"
                  height="1"
                  fill="var(--deduction)"
                  fillOpacity={0.08 + 0.92 * (count / total) ** 0.75}
                >
                  <title>{`step ${steps[x]}, ${bins[bin]}: ${count} of ${total}`}</title>
                </rect>
              ),
            )
          })}
          {pinnedIndex < 0 ? null : (
            <rect
              x={pinnedIndex}
              y="0"
              width="1"
              height={bins.length}
              fill="none"
              stroke="var(--ink)"
              strokeWidth="1.5"
              vectorEffect="non-scaling-stroke"
            />
          )}
        </svg>
        <div aria-hidden className="flex justify-between text-xs text-soft">
          <span>{steps[0]}</span>
          <span>{steps.at(-1)}</span>
        </div>
      </div>
    </div>
  )
}
