import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { type Datum, PolicyEngine } from "../../src/PolicyEngine.ts"
import { estimate } from "../../src/selfplay/Estimate.ts"
import { grade } from "../../src/selfplay/Grade.ts"
import { learn } from "../../src/selfplay/Learn.ts"
import { propose } from "../../src/selfplay/Propose.ts"
import { solve } from "../../src/selfplay/Solve.ts"
import type { LoopState } from "../../src/selfplay/State.ts"
import { admit, heldOutOf, validate } from "../../src/selfplay/Validate.ts"
import { puzzleText } from "../../src/testing/puzzleEnvironment.ts"
import { ScriptedPolicy, scriptedKl, scriptedLogprob } from "../../src/testing/scriptedPolicy.ts"
import {
  type Player,
  accept,
  kinds,
  overKinds,
  playing,
  settings,
  solved,
  stateOf,
  withPolicy,
} from "./world.ts"

/** All six stages of a step, and what the policy was taught. */
const stages = Effect.fnUntraced(function* (state: LoopState) {
  state.step += 1
  const validated = yield* admit(
    state,
    heldOutOf(state.tracks),
    yield* propose(state, state.tracks, validate),
  )
  const estimates = yield* estimate(state, validated)
  const answers = yield* solve(state)
  const graded = yield* grade(state, validated, estimates, answers)
  const metrics: Readonly<Record<string, number>> = yield* learn(state, {
    step: state.step,
    staleness: 0,
    ...graded,
  })
  const learned = { ...graded, metrics }
  const policy = yield* ScriptedPolicy
  return { learned, updates: yield* policy.updates }
})

const learning = (state: LoopState, player: Player) => withPolicy(playing(player))(stages(state))

/** Prompt, response and the numbers of a datum's response, which must be the same on each of its tokens. */
const lesson = ({ advantages, logprobs, tokens, weights }: Datum) => {
  for (const row of [advantages, logprobs, weights]) assert.lengthOf(row, tokens.length)
  const start = weights.findIndex((weight) => weight !== 0)
  const text = (part: ReadonlyArray<number>) => String.fromCodePoint(...part)
  assert.isAbove(start, 0)
  for (const row of [advantages, logprobs, weights])
    assert.isTrue(row.slice(0, start).every((value) => value === 0))
  assert.deepStrictEqual(new Set(weights.slice(start)).size, 1)
  assert.deepStrictEqual(new Set(advantages.slice(start)).size, 1)
  assert.deepStrictEqual(logprobs.slice(start), tokens.slice(start).map(scriptedLogprob))
  assert.strictEqual(tokens.at(-1), 0)
  return {
    prompt: text(tokens.slice(0, start)),
    response: text(tokens.slice(start, -1)),
    length: tokens.length - start,
    weight: weights[start] as number,
    advantage: advantages[start] as number,
  }
}

const six = ["hello", "100 + 1", "0 + 0", "1 + 1", "2 + 2", "3 + 3", "4 + 4"]
const outcomes: Player = {
  propose: (index) => six[index] ?? "",
  // 1 + 1 is never solved, 2 + 2 always, 3 + 3 once in four.
  solve: (question, index) =>
    question === "1 + 1 = ?" ? "9" : question === "3 + 3 = ?" && index > 0 ? "9" : solved(question),
}
const sixProposals = kinds(["result", { proposals: 7, tasks: 3 }])

describe("partial credit", () => {
  // Once right, once off by one (half right), once far off, once without form.
  const answers: Player = {
    propose: () => "2 + 2",
    solve: (_, index) => ["4", "5", "9", "four"][index] ?? "",
  }
  const oneTask = kinds(["result", { proposals: 1, tasks: 1 }])
  const rewardsOf = Effect.fnUntraced(function* (changes: ReadonlyArray<string>, unanswered: boolean) {
    const state = yield* stateOf(settings(oneTask, ...changes), {
      unanswered: (_, operation) => unanswered && operation === "partial",
    })
    const { learned } = yield* learning(state, answers)
    return {
      proposal: learned.proposals.map(({ reward }) => reward),
      answers: learned.answers.map(({ reward }) => reward),
    }
  })

  it.effect("is given where it is on; how often a task is solved does not change", () =>
    Effect.gen(function* () {
      const off = yield* rewardsOf([], false)
      assert.deepStrictEqual(off.answers, [1, -0.5, -0.5, -1])
      const on = yield* rewardsOf(["reward.solve.partial=true"], false)
      assert.deepStrictEqual(on.answers, [1, 0.5, -0.5, -1])
      assert.deepStrictEqual([off.proposal, on.proposal], [[3 / 4], [3 / 4]])
    }),
  )

  it.effect("where the infrastructure cannot tell it, the answer is masked", () =>
    Effect.gen(function* () {
      const { answers: rewards } = yield* rewardsOf(["reward.solve.partial=true"], true)
      assert.deepStrictEqual(rewards, [1, null, null, -1])
    }),
  )
})

describe("rewards", () => {
  it.effect("of proposals: by what became of them; beyond the estimated ones none", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(sixProposals))
      accept(state, "result", "0 + 0")
      const { learned } = yield* learning(state, outcomes)
      assert.deepStrictEqual(
        learned.proposals.map(({ reward, response }) => [response.proposal.text, reward]),
        [
          ["hello", -1],
          ["100 + 1", -0.5],
          ["0 + 0", -0.25],
          ["1 + 1", 0],
          ["2 + 2", 0.125],
          ["3 + 3", 0.75],
          // Accepted, but `tasks` is 3: it only enters the buffer.
          ["4 + 4", null],
        ],
      )
      assert.deepStrictEqual(learned.proposals.at(-1)?.advantage, null)
    }),
  )

  it.effect("of answers: by their verdict", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", { proposals: 1, tasks: 1 }])))
      const { learned } = yield* learning(state, {
        propose: () => "1 + 1",
        solve: (_, index) => ["2", "3", "two", "2"][index] ?? "",
      })
      assert.deepStrictEqual(
        learned.answers.map(({ reward }) => reward),
        [1, -0.5, -1, 1],
      )
    }),
  )

  it.effect("coverage divides by the count of the region, the task itself included", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(
          'reward.propose.coverage={"decay":1,"exponent":1}',
          kinds(["result", { proposals: 1, tasks: 1 }]),
        ),
      )
      const track = state.tracks[0]
      if (track === undefined) return assert.fail("no track")
      for (let i = 0; i < 4; i++) state.visitRegion(track, { a: i, operator: "+", b: 0 })
      state.visitRegion(track, { a: 0, operator: "*", b: 0 })
      const { learned } = yield* learning(state, {
        propose: () => "1 + 1",
        solve: (_, index) => (index === 0 ? "2" : "3"),
      })
      assert.strictEqual(learned.proposals[0]?.reward, 0.75 / 4)
    }),
  )
})

describe("intrinsic rewards", () => {
  const terms = (of: Record<string, { coefficient: number; max: number }>, combine = "sum") =>
    `reward.propose.intrinsic=${JSON.stringify({ combine, terms: of })}`
  const onceInFour: Player = { propose: () => "1 + 1", solve: (_, index) => (index === 0 ? "2" : "3") }
  const one = kinds(["result", { proposals: 1, tasks: 1 }])

  it.effect("add measures of the environment to what the success rate earns", () =>
    Effect.gen(function* () {
      // Two digits: 0.75 + min(0.1 · 2, 9).
      const state = yield* stateOf(settings(terms({ digits: { coefficient: 0.1, max: 9 } }), one))
      const { learned } = yield* learning(state, onceInFour)
      assert.closeTo(learned.proposals[0]?.reward ?? 0, 0.95, 1e-12)
    }),
  )

  it.effect("measure the mean distance to the references that the proposer was shown", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(terms({ distance: { coefficient: 1, max: 9 } }), one))
      // One differs in nothing but its first number, the other in all three parts.
      accept(state, "result", "2 + 1")
      accept(state, "result", "2 * 3")
      const { learned } = yield* learning(state, onceInFour)
      assert.closeTo(learned.proposals[0]?.reward ?? 0, 0.75 + (1 / 3 + 1) / 2, 1e-12)
    }),
  )

  it.effect("count how often the run has met the facets of a task, this time included", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(terms({ novelty: { coefficient: 1, max: 9 } }), one))
      const track = state.tracks[0]
      if (track === undefined) return assert.fail("no track")
      // Facets of 1 + 1 are its operator and its result: + was met three times before, 2 never.
      for (const a of [4, 5, 6]) state.visitFacets(track, { a, operator: "+", b: 1 })
      state.visitFacets(track, { a: 1, operator: "+", b: 1 })
      const { learned } = yield* learning(state, onceInFour)
      assert.closeTo(learned.proposals[0]?.reward ?? 0, 0.75 + (1 / 2 + 1) / 2, 1e-12)
    }),
  )

  it.effect("name the measures there are when one is not", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(terms({ digit: { coefficient: 1, max: 9 } }), one))
      const error = yield* Effect.flip(learning(state, onceInFour))
      assert.include(error.message, "no measure digit; there are: digits, distance, novelty")
    }),
  )
})

describe("regularization", () => {
  const taughtBy = Effect.fnUntraced(function* (...changes: ReadonlyArray<string>) {
    const state = yield* stateOf(settings(sixProposals, ...changes))
    return yield* learning(state, outcomes)
  })
  const kl = (place: "loss" | "reward") =>
    `kl=${JSON.stringify({ estimator: "k1", coefficient: 0.5, in: place })}`

  it.effect("of the loss goes to the engine, with the reference's log-probabilities on the response", () =>
    Effect.gen(function* () {
      const { updates } = yield* taughtBy("entropyBonus=0.25", kl("loss"))
      assert.deepStrictEqual(updates[0]?.regularizations, [
        { entropy: 0.25, kl: { estimator: "k1", coefficient: 0.5 } },
      ])
      for (const { logprobs, referenceLogprobs, weights } of updates[0]?.datums ?? []) {
        assert.deepStrictEqual(
          referenceLogprobs,
          logprobs.map((logprob, t) => (weights[t] === 0 ? 0 : logprob - scriptedKl)),
        )
      }
    }),
  )

  it.effect(
    "is part of the advantages where the engine has no entropy bonus: − coefficient · log p of each token",
    () =>
      Effect.gen(function* () {
        const withOwn = yield* taughtBy("entropyBonus=0.25")
        const state = yield* stateOf(settings(sixProposals, "entropyBonus=0.25"))
        const without = Effect.map(PolicyEngine, (engine) => ({
          ...engine,
          capabilities: { ...engine.capabilities, regularizations: ["kl"] as const },
        }))
        const { updates } = yield* withPolicy(playing(outcomes))(
          Effect.provideServiceEffect(stages(state), PolicyEngine, without),
        )
        assert.deepStrictEqual(updates[0]?.regularizations, [{ entropy: 0, kl: null }])
        const flat = withOwn.updates[0]?.datums ?? []
        assert.lengthOf(updates[0]?.datums ?? [], flat.length)
        for (const [index, datum] of (updates[0]?.datums ?? []).entries()) {
          const own = flat[index] ?? assert.fail()
          const advantages = own.advantages.map((advantage, t) =>
            own.weights[t] === 0 ? 0 : advantage - 0.25 * (own.logprobs[t] ?? 0),
          )
          assert.deepStrictEqual(datum, { ...own, advantages })
        }
      }),
  )

  it.effect("of the loss reaches every rewarded response, also those without an advantage", () =>
    Effect.gen(function* () {
      const plain = yield* taughtBy()
      const rewarded = ({ answers, proposals }: typeof plain.learned) =>
        [...answers, ...proposals].filter(({ reward }) => reward !== null).length
      for (const setting of ["entropyBonus=0.25", kl("loss")]) {
        const { learned, updates } = yield* taughtBy(setting)
        assert.lengthOf(updates[0]?.datums ?? [], rewarded(learned))
      }
      assert.isBelow(plain.updates[0]?.datums.length ?? 0, rewarded(plain.learned))
      assert.deepStrictEqual(plain.updates[0]?.regularizations, [{ entropy: 0, kl: null }])
    }),
  )

  it.effect("of the reward takes coefficient · Σ k over the tokens of the response", () =>
    Effect.gen(function* () {
      const plain = yield* taughtBy()
      const { learned, updates } = yield* taughtBy(kl("reward"))
      assert.isNull(updates[0]?.regularizations[0]?.kl ?? null)
      for (const part of ["answers", "proposals"] as const) {
        for (const [index, { response, reward }] of learned[part].entries()) {
          const before = plain.learned[part][index]?.reward ?? null
          const { sample } = "proposal" in response ? response.proposal : response
          if (before === null) assert.isNull(reward)
          else assert.closeTo(reward ?? 0, before - 0.5 * scriptedKl * sample.tokens.length, 1e-12)
        }
      }
    }),
  )
})

describe("mini-batches", () => {
  const taughtBy = Effect.fnUntraced(function* (...changes: ReadonlyArray<string>) {
    const state = yield* stateOf(settings(sixProposals, ...changes))
    const { learned, updates } = yield* learning(state, outcomes)
    const responses = updates.map(({ datums }) =>
      datums.map(lesson).map(({ prompt, response }) => prompt + response),
    )
    return { learned, updates, responses }
  })

  it.effect("give each response to one step of the optimizer, in another order", () =>
    Effect.gen(function* () {
      const whole = yield* taughtBy()
      const cut = yield* taughtBy("update.miniBatch=3")
      const total = whole.responses.flat().length
      assert.isAbove(total, 3)
      assert.deepStrictEqual(
        cut.responses.map(({ length }) => length),
        Array.from({ length: Math.ceil(total / 3) }, (_, i) => Math.min(3, total - 3 * i)),
      )
      assert.deepStrictEqual(cut.responses.flat().toSorted(), whole.responses.flat().toSorted())
      assert.notDeepEqual(cut.responses.flat(), whole.responses.flat())
      assert.strictEqual(cut.learned.metrics["train/updates"], cut.updates.length)
      assert.strictEqual(cut.learned.metrics["train/tokens"], whole.learned.metrics["train/tokens"])
      // The reduction is over the mini-batch: its weights sum to one.
      for (const { datums } of cut.updates) {
        const weights = datums.flatMap((datum) => datum.weights)
        assert.closeTo(
          weights.reduce((sum, weight) => sum + weight, 0),
          1,
          1e-12,
        )
      }
    }),
  )

  it.effect("are passed over once an epoch", () =>
    Effect.gen(function* () {
      const once = yield* taughtBy("update.miniBatch=3")
      const twice = yield* taughtBy("update.miniBatch=3", "update.epochs=2")
      assert.strictEqual(twice.updates.length, 2 * once.updates.length)
      assert.deepStrictEqual(
        twice.responses.flat().toSorted(),
        [...once.responses.flat(), ...once.responses.flat()].toSorted(),
      )
    }),
  )
})

describe("masks", () => {
  it.effect("held-out proposals and faults of validation have no reward and teach nothing", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(sixProposals), {
        split: ({ a }) => (a === 2 ? "test" : "train"),
        unanswered: (task, operation) => operation === "validate" && puzzleText(task) === "3 + 3",
      })
      const { learned, updates } = yield* learning(state, outcomes)
      const rewards = new Map(
        learned.proposals.map(({ reward, response }) => [response.proposal.text, reward]),
      )
      assert.strictEqual(rewards.get("2 + 2"), null)
      assert.strictEqual(rewards.get("3 + 3"), null)
      assert.strictEqual(rewards.get("0 + 0"), 0.125)
      const taught = updates.flatMap(({ datums }) => datums.map(lesson)).map(({ response }) => response)
      assert.include(taught, "hello")
      assert.notIncludeMembers(taught, ["2 + 2", "3 + 3"])
    }),
  )

  it.effect(
    "faults of verification: no reward for the answer, and none for the task without a single verdict",
    () =>
      Effect.gen(function* () {
        let faults = 0
        const state = yield* stateOf(settings(kinds(["result", { proposals: 3, tasks: 3 }])), {
          unanswered: (task, operation) => {
            if (operation !== "verify") return false
            if (puzzleText(task) === "1 + 1") return true
            // One of the two different answers to 2 + 2.
            return puzzleText(task) === "2 + 2" && faults++ === 0
          },
        })
        const { learned, updates } = yield* learning(state, {
          propose: (index) => ["1 + 1", "2 + 2", "3 + 3"][index] ?? "",
          solve: (question, index) => (index % 2 === 0 ? solved(question) : "9"),
        })
        assert.deepStrictEqual(
          learned.answers.map(({ reward, response }) => [response.question.id, reward]),
          [
            ...[1, 1, 1, 1].map((id) => [id, null]),
            [2, null],
            [2, -0.5],
            [2, null],
            [2, -0.5],
            [3, 1],
            [3, -0.5],
            [3, 1],
            [3, -0.5],
          ],
        )
        // 2 + 2 was judged twice and wrong twice; 1 + 1 not at all.
        assert.deepStrictEqual(
          learned.proposals.map(({ reward }) => reward),
          [null, 0, 0.5],
        )
        const questions = updates.flatMap(({ datums }) => datums.map(lesson)).map(({ prompt }) => prompt)
        assert.isFalse(questions.some((prompt) => prompt.includes("1 + 1 = ?")))
      }),
  )

  it.effect("a faulty answer leaves the advantages of its group as if it had not been sampled", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings("estimate.samples=3", kinds(["result", { proposals: 1, tasks: 1 }])),
        {
          unanswered: (() => {
            let calls = 0
            return (_: unknown, operation: string) => operation === "verify" && calls++ === 2
          })(),
        },
      )
      const { learned } = yield* learning(state, {
        propose: () => "1 + 1",
        solve: (_, index) => ["2", "8", "9"][index] ?? "",
      })
      assert.deepStrictEqual(
        learned.answers.map(({ advantage }) => advantage),
        [1, -1, null],
      )
    }),
  )
})

describe("datums", () => {
  it.effect("carry weight, advantage and sampled log-probability on exactly the response's tokens", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(sixProposals))
      const { learned, updates } = yield* learning(state, outcomes)
      assert.lengthOf(updates, 1)
      const taught = (updates[0]?.datums ?? []).map(lesson)
      const expected = [
        ...learned.proposals.map(({ advantage, response }) => ({
          prompt: response.proposal.prompt.map(({ content }) => content).join(""),
          response: response.proposal.text,
          advantage,
        })),
        ...learned.answers.map(({ advantage, response }) => ({
          prompt: response.prompt.map(({ content }) => content).join(""),
          response: response.text,
          advantage,
        })),
      ].filter(({ advantage }) => advantage !== null && advantage !== 0)
      assert.deepStrictEqual(
        taught.map(({ advantage, prompt, response }) => ({ prompt, response, advantage })),
        expected,
      )
      assert.isAbove(expected.length, 4)
    }),
  )

  it.effect("leave out responses without advantage", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(kinds(["result", { proposals: 2, tasks: 2 }])))
      const { learned, updates } = yield* learning(state, {
        propose: (index) => ["1 + 1", "2 + 2"][index] ?? "",
        solve: (question, index) => (question === "2 + 2 = ?" && index === 0 ? "9" : solved(question)),
      })
      // Both tasks were solved sometimes or always, but only answers to the second differ.
      assert.deepStrictEqual(
        learned.answers.slice(0, 4).map(({ advantage }) => advantage),
        [0, 0, 0, 0],
      )
      const prompts = updates.flatMap(({ datums }) => datums.map(lesson)).map(({ prompt }) => prompt)
      assert.strictEqual(prompts.filter((prompt) => prompt.endsWith("2 + 2 = ?")).length, 4)
      assert.strictEqual(prompts.filter((prompt) => prompt.endsWith("1 + 1 = ?")).length, 0)
    }),
  )

  it.effect("advantages never mix kinds or roles", () =>
    Effect.gen(function* () {
      const solveAs = (question: string, index: number) =>
        index < 2 ? (question.endsWith(" = ?") ? solved(question) : "5") : "9"
      const alone = yield* stateOf(
        settings(
          "advantage.solve=" + JSON.stringify({ _tag: "trrPlusPlus", epsilon: 0.1, deviation: "sample" }),
          kinds(["result", { proposals: 2 }]),
        ),
      )
      const beside = yield* stateOf({
        ...alone.config,
        kinds: settings(kinds(["result", { proposals: 2 }], ["operand", { proposals: 3 }])).kinds,
      })
      const proposals = ["1 + 1", "no", "5 + 5", "6 * 5", "no"]
      const one = yield* learning(alone, { propose: (index) => proposals[index] ?? "", solve: solveAs })
      const two = yield* learning(beside, { propose: (index) => proposals[index] ?? "", solve: solveAs })
      const of = ({ learned }: typeof one) => ({
        proposals: learned.proposals
          .filter(({ response }) => response.proposal.track.kind.id === "result")
          .map(({ advantage }) => advantage),
        answers: learned.answers
          .filter(({ response }) => response.question.track.kind.id === "result")
          .map(({ advantage }) => advantage),
      })
      assert.deepStrictEqual(of(two), of(one))
      assert.lengthOf(two.learned.proposals, 5)
    }),
  )

  const weights = (reduction: string) =>
    Effect.gen(function* () {
      const state = yield* stateOf(settings(sixProposals, `reduction=${reduction}`))
      accept(state, "result", "0 + 0")
      const { updates } = yield* learning(state, outcomes)
      return (updates[0]?.datums ?? []).map(lesson).map(({ length, weight }) => ({ length, weight }))
    })

  it.effect("tokenMean: every token of the update weighs one over their number", () =>
    Effect.gen(function* () {
      const all = yield* weights('{"_tag":"tokenMean"}')
      const tokens = all.reduce((sum, { length }) => sum + length, 0)
      for (const { weight } of all) assert.strictEqual(weight, 1 / tokens)
      assert.isAbove(new Set(all.map(({ length }) => length)).size, 1)
    }),
  )

  it.effect("sequenceMean: every response weighs one over their number", () =>
    Effect.gen(function* () {
      const all = yield* weights('{"_tag":"sequenceMean"}')
      for (const { length, weight } of all) assert.closeTo(length * weight, 1 / all.length, 1e-15)
    }),
  )

  it.effect("constant: every token weighs one over number of responses times length", () =>
    Effect.gen(function* () {
      const all = yield* weights('{"_tag":"constant","length":50}')
      for (const { weight } of all) assert.strictEqual(weight, 1 / (50 * all.length))
    }),
  )
})

describe("what is learned from", () => {
  const prompts = (...changes: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 3, tasks: 1, solve: 2 }]), ...changes),
      )
      accept(state, "result", "5 + 5", "6 + 6")
      const { learned, updates } = yield* learning(state, {
        propose: (index) => ["no", "1 + 1", "2 + 2"][index] ?? "",
        solve: (question, index) => (index % 2 === 0 ? solved(question) : "0"),
      })
      const taught = updates.flatMap(({ datums }) => datums.map(lesson))
      return {
        learned,
        proposals: taught.filter(({ prompt }) => prompt.includes("Write")).length,
        answers: taught.filter(({ prompt }) => prompt.startsWith("What")).length,
        graded: learned.answers.filter(({ reward }) => reward !== null).length,
      }
    })

  it.effect("solve.from=estimate: the estimate's answers", () =>
    Effect.gen(function* () {
      const { answers, graded, proposals } = yield* prompts("solve.from=estimate", overKinds)
      assert.deepStrictEqual({ answers, graded, proposals }, { answers: 4, graded: 4, proposals: 2 })
    }),
  )

  it.effect("solve.from=buffer: answers to tasks of the buffer; the estimate only measures", () =>
    Effect.gen(function* () {
      const { graded, learned } = yield* prompts("solve.from=buffer", overKinds)
      assert.strictEqual(graded, 2)
      assert.strictEqual(learned.proposals[1]?.reward, 0.5)
      assert.deepStrictEqual([learned.answers.length, learned.measuring.length], [2, 4])
    }),
  )

  it.effect("solve.from=both: all of them", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* prompts("solve.from=both", overKinds)).graded, 6)
    }),
  )

  it.effect("propose.train=false: proposals are rewarded, but not learned from", () =>
    Effect.gen(function* () {
      const { answers, learned, proposals } = yield* prompts("propose.train=false")
      assert.deepStrictEqual({ answers, proposals }, { answers: 4, proposals: 0 })
      assert.deepStrictEqual(
        learned.proposals.map(({ reward }) => reward),
        [-1, 0.5, null],
      )
      assert.deepStrictEqual(
        learned.proposals.map(({ advantage }) => advantage),
        [-1, 1, null],
      )
    }),
  )

  it.effect(
    "roleWeight scales the advantages of a role in the update, not in the record; 0 leaves the role out",
    () =>
      Effect.gen(function* () {
        const state = yield* stateOf(settings(sixProposals, "roleWeight.propose=0.5", "roleWeight.solve=0"))
        accept(state, "result", "0 + 0")
        const { learned, updates } = yield* learning(state, outcomes)
        const taught = updates.flatMap(({ datums }) => datums.map(lesson))
        assert.isTrue(taught.every(({ prompt }) => prompt.includes("Write")))
        assert.deepStrictEqual(
          taught.map(({ advantage }) => advantage * 2),
          learned.proposals.flatMap(({ advantage }) =>
            advantage === null || advantage === 0 ? [] : [advantage],
          ),
        )
        assert.isTrue(learned.answers.some(({ advantage }) => advantage !== 0))
      }),
  )
})

describe("the update", () => {
  it.effect("is one, with the loss and the optimizer of the configuration at the step's learning rate", () =>
    Effect.gen(function* () {
      const loss = { _tag: "ppo", clipLow: 0.1, clipHigh: 0.3, dualClip: null } as const
      const optimizer = {
        learningRate: 0.5,
        beta1: 0.8,
        beta2: 0.9,
        epsilon: 1e-6,
        weightDecay: 0.01,
        gradClip: 2,
      }
      const state = yield* stateOf(
        settings(
          sixProposals,
          `loss=${JSON.stringify(loss)}`,
          `optimizer=${JSON.stringify({ ...optimizer, warmupSteps: 4, finalShare: 1 })}`,
        ),
      )
      state.step = 1
      const { learned, updates } = yield* learning(state, outcomes)
      assert.lengthOf(updates, 1)
      assert.deepStrictEqual(updates[0]?.losses, [loss])
      // Step 2 of a warm-up over 4.
      assert.deepStrictEqual(updates[0]?.adam, { ...optimizer, learningRate: 0.25 })
      assert.propertyVal(learned.metrics, "train/learningRate", 0.25)
      assert.strictEqual(learned.metrics["train/sequences"], updates[0]?.datums.length)
    }),
  )

  it.effect("is not made where nothing was learned; silent cells are counted", () =>
    Effect.gen(function* () {
      const state = yield* stateOf(
        settings(kinds(["result", { proposals: 2 }], ["operand", { proposals: 0 }])),
      )
      const { learned, updates } = yield* learning(state, {
        propose: (index) => ["1 + 1", "2 + 2"][index] ?? "",
      })
      assert.deepStrictEqual(updates, [])
      assert.deepStrictEqual(learned.metrics, {
        "train/sequences": 0,
        "train/tokens": 0,
        "train/zeroVariance": 2,
      })
    }),
  )

  it.effect("that diverges is an error which says so, not a broken record", () =>
    Effect.gen(function* () {
      const diverging = (change: Partial<PolicyEngine["Service"]>) =>
        Layer.effect(
          PolicyEngine,
          Effect.map(PolicyEngine, (engine) => ({ ...engine, ...change })),
        ).pipe(Layer.provideMerge(playing(outcomes)))
      const state = yield* stateOf(settings(sixProposals))
      const error = yield* Effect.flip(
        withPolicy(
          diverging({
            forwardBackward: () =>
              Effect.succeed({ loss: Number.NaN, logprobs: [], entropy: null, clippedShare: null, kl: null }),
          }),
        )(stages(state)),
      )
      assert.deepStrictEqual(
        [error._tag, error.message],
        ["PolicyError", "the loss is NaN; try a lower optimizer.learningRate"],
      )
      const again = yield* stateOf(settings(sixProposals))
      const norm = yield* Effect.flip(
        withPolicy(diverging({ optimStep: () => Effect.succeed({ gradNorm: Infinity }) }))(stages(again)),
      )
      assert.strictEqual(norm.message, "the gradient norm is Infinity; try a lower optimizer.learningRate")
    }),
  )
})
