/** Held-out suites: tasks as any others, that training never sees. */
import { Effect, Result } from "effect"
import type { Suite } from "../../Environment.ts"
import type { ClauseBroken } from "../ClauseBroken.ts"
import { ensureGold } from "./answers.ts"
import { show } from "./calls.ts"
import {
  type ClauseSkipped,
  type UnnumberedClause,
  broken,
  clause,
  ensure,
  ensureThat,
  skip,
} from "./clause.ts"
import type { GuardedKind } from "./GuardedKind.ts"
import type { Subject } from "./Subject.ts"

interface KnownSuite {
  readonly suite: Suite
  readonly kind: GuardedKind
  /** E.g. `suite deduction-3 (dev)`. */
  readonly name: string
}

/** The suites whose kinds exist. */
const known = Effect.fnUntraced(function* ({
  opened,
  suites,
}: Subject["Service"]): Effect.fn.Return<ReadonlyArray<KnownSuite>, ClauseBroken | ClauseSkipped> {
  const all = yield* suites
  if (all.length === 0) return yield* skip("there are no suites")
  return all.flatMap((suite) => {
    const kind = opened.kinds.find(({ id }) => id === suite.kind)
    return kind === undefined ? [] : [{ suite, kind, name: `suite ${suite.id} (${suite.split})` }]
  })
})

/** So many tasks, spread evenly. */
const spread = (tasks: ReadonlyArray<unknown>, count: number): ReadonlyArray<unknown> => {
  const step = Math.max(1, Math.ceil(tasks.length / count))
  return tasks.filter((_, index) => index % step === 0)
}

export const suiteClauses: ReadonlyArray<UnnumberedClause> = [
  clause(
    "suites are of kinds of the environment, have tasks, and none has the id and split of another",
    "Evaluations name suites by split and id.",
    function* ({ opened, suites }) {
      const all = yield* suites
      if (all.length === 0) return yield* skip("there are no suites")
      const names = new Set<string>()
      for (const { id, kind, split, tasks } of all) {
        const name = `${id} (${split})`
        yield* ensure(/^[\w.-]+$/u.test(id), `a suite has the id ${show(id)}`)
        yield* ensure(
          (["dev", "test"] as Array<string>).includes(split),
          `the split of ${id} is ${show(split)}`,
        )
        yield* ensure(
          opened.kinds.some((candidate) => candidate.id === kind),
          `suite ${name} is of ${kind}, which is no kind`,
        )
        yield* ensure(tasks.length > 0, `suite ${name} is empty`)
        yield* ensure(!names.has(name), `two suites are ${name}`)
        names.add(name)
      }
    },
  ),

  clause(
    "every task of a suite is held out for the suite's split, and comes back from JSON as it was",
    "Whether a task may be trained on is decided by its split, wherever it turns up.",
    function* (subject) {
      for (const { kind, name, suite } of yield* known(subject)) {
        for (const task of suite.tasks) {
          const split = yield* kind.split(task)
          yield* ensureThat(split === suite.split, () => [
            `a task of ${name} is of the split ${split}`,
            kind.line("split", task),
          ])
          const text = yield* kind.taskText(task)
          const again = yield* kind.taskText(yield* kind.taskFromText(text))
          yield* ensure(again === text, `a task of ${name} comes back as ${again}`, text)
        }
      }
    },
  ),

  clause(
    "gold responses of suites are correct",
    "A suite with wrong gold answers measures nothing.",
    function* (subject) {
      for (const { kind, suite } of yield* known(subject)) {
        for (const task of spread(suite.tasks, subject.options.suiteTasks)) {
          for (const style of subject.declared.styles) yield* ensureGold(kind, task, style)
        }
      }
    },
  ),

  clause(
    "no suite has a task twice, and nothing that one split reveals is in the other or in a seed",
    "An accuracy over tasks that were trained on says nothing.",
    function* (subject) {
      const owner = new Map<string, string>()
      for (const { kind, name, suite } of yield* known(subject)) {
        const identities = new Set<string>()
        for (const task of suite.tasks) {
          const identity = yield* kind.identity(task)
          yield* ensureThat(!identities.has(identity), () => [
            `${name} has a task twice`,
            kind.line("identity", task),
          ])
          identities.add(identity)
          for (const text of yield* kind.reveals(task)) {
            const first = owner.get(text) ?? suite.split
            owner.set(text, first)
            yield* ensureThat(first === suite.split, () => [
              `${name} reveals what a suite of the split ${first} does: ${show(text)}`,
              kind.line("reveals", task),
            ])
          }
        }
      }
      for (const kind of subject.opened.kinds) {
        for (const draft of yield* subject.seeds(kind, subject.options.seeds)) {
          const task = yield* kind.validate(draft)
          if (Result.isFailure(task)) continue
          const found = (yield* kind.reveals(task.success)).find((text) => owner.has(text))
          if (found === undefined) continue
          return yield* broken(
            `a seed reveals what a suite of the split ${owner.get(found)} does: ${show(found)}`,
            kind.line("validate", draft),
          )
        }
      }
    },
  ),
]
