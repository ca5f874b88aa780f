/** How a run went over time: what its steps took, and how its memory and its logs grew, in windows of some steps. */
import { statSync } from "node:fs"
import { type RunEvent, RunStore } from "@azr/core"
import { Effect, FileSystem, Path, Result } from "effect"
import { stepBytes } from "./cost.ts"
import { bytesText } from "./runOverview.ts"
import { Table } from "./Table.ts"

type Seconds = RunEvent.StepSeconds

/** Steps `from` to `to`; means over them, but for `memory`, the most resident bytes at the end of one. */
export interface Window {
  readonly from: number
  readonly to: number
  readonly memory: number | null
  readonly seconds: Seconds
  /** Tokens sampled and trained on. */
  readonly tokens: number
  readonly trained: number
  /** Bytes of the logs that a step adds, evaluations and checkpoints apart. */
  readonly events: number
  readonly rollouts: number
}

const parts = ["total", "generate", "execute", "train", "evaluate", "wait"] as const
const beginning = (tag: RunEvent.RunEvent["_tag"]): Buffer => Buffer.from(`{"_tag":"${tag}"`)
const stepLine = beginning("StepCompleted")
const ofStep = [beginning("TaskAdded"), beginning("Proposed"), stepLine]

const begins = (line: Uint8Array, beginning: Buffer): boolean =>
  beginning.equals(line.subarray(0, beginning.length))

/** The windows of a run's completed steps, `every` steps each. Reads the whole log, of which the lines of steps are decoded. */
export const readHistory = Effect.fn("readHistory")(function* (folder: string, every: number) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const windows: Array<Window> = []
  let steps: Array<Step> = []
  let events = 0
  const close = () => {
    if (steps.length > 0) windows.push(windowOf(steps))
    steps = []
  }
  yield* Effect.scoped(
    Effect.gen(function* () {
      const log = yield* fs.open(path.join(folder, RunStore.logFile))
      const { size } = yield* log.stat
      yield* RunStore.eachLine(log, 0, Number(size), (piece, start, end) => {
        const line = piece.subarray(start, end)
        // Seeds, evaluations and checkpoints come between steps.
        events = ofStep.some((tag) => begins(line, tag)) ? events + line.length + 1 : 0
        if (!begins(line, stepLine)) return
        const event = RunStore.decodeLine(line)
        // What is no event, runs show names.
        if (Result.isFailure(event) || event.success._tag !== "StepCompleted") return
        const rollouts = path.join(folder, RunStore.rolloutFile(event.success.step))
        steps.push({
          event: event.success,
          events,
          rollouts: statSync(rollouts, { throwIfNoEntry: false })?.size ?? 0,
        })
        events = 0
        if (event.success.step % every === 0) close()
      })
    }),
  )
  close()
  return windows
})

interface Step {
  readonly event: RunStore.Tagged<"StepCompleted">
  readonly events: number
  readonly rollouts: number
}

const windowOf = (steps: ReadonlyArray<Step>): Window => {
  const mean = (of: (step: Step) => number) => steps.reduce((sum, step) => sum + of(step), 0) / steps.length
  const memory = steps.flatMap(({ event }) => event.machine?.memoryBytes ?? [])
  return {
    from: steps[0]?.event.step ?? 0,
    to: steps.at(-1)?.event.step ?? 0,
    memory: memory.length === 0 ? null : Math.max(...memory),
    seconds: Object.fromEntries(
      parts.map((part) => [part, mean(({ event }) => event.seconds[part])]),
    ) as unknown as Seconds,
    tokens: mean(({ event }) => event.metrics["generate/tokens"] ?? 0),
    trained: mean(({ event }) => event.metrics["train/tokens"] ?? 0),
    events: mean(({ events }) => events),
    rollouts: mean(({ rollouts }) => rollouts),
  }
}

export const historyLines = (
  windows: ReadonlyArray<Window>,
  config: Parameters<typeof stepBytes>[0],
): ReadonlyArray<string> => {
  const table = new Table(
    ["steps", "memory", "s a step", ...parts.slice(1), "tokens", "µs a token", "events", "rollouts"],
    "lrrrrrrrrrrr",
  )
  for (const { events, from, memory, rollouts, seconds, to, tokens } of windows) {
    table.row([
      `${from}–${to}`,
      memory === null ? "–" : bytesText(memory),
      ...parts.map((part) => seconds[part].toFixed(2)),
      tokens.toFixed(0),
      tokens === 0 ? "–" : ((1e6 * (seconds.total - seconds.evaluate)) / tokens).toFixed(0),
      bytesText(events),
      bytesText(rollouts),
    ])
  }
  const bound = stepBytes(config)
  const most = (of: "events" | "rollouts") => Math.max(0, ...windows.map((window) => window[of]))
  return [
    ...table.lines(),
    "",
    `means of a step, but for memory: the most at the end of one. Predicted by --dry-run: at most ${bytesText(bound.events)} of events and ` +
      `${bytesText(bound.rollouts)} of rollouts a step; the most were ${bytesText(most("events"))} and ${bytesText(most("rollouts"))}`,
  ]
}
