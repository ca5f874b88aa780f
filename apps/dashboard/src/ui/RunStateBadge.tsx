import type { RunState } from "@azr/core/dashboard"

/** A word and a shape: the state is not told by colour alone. */
const looks: Readonly<Record<RunState, readonly [string, string, string]>> = {
  seeding: ["seeding", "◔", "--accent"],
  training: ["training", "●", "--accent"],
  completed: ["completed", "✓", "--good"],
  interrupted: ["stopped", "■", "--soft"],
  failed: ["failed", "✕", "--bad"],
  crashed: ["crashed", "✕", "--bad"],
  newer: ["newer version", "▲", "--warn"],
  unreadable: ["unreadable", "✕", "--bad"],
}

export const RunStateBadge = ({ state }: { readonly state: RunState }) => {
  const [word, shape, color] = looks[state]
  return (
    <span
      className="inline-flex items-center gap-1.5 text-sm whitespace-nowrap"
      style={{ color: `var(${color})` }}
    >
      <span aria-hidden className={state === "training" ? "motion-safe:animate-pulse" : ""}>
        {shape}
      </span>
      {word}
    </span>
  )
}
