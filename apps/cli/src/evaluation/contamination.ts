/** Whether a suite's tasks were in a run's buffers: every task that ever entered one is in the run's events. */
import { RunStore } from "@azr/core"
import { Effect, Schema, Stream } from "effect"
import type { AnyEnvironment } from "../environments.ts"
import type { Suite } from "./Suite.ts"

/** What a run has had in its buffers, seeds included. */
export interface Seen {
  readonly tasks: number
  /** Programs with inputs, as `reveals` of the task kinds writes them. */
  readonly reveals: ReadonlySet<string>
  /** Programs alone. */
  readonly families: ReadonlySet<string>
}

export const seenBy = Effect.fnUntraced(function* (
  folder: string,
  environments: ReadonlyArray<AnyEnvironment>,
) {
  const reveals = new Set<string>()
  const families = new Set<string>()
  let tasks = 0
  yield* Stream.runForEach(
    RunStore.events(folder),
    Effect.fnUntraced(function* (event) {
      if (event._tag !== "TaskAdded") return
      const { environment, kind: kindId, task } = event.record
      const kind = environments.find(({ id }) => id === environment)?.kinds.find(({ id }) => id === kindId)
      if (kind === undefined) return
      const decoded = yield* Effect.orDie(Schema.decodeUnknownEffect(kind.taskSchema)(task))
      for (const text of kind.reveals(decoded)) reveals.add(text)
      families.add(kind.family(decoded))
      tasks += 1
    }),
  )
  return { tasks, reveals, families } satisfies Seen
})

export interface Contamination {
  /** Tasks of the run that were compared. */
  readonly seen: number
  /** Rows of the suite whose program and an input of theirs were together in a buffer. */
  readonly rows: ReadonlyArray<number>
  /** How many tasks of the suite have a program that was in a buffer, with any input. */
  readonly programs: number
}

/** Null for a kind that has no programs to compare. */
export const contaminationOf = ({ kind, tasks }: Suite, seen: Seen): Contamination | null => {
  const comparable = tasks.filter(({ task }) => kind.reveals(task).length > 0)
  if (comparable.length < tasks.length) return null
  return {
    seen: seen.tasks,
    rows: comparable.flatMap(({ row, task }) =>
      kind.reveals(task).some((text) => seen.reveals.has(text)) ? [row] : [],
    ),
    programs: comparable.filter(({ task }) => seen.families.has(kind.family(task))).length,
  }
}
