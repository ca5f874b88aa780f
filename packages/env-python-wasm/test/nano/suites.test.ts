import type { LanguageTask, ProgramDraft } from "@azr/core/language"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { PythonExecutor, pythonNano } from "../../src/index.ts"
import { suitePlan } from "../../src/nano/suites.ts"
import { python } from "../../src/language.ts"

const kinds = new Map(pythonNano.kinds.map((kind) => [kind.id, kind]))

const kindOf = (id: string) => {
  const kind = kinds.get(id)
  assert(kind !== undefined, id)
  return kind
}

const draftOf = (task: LanguageTask): ProgramDraft => ({
  program: task.program,
  inputs: (task._tag === "induction" ? task.pairs.map(({ input }) => input) : [task.input]).map(
    python.renderArguments,
  ),
  message: "",
})

describe("nano suites", () => {
  it.effect("are as planned, in both splits", () =>
    Effect.gen(function* () {
      const suites = yield* pythonNano.suites
      assert.lengthOf(suites, 2 * suitePlan.length)
      for (const { id, kind, statements, tasks } of suitePlan) {
        for (const split of ["dev", "test"] as const) {
          const suite = suites.find((candidate) => candidate.id === id && candidate.split === split)
          assert(suite !== undefined, `${split} ${id}`)
          assert.strictEqual(suite.kind, kind)
          assert.lengthOf(suite.tasks, tasks[split])
          for (const task of suite.tasks as ReadonlyArray<LanguageTask>) {
            assert.strictEqual(task._tag, kind)
            assert.strictEqual(task.measures["statements"], statements)
          }
        }
      }
    }),
  )

  it.effect("hold every task once, in the split that its hash says", () =>
    Effect.gen(function* () {
      const seen = new Map<string, string>()
      for (const suite of yield* pythonNano.suites) {
        const kind = kindOf(suite.kind)
        for (const task of suite.tasks) {
          assert.strictEqual(kind.split(task), suite.split)
          const identity = `${suite.kind}\n${kind.identity(task)}`
          assert.isUndefined(seen.get(identity), `${identity} in ${suite.id} and ${seen.get(identity)}`)
          seen.set(identity, `${suite.split} ${suite.id}`)
        }
      }
    }),
  )

  it.effect("share no program of two or more statements between splits", () =>
    Effect.gen(function* () {
      const programs = { dev: new Set<string>(), test: new Set<string>() }
      for (const suite of yield* pythonNano.suites) {
        for (const { canonical, program } of suite.tasks as ReadonlyArray<LanguageTask>) {
          if (program.split("\n").length > 3) programs[suite.split].add(canonical)
        }
      }
      assert.isAbove(programs.dev.size, 700)
      assert.deepStrictEqual(
        [...programs.dev].filter((program) => programs.test.has(program)),
        [],
      )
    }),
  )
})

layer(PythonExecutor.layer)("nano suites in the executor", (test) => {
  test.effect("every fortieth task is the one that validation makes of it, gold answer included", () =>
    Effect.gen(function* () {
      for (const suite of yield* pythonNano.suites) {
        const kind = kindOf(suite.kind)
        const sample = (suite.tasks as ReadonlyArray<LanguageTask>).filter((_, index) => index % 40 === 0)
        yield* Effect.forEach(
          sample,
          Effect.fnUntraced(function* (task) {
            assert.deepStrictEqual(yield* kind.validate(draftOf(task)), task)
          }),
          { concurrency: 32 },
        )
      }
    }),
  )
})
