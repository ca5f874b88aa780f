/** Responses: gold ones are correct, other ones are judged and never crash anything. */
import { Effect, Result } from "effect"
import type { PromptStyle, Verdict } from "../../Environment.ts"
import type { ExecutorError } from "../../Executor.ts"
import type { ClauseBroken } from "../ClauseBroken.ts"
import { show } from "./calls.ts"
import { type UnnumberedClause, broken, clause, ensure, ensureThat, skip } from "./clause.ts"
import type { GuardedKind } from "./GuardedKind.ts"
import type { Sample, Subject } from "./Subject.ts"
import { referencesFor } from "./tasks.ts"
import { damaged, noise } from "./texts.ts"

const isVerdict = ({ reason, verdict }: Verdict): boolean =>
  ["correct", "wrong", "badFormat"].includes(verdict) && typeof reason === "string"

/** What becomes of a response to a task: a verdict, or null where it is no answer at all. */
export const judge = Effect.fnUntraced(function* (
  kind: GuardedKind,
  task: unknown,
  response: string,
  style: PromptStyle,
): Effect.fn.Return<Verdict | null, ClauseBroken | ExecutorError> {
  const answer = yield* kind.parseAnswer(response, style)
  if (Result.isFailure(answer)) return null
  const verdict = yield* kind.verify(task, answer.success)
  yield* ensureThat(isVerdict(verdict), () => [
    `the verdict is ${show(verdict)}`,
    kind.line("verify", task, answer.success),
  ])
  return verdict
})

/** That the gold response of a task is read, judged correct, and as an answer survives JSON. */
export const ensureGold = Effect.fnUntraced(function* (
  kind: GuardedKind,
  task: unknown,
  style: PromptStyle,
): Effect.fn.Return<void, ClauseBroken | ExecutorError> {
  const response = yield* kind.goldResponse(task, style)
  const answer = yield* kind.parseAnswer(response, style)
  const call = () => kind.line("parseAnswer", response, style)
  if (Result.isFailure(answer)) {
    return yield* broken(`the gold response is no answer: ${answer.failure.message}`, call())
  }
  const verdict = yield* kind.verify(task, answer.success)
  yield* ensureThat(verdict.verdict === "correct", () => [
    `the gold response is ${verdict.verdict}: ${verdict.reason}`,
    kind.line("verify", task, answer.success),
  ])
})

/** Different tasks of one kind, two by two. */
const neighbours = (samples: ReadonlyArray<Sample>): ReadonlyArray<readonly [Sample, Sample]> =>
  samples.flatMap((sample, index) => {
    const next = samples.slice(index + 1).find(({ kind }) => kind === sample.kind)
    return next === undefined ? [] : [[sample, next] as const]
  })

/** Random texts, and what random changes make of the gold responses. */
const texts = Effect.fnUntraced(function* (
  { options, random, samples }: Subject["Service"],
  kind: GuardedKind,
  style: PromptStyle,
) {
  const own = (yield* samples).filter((sample) => sample.kind === kind).slice(0, 4)
  const stream = random(`texts/${kind.id}/${style}`)
  const responses = yield* Effect.forEach(own, ({ task }) => kind.goldResponse(task, style))
  return {
    own,
    noise: noise(stream, options.texts),
    damaged: responses.flatMap((response) =>
      damaged(response, stream, Math.ceil(options.texts / responses.length)),
    ),
  }
})

export const answerClauses: ReadonlyArray<UnnumberedClause> = [
  clause(
    "the gold response of every task is read and is correct, in every style",
    "A task whose answer is refused teaches that right is wrong.",
    function* ({ declared: { styles }, samples }) {
      for (const { kind, task } of yield* samples) {
        for (const style of styles) yield* ensureGold(kind, task, style)
      }
    },
  ),

  clause(
    "an answer comes back from JSON with the same verdict",
    "Rollouts are kept as JSON; judging one again must not change it.",
    function* ({ declared: { styles }, samples }) {
      for (const { kind, task } of yield* samples) {
        for (const style of styles) {
          const answer = yield* kind.parseAnswer(yield* kind.goldResponse(task, style), style)
          if (Result.isFailure(answer)) continue
          const text = yield* kind.answerText(answer.success)
          const back = yield* kind.answerFromText(text)
          yield* ensure((yield* kind.answerText(back)) === text, `it comes back as ${show(back)}`, text)
          const [first, second] = [yield* kind.verify(task, answer.success), yield* kind.verify(task, back)]
          yield* ensureThat(show(first) === show(second), () => [
            `it is ${show(first)}, and from JSON ${show(second)}`,
            kind.line("verify", task, back),
          ])
        }
      }
    },
  ),

  clause(
    "noise is never correct: it is no answer, or a wrong one",
    "What a policy says before it has learned anything must not be rewarded.",
    function* (subject) {
      for (const style of subject.declared.styles) {
        for (const kind of subject.opened.kinds) {
          const { noise, own } = yield* texts(subject, kind, style)
          for (const { task } of own.slice(0, 1)) {
            for (const text of noise) {
              const verdict = yield* judge(kind, task, text, style)
              yield* ensureThat(verdict?.verdict !== "correct", () => [
                `${show(text)} is correct`,
                `${kind.line("parseAnswer", text, style)}, then ${kind.line("verify", task)}`,
              ])
            }
          }
        }
      }
    },
  ),

  clause(
    "damaged gold responses are judged, whatever the verdict",
    "A response that crashes its judge ends a run.",
    function* (subject) {
      for (const style of subject.declared.styles) {
        for (const kind of subject.opened.kinds) {
          const { damaged, own } = yield* texts(subject, kind, style)
          for (const { task } of own.slice(0, 1)) {
            for (const text of damaged) yield* judge(kind, task, text, style)
          }
        }
      }
    },
  ),

  clause(
    "answers are told apart: not every gold response of a task does for its neighbours",
    "A judge that says yes to everything rewards everything.",
    function* ({ declared: { styles }, opened, samples }) {
      const pairs = neighbours(yield* samples)
      let judged = 0
      for (const kind of opened.kinds) {
        const verdicts: Array<string> = []
        let call = ""
        for (const [one, other] of pairs.filter(([sample]) => sample.kind === kind)) {
          for (const style of styles) {
            const response = yield* kind.goldResponse(other.task, style)
            if (response === (yield* kind.goldResponse(one.task, style))) continue
            verdicts.push((yield* judge(kind, one.task, response, style))?.verdict ?? "no answer")
            call = `${kind.line("parseAnswer", response, style)}, then ${kind.line("verify", one.task)}`
          }
        }
        judged += verdicts.length
        yield* ensure(
          verdicts.length === 0 || verdicts.some((verdict) => verdict !== "correct"),
          `${kind.id}: all ${verdicts.length} gold responses are correct for another task`,
          call,
        )
      }
      if (judged === 0) yield* skip("no kind has two tasks with different gold responses")
    },
  ),

  clause(
    "what is right in a wrong answer is a share, at least 0 and below 1",
    "A wrong answer must never earn as much as a correct one.",
    function* ({ declared: { styles }, samples }) {
      const pairs = neighbours(yield* samples)
      for (const [{ kind, task }, other] of pairs) {
        for (const style of styles) {
          const answer = yield* kind.parseAnswer(yield* kind.goldResponse(other.task, style), style)
          if (Result.isFailure(answer)) continue
          if ((yield* kind.verify(task, answer.success)).verdict !== "wrong") continue
          const share = yield* kind.partial(task, answer.success)
          yield* ensureThat(share >= 0 && share < 1, () => [
            `the share is ${share}`,
            kind.line("partial", task, answer.success),
          ])
        }
      }
      if (pairs.length === 0) yield* skip("no kind has two tasks")
    },
  ),

  clause(
    "a verdict that is not correct says why, in text",
    "`azr verify` answers with it, and failures are counted by it.",
    function* (subject) {
      const { declared, opened, samples } = subject
      const tasks = yield* samples
      for (const style of declared.styles) {
        for (const kind of opened.kinds) {
          const { damaged, own } = yield* texts(subject, kind, style)
          const others = yield* Effect.forEach(neighbours(own), ([, { task }]) =>
            kind.goldResponse(task, style),
          )
          for (const { task } of own.slice(0, 1)) {
            for (const text of [...others, ...damaged]) {
              const verdict = yield* judge(kind, task, text, style)
              yield* ensureThat(
                verdict === null || verdict.verdict === "correct" || verdict.reason.trim() !== "",
                () => [`${show(text)} is ${verdict?.verdict} without a reason`, kind.line("verify", task)],
              )
            }
          }
        }
      }
      if (tasks.length === 0) yield* skip("there is no task")
    },
  ),

  clause(
    "any response is a proposal or is refused; a proposal is a task or is refused, with a reason",
    "A policy proposes anything; nothing of it may crash the run.",
    function* (subject) {
      const { declared, opened, options, random, samples } = subject
      for (const style of declared.styles) {
        for (const kind of opened.kinds) {
          const { damaged: answers, noise } = yield* texts(subject, kind, style)
          const shown = referencesFor(kind, yield* samples).at(-1)
          if (shown === undefined) continue
          const stream = random(`proposals/${kind.id}/${style}`)
          const proposals = options.proposals
            .filter((proposal) => proposal.kind === kind.id && proposal.style === style)
            .flatMap(({ text }) => damaged(text, stream, options.texts))
          for (const text of [...noise, ...answers, ...proposals]) {
            const draft = yield* kind.parseProposal(text, shown, style)
            const call = () => kind.line("parseProposal", text, shown, style)
            if (Result.isFailure(draft)) {
              const { message } = draft.failure
              yield* ensureThat(message.trim() !== "", () => ["it is refused without a message", call()])
              continue
            }
            const task = yield* kind.validate(draft.success)
            yield* ensureThat(
              Result.isSuccess(task) || /^[a-z][A-Za-z0-9]*$/u.test(task.failure.reason),
              () => [
                `it is refused for the reason ${show(Result.isFailure(task) ? task.failure.reason : "")}`,
                kind.line("validate", draft.success),
              ],
            )
          }
        }
      }
    },
  ),

  clause(
    "example proposals are read and become tasks",
    "What the prompt asks for must be what the parser takes.",
    function* ({ opened, options, samples }) {
      if (options.proposals.length === 0) yield* skip("no example proposals were given")
      const tasks = yield* samples
      for (const { kind: id, style, text } of options.proposals) {
        const kind = opened.kinds.find((candidate) => candidate.id === id)
        if (kind === undefined) return yield* broken(`there is no kind ${id}`)
        const shown = referencesFor(kind, tasks)[0] ?? []
        const call = kind.line("parseProposal", text, shown, style)
        const draft = yield* kind.parseProposal(text, shown, style)
        if (Result.isFailure(draft)) return yield* broken(`it is no proposal: ${draft.failure.message}`, call)
        const task = yield* kind.validate(draft.success)
        const refusal = Result.isFailure(task) ? `${task.failure.reason}: ${task.failure.message}` : ""
        yield* ensure(refusal === "", `it is no task: ${refusal}`, call)
      }
    },
  ),
]
