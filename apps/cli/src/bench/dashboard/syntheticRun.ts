/**
 * A run folder of any size, written by the store that training writes by. Its numbers are made up, a function of the step; what
 * is like a run are the files: their lines, their lengths, what refers to what.
 */
import { RunConfig, type RunEvent, RunStore } from "@azr/core"
import { Effect } from "effect"

export interface SyntheticRun {
  readonly folder: string
  readonly steps: number
  /** Rollouts of a step; one in eight is a proposal. */
  readonly rollouts: number
}

const environment = "python-nano"
const kinds = ["deduction", "abduction", "induction"] as const
const firstAt = 1_700_000_000_000

export const writeSyntheticRun = Effect.fn("writeSyntheticRun")(function* ({
  folder,
  rollouts,
  steps,
}: SyntheticRun) {
  const config = { ...RunConfig.presets["nano"], steps } as RunConfig.RunConfig
  yield* Effect.provide(writeSteps(config, 1, steps, rollouts), RunStore.RunStore.layerNew(folder, config))
})

/** Steps `from` to `to`, with a checkpoint of no policy at the middle and the end, and the end of the run. */
export const writeSteps = Effect.fnUntraced(function* (
  config: RunConfig.RunConfig,
  from: number,
  to: number,
  rollouts: number,
) {
  const store = yield* RunStore.RunStore
  if (from === 1) {
    yield* store.append([
      { _tag: "RunStarted", at: firstAt, config, versions: { azr: "synthetic" }, policy: "none" },
      evaluated(0),
    ])
  }
  for (let step = from; step <= to; step++) {
    const responses = Array.from({ length: rollouts }, (_, index) => rolloutOf(step, index, rollouts))
    yield* store.rollouts(step, responses)
    yield* store.metrics(step, metricsOf(step))
    yield* store.append(eventsOf(step, responses, rollouts))
    if (step % 40 === 0) yield* store.append([evaluated(step)])
    if (step === Math.ceil(to / 2) || step === to) {
      yield* store.checkpoint({ step, policy: [], state: {}, scheduled: true, score: null }, 8)
    }
  }
  yield* store.append([{ _tag: "RunEnded", at: at(to) + 1000, step: to, status: "completed", message: "" }])
})

const at = (step: number): number => firstAt + step * 1000

const statusOf = (index: number): RunEvent.ProposalStatus =>
  index % 11 === 3 ? "invalid" : index % 5 === 4 ? "duplicate" : "accepted"

/** Tasks have ids that ascend in the run: proposal `index` of a step has the same place in every step. */
const taskOf = (step: number, index: number, rollouts: number): number =>
  (step - 1) * Math.ceil(rollouts / 8) + index + 1

const rolloutOf = (step: number, index: number, rollouts: number): RunEvent.Rollout => {
  const proposals = Math.ceil(rollouts / 8)
  const role = index < proposals ? "propose" : "solve"
  const proposal = role === "propose" ? index : (index - proposals) % proposals
  const status = statusOf(proposal)
  return {
    step,
    role,
    environment,
    kind: kinds[proposal % 3] ?? "deduction",
    task: role === "solve" || status === "accepted" ? taskOf(step, proposal, rollouts) : null,
    prompt: `PD a=[x+${step % 9} for x in a];a=sorted(a);a=a[${index % 4}:] P`,
    response: `<think> [${step},${index}];[9,9,0] <ans> [${index % 10},9,0] "quoted", \\ and ,"outcome":"correct"`,
    tokens: 20 + (index % 30),
    outcome: role === "propose" ? status : (step + index) % 3 === 0 ? "correct" : "wrong",
    reason:
      status === "invalid" && role === "propose" ? "exception: IndexError: list index out of range" : "",
    reward: index % 2,
    advantage: (index % 7) - 3,
    logprob: -0.1 * (index % 10),
  }
}

const eventsOf = (
  step: number,
  responses: ReadonlyArray<RunEvent.Rollout>,
  rollouts: number,
): ReadonlyArray<RunEvent.RunEvent> => {
  const proposals = responses.filter(({ role }) => role === "propose")
  return [
    ...proposals.flatMap(({ kind, task }, index): ReadonlyArray<RunEvent.RunEvent> =>
      task === null
        ? []
        : [
            {
              _tag: "TaskAdded",
              at: at(step),
              record: {
                id: task,
                environment,
                kind,
                step,
                origin: "proposed",
                parents: step === 1 ? [] : [taskOf(step - 1, index, rollouts)],
                task: {
                  _tag: kind,
                  program: `def f(a):\n    a=[x+${step % 9} for x in a]\n    a=sorted(a)\n    return a[${index}:]`,
                  canonical: `def f(v0):\n    return v0[${index}:]`,
                  region: `a=[x+ for x in a];${step % 500}`,
                  measures: { statements: 3 },
                  input: [[index, step]],
                  output: [step],
                },
                successRate: ((step + index) % 9) / 8,
              },
            },
          ],
    ),
    ...proposals.map(({ kind, outcome, task }, rollout): RunEvent.RunEvent => ({
      _tag: "Proposed",
      at: at(step),
      step,
      environment,
      kind,
      status: outcome as RunEvent.ProposalStatus,
      reason: outcome === "invalid" ? "exception" : outcome === "accepted" ? "" : outcome,
      task,
      rollout,
    })),
    {
      _tag: "StepCompleted",
      at: at(step),
      step,
      metrics: metricsOf(step),
      seconds: { generate: 0.1, execute: 0.2, train: 0.1, evaluate: 0, wait: 0.1, total: 0.5 },
    },
  ]
}

const metricsOf = (step: number): Readonly<Record<string, number>> => ({
  ...Object.fromEntries(
    kinds.flatMap((kind) =>
      ["proposals", "valid", "new", "reward", "tokens", "faults"].map((name) => [
        `propose/${kind}/${name}`,
        name === "faults" ? 0 : 0.6 + 0.3 * Math.sin(step / 50),
      ]),
    ),
  ),
  ...Object.fromEntries(
    kinds.flatMap((kind) =>
      ["answers", "correct", "badFormat", "reward", "tokens", "learnable"].map((name) => [
        `solve/${kind}/${name}`,
        0.5 + 0.3 * Math.cos(step / 70),
      ]),
    ),
  ),
  "train/entropy": 0.6 + 0.2 * Math.cos(step / 90),
  "train/gradNorm": 2,
  "train/learningRate": 3e-4,
  "train/tokens": 1500,
  "generate/tokens": 4500,
})

const evaluated = (step: number): RunEvent.RunEvent => ({
  _tag: "Evaluated",
  at: at(step),
  step,
  seconds: 1,
  results: kinds.map((kind) => ({
    environment,
    suite: `${kind}-2`,
    kind,
    split: "dev",
    correct: 40 + (step % 50),
    badFormat: 0,
    total: 100,
    faults: 0,
    verdicts: "+".repeat(100),
    means: {},
  })),
})
