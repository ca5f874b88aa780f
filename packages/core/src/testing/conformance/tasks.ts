/** Tasks: how they are shown, kept, told apart and measured. */
import { Effect, Result } from "effect"
import type { PromptStyle } from "../../Environment.ts"
import type { ClauseBroken } from "../ClauseBroken.ts"
import { show } from "./calls.ts"
import { type UnnumberedClause, clause, ensure, ensureThat } from "./clause.ts"
import type { GuardedKind } from "./GuardedKind.ts"
import type { Sample } from "./Subject.ts"

/** Lists of references that a proposer of a kind may be shown. */
export const referencesFor = (
  kind: GuardedKind,
  samples: ReadonlyArray<Sample>,
): ReadonlyArray<ReadonlyArray<unknown>> => {
  const tasks = samples
    .filter((sample) => kind.references.from.includes(sample.kind.id))
    .map(({ task }) => task)
  if (kind.references.given) return tasks.slice(0, 2).map((task) => [task])
  return tasks.length === 0 ? [[]] : [[], tasks.slice(0, 1), tasks.slice(0, 3)]
}

/** Everything that a kind shows of a task, as one text a name. */
const shown = Effect.fnUntraced(function* (
  kind: GuardedKind,
  task: unknown,
  styles: ReadonlyArray<PromptStyle>,
) {
  const views: Record<string, unknown> = {
    describe: yield* kind.describe(task),
    facets: yield* kind.facets(task),
    family: yield* kind.family(task),
    identity: yield* kind.identity(task),
    measureTask: yield* kind.measureTask(task),
    region: yield* kind.region(task),
    reveals: yield* kind.reveals(task),
    split: yield* kind.split(task),
  }
  for (const style of styles) {
    views[`solvePrompt in ${style}`] = yield* kind.solvePrompt(task, style)
    views[`goldResponse in ${style}`] = yield* kind.goldResponse(task, style)
  }
  return views
})

/** The first view in which two tasks differ, or null. */
const difference = (a: Record<string, unknown>, b: Record<string, unknown>): string | null =>
  Object.keys(a).find((name) => show(a[name]) !== show(b[name])) ?? null

/** That a kind shows two tasks alike. */
export const ensureAlike = Effect.fnUntraced(function* (
  kind: GuardedKind,
  [one, other]: readonly [unknown, unknown],
  styles: ReadonlyArray<PromptStyle>,
  what: string,
): Effect.fn.Return<void, ClauseBroken> {
  const [a, b] = [yield* shown(kind, one, styles), yield* shown(kind, other, styles)]
  const name = difference(a, b)
  yield* ensureThat(name === null, () => [
    `${what}, but ${name} gives ${show(a[name ?? ""])} and ${show(b[name ?? ""])}`,
    kind.line(name?.split(" ", 1)[0] ?? "", one),
  ])
})

const isMetricName = (name: string): boolean => /^[a-z][A-Za-z0-9]*$/u.test(name)

const ensureNumbers = Effect.fnUntraced(function* (
  measures: Readonly<Record<string, number>>,
  call: string,
): Effect.fn.Return<void, ClauseBroken> {
  for (const [name, value] of Object.entries(measures)) {
    yield* ensure(isMetricName(name), `a measure is called ${show(name)}`, call)
    yield* ensure(Number.isFinite(value), `the measure ${name} is ${value}`, call)
  }
})

export const taskClauses: ReadonlyArray<UnnumberedClause> = [
  clause(
    "every prompt has a message, and no message is empty: to propose and to solve, in every style",
    "A policy continues the prompt; there must be one.",
    function* ({ declared: { styles }, opened, samples }) {
      const tasks = yield* samples
      for (const style of styles) {
        for (const kind of opened.kinds) {
          for (const references of referencesFor(kind, tasks)) {
            const prompt = yield* kind.proposePrompt(references, style)
            yield* ensureThat(
              prompt.length > 0 && prompt.every(({ content }) => content.trim() !== ""),
              () => [`the prompt is ${show(prompt)}`, kind.line("proposePrompt", references, style)],
            )
          }
        }
        for (const { kind, task } of tasks) {
          const prompt = yield* kind.solvePrompt(task, style)
          yield* ensureThat(prompt.length > 0 && prompt.every(({ content }) => content.trim() !== ""), () => [
            `the prompt is ${show(prompt)}`,
            kind.line("solvePrompt", task, style),
          ])
        }
      }
    },
  ),

  clause(
    "what is shown of a task is the same each time, proposals' prompts too",
    "A resumed run must ask again what the first one asked.",
    function* ({ declared: { styles }, opened, samples }) {
      const tasks = yield* samples
      for (const { kind, task } of tasks)
        yield* ensureAlike(kind, [task, task], styles, "one task, shown twice")
      for (const kind of opened.kinds) {
        for (const references of referencesFor(kind, tasks)) {
          for (const style of styles) {
            const first = yield* kind.proposePrompt(references, style)
            const second = yield* kind.proposePrompt(references, style)
            yield* ensureThat(show(first) === show(second), () => [
              `it gave ${show(first)}, then ${show(second)}`,
              kind.line("proposePrompt", references, style),
            ])
          }
        }
      }
    },
  ),

  clause(
    "a task has an identity, a family, a description, a region, and one of the splits",
    "Duplicates, family caps, coverage rewards and held-out sets go by them.",
    function* ({ samples }) {
      for (const { kind, task } of yield* samples) {
        for (const name of ["identity", "family", "describe"] as const) {
          yield* ensure((yield* kind[name](task)).trim() !== "", `${name} is empty`, kind.line(name, task))
        }
        const region: unknown = yield* kind.region(task)
        yield* ensure(typeof region === "string", `the region is ${show(region)}`, kind.line("region", task))
        const split = yield* kind.split(task)
        yield* ensure(
          ["train", "dev", "test"].includes(split),
          `the split is ${show(split)}`,
          kind.line("split", task),
        )
      }
    },
  ),

  clause(
    "a task comes back from JSON as it was",
    "Buffers are saved in checkpoints; a resumed run solves what it reads there.",
    function* ({ declared: { styles }, samples }) {
      for (const { kind, task } of yield* samples) {
        const text = yield* kind.taskText(task)
        const back = yield* kind.taskFromText(text)
        const again = yield* kind.taskText(back)
        yield* ensure(again === text, `it comes back as ${again}`, text)
        yield* ensureAlike(kind, [task, back], styles, "a task that came back from JSON is shown otherwise")
      }
    },
  ),

  clause(
    "the same draft has the same identity each time, and not all tasks have one and the same",
    "Duplicates are refused by identity.",
    function* ({ opened, samples }) {
      const tasks = yield* samples
      for (const kind of opened.kinds) {
        const identities = new Set<string>()
        const descriptions = new Set<string>()
        for (const { draft, task } of tasks.filter((sample) => sample.kind === kind)) {
          const identity = yield* kind.identity(task)
          identities.add(identity)
          descriptions.add(yield* kind.describe(task))
          const again = yield* kind.validate(draft)
          const second = Result.isSuccess(again) ? yield* kind.identity(again.success) : null
          yield* ensureThat(second === identity, () => [
            `validated twice, its identities are ${show(identity)} and ${show(second)}`,
            kind.line("validate", draft),
          ])
        }
        // Duplicates may be described in different words, so one identity for all is what can be told for sure.
        yield* ensure(
          identities.size > 1 || descriptions.size < 3,
          `${kind.id}: ${descriptions.size} different tasks have one identity, ${show([...identities][0])}`,
        )
      }
    },
  ),

  clause(
    "a task reveals something, and nothing twice",
    "What held-out tasks reveal is kept out of buffers by these texts.",
    function* ({ samples }) {
      for (const { kind, task } of yield* samples) {
        const texts = yield* kind.reveals(task)
        const call = kind.line("reveals", task)
        yield* ensure(texts.length > 0 && texts.every((text) => text !== ""), `it gives ${show(texts)}`, call)
        yield* ensure(new Set(texts).size === texts.length, `it repeats itself: ${show(texts)}`, call)
      }
    },
  ),

  clause(
    "measures are finite numbers under names that are words",
    "Their means become curves; one NaN ends a curve.",
    function* ({ declared: { styles }, samples }) {
      for (const { kind, task } of yield* samples) {
        yield* ensureNumbers(yield* kind.measureTask(task), kind.line("measureTask", task))
        for (const style of styles) {
          for (const text of ["", "⟨⁂⟩", yield* kind.goldResponse(task, style)]) {
            const measures = yield* kind.measureResponse(text, style)
            yield* ensureNumbers(measures, kind.line("measureResponse", text, style))
          }
        }
      }
    },
  ),

  clause(
    "distance: 0 to itself, the same both ways, never outside 0 … 1",
    "Rewards for proposals unlike their references are made of it.",
    function* ({ opened, samples }) {
      const tasks = yield* samples
      for (const kind of opened.kinds) {
        const own = tasks.filter((sample) => sample.kind === kind).slice(0, 5)
        for (const { task } of own) {
          const itself = yield* kind.distance(task, task)
          yield* ensure(
            itself === 0,
            `the distance to itself is ${itself}`,
            kind.line("distance", task, task),
          )
        }
        for (const [index, { task }] of own.entries()) {
          for (const { task: other } of own.slice(index + 1)) {
            const there = yield* kind.distance(task, other)
            const back = yield* kind.distance(other, task)
            const call = kind.line("distance", task, other)
            yield* ensure(there >= 0 && there <= 1, `the distance is ${there}`, call)
            yield* ensure(Math.abs(there - back) < 1e-9, `it is ${there} there and ${back} back`, call)
          }
        }
        for (const [reference] of referencesFor(kind, tasks).filter(({ length }) => length > 0)) {
          for (const { task } of own.slice(0, 2)) {
            const apart = yield* kind.distance(task, reference)
            const call = kind.line("distance", task, reference)
            yield* ensure(apart >= 0 && apart <= 1, `the distance to a reference is ${apart}`, call)
          }
        }
      }
    },
  ),
]
