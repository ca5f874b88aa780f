/** What a run came to, for the commands that list and show runs. */
import { lstatSync, readdirSync } from "node:fs"
import { RunEvent, RunStore } from "@azr/core"
import { Effect } from "effect"
import { runLockOwner } from "./RunLock.ts"

/** `running`: a process holds it. `unfinished`: it was cut off. `unreadable`: see the error. */
export const runStatuses = [
  "running",
  "completed",
  "interrupted",
  "failed",
  "unfinished",
  "unreadable",
] as const
export type RunStatus = (typeof runStatuses)[number]

export interface RunOverview extends RunStore.RunOverview {
  readonly status: RunStatus
  /** The last completed step. */
  readonly step: number
  /** The best evaluation on the dev suites, the earlier of equals; `accuracy` is the share of all their tasks. */
  readonly best: { readonly step: number; readonly accuracy: number } | null
}

export const readRunOverview = Effect.fn("readRunOverview")(function* (folder: string) {
  const overview = yield* RunStore.readOverview(folder)
  const { evaluated, last, lastStep } = overview
  const scores = evaluated
    .filter(({ results }) => results[0]?.split === "dev")
    .flatMap(({ results, step }) => {
      const accuracy = RunEvent.accuracyOf(results)
      return accuracy === null ? [] : [{ step, accuracy }]
    })
  const status =
    runLockOwner(folder) !== null ? "running" : last?._tag === "RunEnded" ? last.status : "unfinished"
  return {
    ...overview,
    status,
    step: lastStep?.step ?? 0,
    best: scores.toSorted((a, b) => b.accuracy - a.accuracy)[0] ?? null,
  } satisfies RunOverview
})

/** Bytes that a folder takes, links not followed. Synchronous: to wait for a thread for each of thousands of files takes longer. */
export const diskOf = (folder: string): Effect.Effect<number> =>
  Effect.sync(() => filesIn(folder).reduce((sum, file) => sum + sizeOf(file), 0))

const filesIn = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`)
  } catch {
    return []
  }
}

const sizeOf = (file: string): number => {
  try {
    const info = lstatSync(file)
    return info.isFile() ? info.size : 0
  } catch {
    return 0
  }
}

/** `812 kB`, `41 MB`: powers of a thousand. */
export const bytesText = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const scaled = bytes / 1000 ** power
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : scaled.toFixed(0)} ${units[power]}`
}

export const ageText = (milliseconds: number): string => {
  const minutes = Math.round(milliseconds / 60_000)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`
}
