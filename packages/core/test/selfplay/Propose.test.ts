import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { FormatError } from "../../src/Environment.ts"
import { propose } from "../../src/selfplay/Propose.ts"
import { type Puzzle, puzzleResult, puzzleText } from "../../src/testing/puzzleEnvironment.ts"
import { ScriptedPolicy, scriptedPolicy } from "../../src/testing/scriptedPolicy.ts"
import { accept, kinds, playing, puzzle, settings, stateOf, withPolicy } from "./world.ts"

describe("Propose", () => {
  it.effect("samples `proposals` responses for each kind and parses them", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 3 }], ["operand", { proposals: 2 }])),
      )
      const proposals = yield* propose(state, state.tracks, Effect.succeed)
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
      for (const { parents, prompt, promptTokens } of yield* propose(state, state.tracks, Effect.succeed)) {
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
        ...(yield* propose(empty, empty.tracks, Effect.succeed)),
        ...(yield* propose(none, none.tracks, Effect.succeed)),
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
      const proposals = yield* propose(state, state.tracks, Effect.succeed)
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
        (yield* propose(state, state.tracks, Effect.succeed)).map(({ track }) => track.kind.id),
        ["result"],
      )
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("what has not the form asked for is a FormatError", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", { proposals: 1 }])))
      const [proposal] = yield* propose(state, state.tracks, Effect.succeed)
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
      const [proposal] = yield* propose(state, state.tracks, Effect.succeed)
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
        return (yield* propose(state, state.tracks, Effect.succeed)).map(({ parents }) => parents)
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
        return (yield* propose(state, state.tracks, Effect.succeed))
          .filter(({ track }) => track.kind.id === "result")
          .map(({ parents }) => parents)
      })
      assert.deepStrictEqual(yield* resultPrompts(0), yield* resultPrompts(5))
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("every response has a seed of its own", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", { proposals: 50 }])))
      const texts = (yield* propose(state, state.tracks, Effect.succeed)).map(({ text }) => text)
      assert.strictEqual(new Set(texts).size, 50)
      assert.lengthOf(yield* Effect.flatten(Effect.map(ScriptedPolicy, ({ prompts }) => prompts)), 50)
    }).pipe(withPolicy(scriptedPolicy((_, seed) => String(seed)))),
  )

  describe("composite functions", () => {
    const composite = (chance: number, least: number, most: number) =>
      `propose.composite=${JSON.stringify({ chance, functions: { least, most }, from: 0, over: 0 })}`
    /** A state in its first step, with these puzzles in the buffer. */
    const begun = Effect.fnUntraced(function* (
      proposals: number,
      changes: ReadonlyArray<string>,
      ...texts: ReadonlyArray<string>
    ) {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals }], ["operand", { proposals: 0 }]), ...changes),
      )
      state.step = 1
      return { state, records: accept(state, "result", ...texts) }
    })

    it.effect("references become functions, each of another family, as many as asked for", () =>
      Effect.gen(function* () {
        // 1 - 3 is below 0 and not eligible; 2 + 5 and 2 + 6 are of one family.
        const { state } = yield* begun(30, [composite(1, 1, 2)], "1 - 3", "2 + 5", "2 + 6", "4 * 2")
        const proposals = yield* propose(state, state.tracks, Effect.succeed)
        const sizes = proposals.map(({ parents }) => parents.length)
        assert.sameMembers([...new Set(sizes)], [1, 2])
        for (const { composite: composed, draft, parents, prompt, references } of proposals) {
          assert.isTrue(composed)
          assert.notInclude(parents, 1)
          assert.isFalse(parents.includes(2) && parents.includes(3))
          const [first, second] = references as ReadonlyArray<Puzzle>
          assert.include(prompt[0]?.content, `g_0 = ${puzzleText(first as Puzzle)}`)
          if (second !== undefined) assert.include(prompt[0]?.content, `g_1 = ${puzzleText(second)}`)
          assert.deepStrictEqual(
            draft,
            second === undefined
              ? Result.succeed(puzzle(`${puzzleResult(first as Puzzle)} + 1`))
              : Result.fail(new FormatError({ message: "no puzzle with g_0, g_1: g_0 + 1" })),
          )
        }
      }).pipe(withPolicy(playing({ propose: () => "g_0 + 1" }))),
    )

    it.effect("come by chance, and leave ordinary proposals and all other draws as they were", () =>
      Effect.gen(function* () {
        const texts = Array.from({ length: 12 }, (_, i) => `${i} + 1`)
        const proposalsWith = Effect.fnUntraced(function* (...changes: ReadonlyArray<string>) {
          const { state } = yield* begun(400, changes, ...texts)
          return {
            proposals: yield* propose(state, state.tracks, Effect.succeed),
            streams: Object.keys(state.streams.states()),
          }
        })
        const without = yield* proposalsWith()
        const half = yield* proposalsWith(composite(0.25, 1, 3))
        const share = half.proposals.filter(({ composite: composed }) => composed).length / 400
        // Four standard deviations of 400 draws.
        assert.closeTo(share, 0.25, 4 * Math.sqrt((0.25 * 0.75) / 400))
        const ordinary = half.proposals.filter(({ composite: composed }) => !composed)
        assert.deepStrictEqual(
          ordinary.map(({ parents }) => parents),
          without.proposals.slice(0, ordinary.length).map(({ parents }) => parents),
        )
        assert.deepStrictEqual(
          half.proposals.map(({ text }) => text),
          without.proposals.map(({ text }) => text),
        )
        assert.isFalse(without.proposals.some(({ composite: composed }) => composed))
        assert.notInclude(without.streams.join(), "composite")
      }).pipe(withPolicy(scriptedPolicy((_, seed) => String(seed)))),
    )

    it.effect("where there are fewer eligible references than the least, a proposal is an ordinary one", () =>
      Effect.gen(function* () {
        const { state } = yield* begun(5, [composite(1, 2, 2)], "1 - 3", "2 + 5", "2 + 6")
        for (const { composite: composed, parents } of yield* propose(state, state.tracks, Effect.succeed)) {
          assert.isFalse(composed)
          assert.lengthOf(parents, 2)
        }
      }).pipe(withPolicy(playing({}))),
    )

    it.effect("a kind without them proposes as ever", () =>
      Effect.gen(function* () {
        const state = yield* stateOf(
          settings(kinds(["result", { proposals: 1 }], ["operand", { proposals: 3 }]), composite(1, 1, 1)),
        )
        state.step = 1
        accept(state, "result", "1 + 1")
        const proposals = yield* propose(state, state.tracks, Effect.succeed)
        assert.deepStrictEqual(
          proposals.map(({ composite: composed }) => composed),
          [true, false, false, false],
        )
      }).pipe(withPolicy(playing({}))),
    )
  })
})
