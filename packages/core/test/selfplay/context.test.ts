/** Prompts that are longer than the policy can read: what it proposes may make them, and no run ends of it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { PolicyEngine } from "../../src/PolicyEngine.ts"
import { grade } from "../../src/selfplay/Grade.ts"
import { learn } from "../../src/selfplay/Learn.ts"
import { propose } from "../../src/selfplay/Propose.ts"
import { attempt } from "../../src/selfplay/Solve.ts"
import { admit, heldOutOf, validate } from "../../src/selfplay/Validate.ts"
import { ScriptedPolicy } from "../../src/testing/scriptedPolicy.ts"
import { accept, kinds, playing, puzzle, settings, stateOf, trackOf, withPolicy } from "./world.ts"

/** Runs an effect with a policy of a context of so many tokens (characters), which no request exceeds. */
const within =
  (contextLength: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.flatMap(PolicyEngine, (engine) =>
      Effect.provideService(effect, PolicyEngine, {
        ...engine,
        capabilities: { ...engine.capabilities, contextLength },
        sample: (requests) => {
          for (const { maxTokens, prompt } of requests)
            assert.isAtMost(prompt.length + maxTokens, contextLength)
          return engine.sample(requests)
        },
        referenceLogprobs: (sequences) => {
          for (const tokens of sequences) assert.isTrue(tokens.length > 0 && tokens.length <= contextLength)
          return engine.referenceLogprobs(sequences)
        },
      }),
    )

const request = "Write another puzzle like 3 + 4."

describe("a context that is full", () => {
  it.effect("takes as many references as fit, and no others are parents", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", { proposals: 6 }]), "propose.references=4"))
      accept(state, "result", "1 + 1", "2 + 2", "3 + 3", "44 + 44")
      const lengths = new Set<number>()
      // Room for the request and two short references, a response of 40 tokens besides.
      for (const { parents, prompt } of yield* propose(state, state.tracks, Effect.succeed).pipe(
        within(40 + request.length + 2 * "1 + 1\n".length + 1),
      )) {
        const text = prompt.map(({ content }) => content).join("")
        assert.lengthOf(text.split("\n"), parents.length + 1)
        assert.isTrue(text.endsWith(request))
        lengths.add(parents.length)
      }
      assert.deepStrictEqual([...lengths].toSorted(), [1, 2])
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("proposes nothing for a given task that leaves no room", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 0 }], ["operator", { proposals: 4 }])),
      )
      accept(state, "result", "44 + 44")
      assert.lengthOf(yield* propose(state, state.tracks, Effect.succeed).pipe(within(50)), 0)
      assert.lengthOf(yield* propose(state, state.tracks, Effect.succeed).pipe(within(500)), 4)
    }).pipe(withPolicy(playing({}))),
  )

  it.effect("makes a task invalid whose question does not fit", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", { proposals: 2 }])))
      const question = trackOf(state, "result")
        .kind.solvePrompt(puzzle("1 + 1"), "full")
        .map(({ content }) => content)
        .join("\n\n")
      const validated = yield* propose(state, state.tracks, validate).pipe(
        Effect.flatMap((made) =>
          admit(state, heldOutOf(state.tracks), made).pipe(within(question.length + 20)),
        ),
      )
      assert.deepStrictEqual(
        validated.map(({ message, reason, record, status }) => [status, reason, record?.id ?? null, message]),
        [
          ["accepted", "", 1, ""],
          [
            "invalid",
            "tooLong",
            null,
            `a prompt of ${question.length + 2} tokens and an answer of 20 do not fit the context of ${question.length + 20}`,
          ],
        ],
      )
    }).pipe(withPolicy(playing({ propose: (index) => ["1 + 1", "11 + 11"][index] ?? "" }))),
  )

  it.effect("asks no question that does not fit, and masks its answers", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings('kl={"estimator":"k1","coefficient":0.01,"in":"loss"}', "solve.from=both"),
      )
      const track = trackOf(state, "result")
      const questions = ["11 + 11", "1 + 1"].map((text, id) => ({
        track,
        task: puzzle(text),
        id,
        seeds: [1, 2],
      }))
      const room = 20 + "What belongs in place of the ?\n1 + 1 = ?".length
      const answers = yield* attempt(state, questions, { temperature: 1, maxTokens: () => 20 }).pipe(
        within(room),
      )
      assert.deepStrictEqual(
        answers.map((of) => of.map(({ text, verdict }) => [text, verdict?.verdict ?? null])),
        [
          [
            ["", null],
            ["", null],
          ],
          [
            ["2", "correct"],
            ["2", "correct"],
          ],
        ],
      )
      assert.match(answers[0]?.[0]?.fault ?? "", /do not fit the context/u)
      const graded = yield* grade(state, [], [], answers.flat())
      yield* learn(state, { step: 1, staleness: 0, ...graded }).pipe(within(room))
      assert.deepStrictEqual(
        graded.answers.map(({ reward }) => reward),
        [null, null, 1, 1],
      )
      const { updates } = yield* ScriptedPolicy
      assert.lengthOf((yield* updates)[0]?.datums ?? [], 2)
    }).pipe(withPolicy(playing({}))),
  )
})
