/** The stress scripts are only worth running when they make what they say they make. */
import { RandomStreams } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { hostilePrograms } from "../src/bench/hostile.ts"
import { languageIds, openDirect } from "../src/bench/languages.ts"
import { generateProgram, generateValue } from "../scripts/stress/grammar.ts"
import { mutateProgram } from "../scripts/stress/mutate.ts"

const streamAt = (index: number) => new RandomStreams.RandomStreams(7).get(`test/${index}`)
const indices = Array.from({ length: 60 }, (_, index) => index)

describe("stress", () => {
  for (const id of languageIds) {
    it.effect(
      `grammar: programs by seed alone, without a syntax error, most of them return: ${id}`,
      () =>
        Effect.gen(function* () {
          const executor = yield* openDirect(id, "v8", null)
          const requests = indices.map((index) => generateProgram(id, streamAt(index)))
          assert.deepStrictEqual(
            requests,
            indices.map((index) => generateProgram(id, streamAt(index))),
          )
          assert.strictEqual(new Set(requests.map(({ program }) => program)).size, indices.length)
          const outcomes = yield* Effect.forEach(requests, executor.run, { concurrency: 8 })
          const kinds = outcomes.map((outcome) =>
            outcome._tag === "Failed" ? outcome.failure.kind : "returned",
          )
          assert.notInclude(kinds, "syntax")
          assert.isAbove(kinds.filter((kind) => kind === "returned").length, 0.7 * kinds.length)
        }).pipe(Effect.scoped),
      60_000,
    )

    it(`mutations: by seed alone, and they change something: ${id}`, () => {
      const corpus = hostilePrograms[id].map(({ program }) => program)
      const mutate = (index: number) =>
        mutateProgram(corpus[index % corpus.length] ?? "", corpus, streamAt(index), id)
      const mutants = indices.map(mutate)
      assert.deepStrictEqual(mutants, indices.map(mutate))
      assert.isAbove(mutants.filter((mutant, index) => mutant !== corpus[index % corpus.length]).length, 50)
    })

    it(`values: any, by seed alone: ${id}`, () => {
      const values = indices.map((index) => generateValue(id, streamAt(index)))
      assert.deepStrictEqual(
        values,
        indices.map((index) => generateValue(id, streamAt(index))),
      )
      assert.isAtLeast(new Set(values.map(({ kind }) => kind)).size, 5)
    })
  }
})
