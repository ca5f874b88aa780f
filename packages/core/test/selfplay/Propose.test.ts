import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { propose } from "../../src/selfplay/Propose.ts"
import { ScriptedPolicy, scriptedPolicy } from "../../src/testing/scriptedPolicy.ts"
import { accept, kinds, playing, puzzle, settings, stateOf, withPolicy } from "./world.ts"

describe("Propose", () => {
  it.effect("samples `proposals` responses for each kind and parses them", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 3 }], ["operand", { proposals: 2 }])),
      )
      const proposals = yield* propose(state, state.tracks)
      assert.deepStrictEqual(
        proposals.map(({ track }) => track.key),
        ["puzzles/result", "puzzles/result", "puzzles/result", "puzzles/operand", "puzzles/operand"],
      )
      assert.deepStrictEqual(
        proposals.map(({ text }) => text),
        ["0 + 1", "1 + 1", "2 + 1", "3 + 1", "4 + 1"],
      )
      assert.deepStrictEqual(proposals[2]?.draft, Result.succeed(puzzle("2 + 1")))
    }).pipe(withPolicy(playing({ propose: (index) => `${index} + 1` }))),
  )

  it.effect("shows references from the buffers the kind names, in the prompt and as parents", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(
          kinds(["result", { proposals: 8 }], ["operand", { proposals: 0 }], ["operator", { proposals: 0 }]),
        ),
      )
      const [first] = accept(state, "result", "1 + 1")
      const [second] = accept(state, "operand", "2 * 2")
      accept(state, "operator", "9 - 9")
      for (const { parents, prompt, promptTokens } of yield* propose(state, state.tracks)) {
        const text = prompt.map(({ content }) => content).join("")
        assert.sameMembers([...parents], [first?.id, second?.id])
        assert.include(text, "1 + 1")
        assert.include(text, "2 * 2")
        assert.notInclude(text, "9 - 9")
        assert.strictEqual(String.fromCodePoint(...promptTokens), text)
      }
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("asks without references where there are none, or none are wanted", () =>
    Effect.gen(function* () {
      const empty = yield* stateOf(settings())
      const none = yield* stateOf(settings("propose.references=0"))
      accept(none, "result", "1 + 1")
      for (const { parents, prompt } of [
        ...(yield* propose(empty, empty.tracks)),
        ...(yield* propose(none, none.tracks)),
      ]) {
        assert.deepStrictEqual(parents, [])
        assert.deepStrictEqual(prompt, [{ role: "user", content: "Write another puzzle like 3 + 4." }])
      }
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("a kind with a given task draws exactly one, and the proposal is read against it", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 0 }], ["operator", { proposals: 6 }])),
      )
      const records = accept(state, "result", "1 + 2", "3 + 4")
      const proposals = yield* propose(state, state.tracks)
      assert.lengthOf(proposals, 6)
      for (const { draft, parents } of proposals) {
        assert.lengthOf(parents, 1)
        const given = records.find(({ id }) => id === parents[0])
        assert.deepStrictEqual(draft, Result.succeed({ ...(given?.task as object), operator: "*" }))
      }
    }).pipe(withPolicy(playing({ propose: () => "*" }))),
  )

  it.effect("a kind with a given task proposes nothing while there is none", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 1 }], ["operator", { proposals: 6 }])),
      )
      assert.deepStrictEqual(
        (yield* propose(state, state.tracks)).map(({ track }) => track.kind.id),
        ["result"],
      )
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("what has not the form asked for is a FormatError", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", { proposals: 1 }])))
      const [proposal] = yield* propose(state, state.tracks)
      assert.isTrue(proposal !== undefined && Result.isFailure(proposal.draft))
      if (proposal === undefined || Result.isSuccess(proposal.draft)) return
      assert.deepStrictEqual(
        [proposal.draft.failure._tag, proposal.draft.failure.message],
        ["FormatError", "no puzzle: hello"],
      )
    }).pipe(withPolicy(playing({ propose: () => "hello" }))),
  )

  it.effect("a response that was cut off is no proposal, even if its beginning reads as one", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 1, maxTokens: { propose: 5, solve: 5 } }])),
      )
      const [proposal] = yield* propose(state, state.tracks)
      assert.strictEqual(proposal?.text, "1 + 2")
      assert.strictEqual(proposal?.sample.stopReason, "length")
      assert.isTrue(proposal !== undefined && Result.isFailure(proposal.draft))
      if (proposal === undefined || Result.isSuccess(proposal.draft)) return
      assert.strictEqual(proposal.draft.failure.message, "cut off after 5 tokens")
    }).pipe(withPolicy(playing({ propose: () => "1 + 23" }))),
  )

  it.effect("the same seed draws the same references, another seed others", () =>
    Effect.gen(function* () {
      const parentsWith = Effect.fnUntraced(function* (seed: number) {
        const state = yield* stateOf(settings(`seed=${seed}`, kinds(["result", { proposals: 8 }])))
        accept(state, "result", ...Array.from({ length: 20 }, (_, i) => `${i} + 1`))
        return (yield* propose(state, state.tracks)).map(({ parents }) => parents)
      })
      assert.deepStrictEqual(yield* parentsWith(1), yield* parentsWith(1))
      assert.notDeepEqual(yield* parentsWith(1), yield* parentsWith(2))
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("one kind's settings do not change what another kind draws", () =>
    Effect.gen(function* () {
      const resultPrompts = Effect.fnUntraced(function* (proposals: number) {
        const state = yield* stateOf(
          settings(kinds(["operand", { proposals }], ["result", { proposals: 4 }])),
        )
        accept(state, "result", ...Array.from({ length: 9 }, (_, i) => `${i} + 1`))
        return (yield* propose(state, state.tracks))
          .filter(({ track }) => track.kind.id === "result")
          .map(({ parents }) => parents)
      })
      assert.deepStrictEqual(yield* resultPrompts(0), yield* resultPrompts(5))
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("every response has a seed of its own", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", { proposals: 50 }])))
      const texts = (yield* propose(state, state.tracks)).map(({ text }) => text)
      assert.strictEqual(new Set(texts).size, 50)
      assert.lengthOf(yield* Effect.flatten(Effect.map(ScriptedPolicy, ({ prompts }) => prompts)), 50)
    }).pipe(withPolicy(scriptedPolicy((_, seed) => String(seed)))),
  )
})
