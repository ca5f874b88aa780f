/** What is left of the proposals at each stage, and what each stage took away. */
import type { ReactNode } from "react"
import { count, percent } from "../model/format.ts"

export interface Stage {
  readonly label: string
  readonly count: number
  /** What the stage before lost on the way here, with its reasons. */
  readonly lost?: ReactNode
}

export const Funnel = ({
  stages,
  label,
}: {
  readonly stages: ReadonlyArray<Stage>
  readonly label: string
}) => {
  const first = stages[0]?.count ?? 0
  const share = (value: number) => (first === 0 ? 0 : value / first)
  return (
    <ol aria-label={label} className="flex flex-1 flex-col justify-between gap-1">
      {stages.map((stage, index) => {
        const before = stages[index - 1]?.count ?? stage.count
        return (
          <li
            key={stage.label}
            className="grid grid-cols-[6.5rem_1fr_3.5rem_3.5rem] items-center gap-x-2 text-sm"
          >
            <span>{stage.label}</span>
            <span className="relative block h-3.5 overflow-hidden rounded-sm bg-raised" aria-hidden>
              <span
                className="absolute inset-y-0 left-0"
                style={{
                  width: `${share(before) * 100}%`,
                  background: "repeating-linear-gradient(135deg, var(--warn) 0 1.5px, transparent 1.5px 5px)",
                }}
              />
              <span
                className="absolute inset-y-0 left-0"
                style={{ width: `${share(stage.count) * 100}%`, background: "var(--accent)" }}
              />
            </span>
            <span className="text-right">{count(stage.count)}</span>
            <span className="text-right text-soft">{percent(share(stage.count), 1)}</span>
          </li>
        )
      })}
    </ol>
  )
}
