/**
 * A run: seed the buffers, then steps with evaluations and checkpoints between them, and a test of what was gained.
 * Owns the order of things and the run folder; what is computed lives in the stages.
 */
import { Clock, Effect, Result, Schema } from "effect"
import type { OpenEnvironment } from "../Environment.ts"
import { MachineMeter, type MachineUse } from "../MachineMeter.ts"
import { Plugins, rulesOf } from "../Plugins.ts"
import { type Capabilities, PolicyEngine } from "../PolicyEngine.ts"
import { ConfigError, type RunConfig, nearest } from "../RunConfig.ts"
import { type RunEvent, type StepSeconds, type SuiteResult, accuracyOf } from "../RunEvent.ts"
import { type Checkpoint, RunStore, checkpointFolder } from "../RunStore.ts"
import { evaluate, suitesOf } from "./Evaluate.ts"
import { type Emit, seedBuffers } from "./Seed.ts"
import { LoopSnapshot, LoopState } from "./State.ts"
import { type StepResult, step } from "./Step.ts"
import { heldOutOf } from "./Validate.ts"

export interface RunOptions {
  readonly config: RunConfig
  readonly environments: ReadonlyArray<OpenEnvironment>
  /** The checkpoint to continue from, whose policy the engine has loaded; null starts anew. */
  readonly resume: Pick<Checkpoint, "manifest" | "state"> | null
  /** Versions of what computes, for the record. */
  readonly versions: Readonly<Record<string, string>>
  /** Told of every event after it is on disk. */
  readonly observe: (event: RunEvent) => Effect.Effect<void>
  /** Told what begins, where it may take a while; not part of the record. */
  readonly announce: (phase: Phase) => Effect.Effect<void>
  /** Asked after every step and every round of seeding; true ends the run with a checkpoint. */
  readonly stopRequested: Effect.Effect<boolean>
}

/** What a run is doing between events. */
export type Phase =
  | { readonly _tag: "Seeding"; readonly track: string; readonly tasks: number }
  | { readonly _tag: "Evaluating"; readonly split: "dev" | "test"; readonly step: number }

export interface RunOutcome {
  readonly status: "completed" | "interrupted"
  readonly step: number
  /** Held-out test results of the first and the last policy; null when the run was interrupted. */
  readonly test: {
    readonly before: ReadonlyArray<SuiteResult>
    readonly after: ReadonlyArray<SuiteResult>
  } | null
}

export const run = Effect.fn("Loop.run")(function* (options: RunOptions) {
  const { config, environments, resume } = options
  const { fresh, state } = yield* Effect.fromResult(
    prepare({ config, environments, resume: resume?.state ?? null }),
  )
  const engine = yield* PolicyEngine
  yield* Effect.fromResult(suits(config, engine.capabilities))
  yield* Effect.fromResult(rulesOf(config, yield* Plugins))
  const store = yield* RunStore
  const heldOut = heldOutOf(state.tracks)
  const meter = yield* MachineMeter.Current

  const emit = Effect.fnUntraced(function* (events: ReadonlyArray<RunEvent>) {
    yield* store.append(events)
    yield* Effect.forEach(events, options.observe, { discard: true })
  })

  // A step's seconds are counted from the end of the step before: what happens between them belongs to somebody, too.
  let stepBegan = yield* Clock.currentTimeMillis
  let evaluating = 0

  const assess = Effect.fnUntraced(function* (split: "dev" | "test", step: number) {
    if (suitesOf(state, split).length > 0) yield* options.announce({ _tag: "Evaluating", split, step })
    const began = yield* Clock.currentTimeMillis
    const results = yield* evaluate(state, split, split === "dev" ? config.evaluate.devTasks : null)
    const at = yield* Clock.currentTimeMillis
    const seconds = (at - began) / 1000
    evaluating += seconds
    yield* emit([{ _tag: "Evaluated", at, step, results, seconds }])
    return results
  })

  const secondsOf = Effect.fnUntraced(function* (spent: StepResult["seconds"]) {
    const now = yield* Clock.currentTimeMillis
    const total = (now - stepBegan) / 1000
    const known = spent.generate + spent.execute + spent.train + evaluating
    const seconds: StepSeconds = {
      ...spent,
      evaluate: evaluating,
      wait: Math.max(0, Math.round(1000 * (total - known)) / 1000),
      total,
    }
    stepBegan = now
    evaluating = 0
    return seconds
  })

  /** A scheduled checkpoint is in the log, one that a stop makes is not: the run that continues there is as if undisturbed. */
  const save = Effect.fnUntraced(function* (scheduled: boolean, results: ReadonlyArray<SuiteResult>) {
    const at = yield* Clock.currentTimeMillis
    const event: RunEvent = {
      _tag: "Checkpointed",
      at,
      step: state.completed,
      folder: checkpointFolder(state.completed),
    }
    // Logged first, so that a run that continues from here already has it; told when it is true.
    if (scheduled) yield* store.append([event])
    yield* store.checkpoint(
      {
        step: state.completed,
        policy: yield* engine.save,
        state: state.snapshot(),
        scheduled,
        score: accuracyOf(results),
      },
      config.checkpoint.keep,
    )
    if (!scheduled) yield* store.append([event])
    yield* options.observe(event)
    // A checkpoint that cannot be read may name anything: then nothing goes.
    yield* Effect.ignore(engine.retain(store.policies))
  })

  const end = Effect.fnUntraced(function* (status: "completed" | "interrupted" | "failed", message: string) {
    yield* emit([
      { _tag: "RunEnded", at: yield* Clock.currentTimeMillis, step: state.completed, status, message },
    ])
  })

  const interrupted = Effect.gen(function* () {
    yield* end("interrupted", "")
    return { status: "interrupted", step: state.completed, test: null } satisfies RunOutcome
  })

  const train = Effect.gen(function* () {
    if (fresh) {
      yield* emit([
        {
          _tag: "RunStarted",
          at: yield* Clock.currentTimeMillis,
          config,
          versions: options.versions,
          policy: engine.capabilities.description,
        },
      ])
    }
    if (state.seeding !== null) {
      const seeded = yield* seedBuffers(state, state.seeding, {
        heldOut,
        emit,
        announce: (track, tasks) => options.announce({ _tag: "Seeding", track: track.key, tasks }),
        stopRequested: options.stopRequested,
      })
      if (!seeded) {
        yield* save(false, [])
        return yield* interrupted
      }
      state.seeding = null
      stepBegan = yield* Clock.currentTimeMillis
      meter?.take()
      // The first checkpoint is what the final test compares with.
      yield* save(true, yield* assess("dev", 0))
    }
    // What was not the last step when it was saved may be it by now.
    const saved = resume?.manifest
    if (saved?.step === config.steps && saved.score === null && suitesOf(state, "dev").length > 0) {
      yield* save(true, yield* assess("dev", state.completed))
    }
    if (config.kl !== null) yield* engine.setReference(yield* store.policyAt(0))
    let stop = yield* options.stopRequested
    while (!stop && state.completed < config.steps) {
      const result = yield* step(state, heldOut)
      yield* record(result, yield* secondsOf(result.seconds), meter?.take() ?? null, emit)
      const evaluates = state.completed === config.steps || isDue(state.completed, config.evaluate.every)
      const scheduled = evaluates || isDue(state.completed, config.checkpoint.every)
      if (scheduled) yield* save(true, evaluates ? yield* assess("dev", state.completed) : [])
      stop = yield* options.stopRequested
      if (stop && !scheduled) yield* save(false, [])
    }
    if (stop || state.completed < config.steps) return yield* interrupted
    const after = yield* assess("test", state.completed)
    if (yield* options.stopRequested) return yield* interrupted
    yield* engine.load(yield* store.policyAt(0))
    const before = yield* assess("test", 0)
    yield* end("completed", "")
    return { status: "completed", step: state.completed, test: { before, after } } satisfies RunOutcome
  })

  return yield* train.pipe(Effect.tapError((error) => Effect.ignore(end("failed", error.message))))
})

/**
 * The state a run begins with. Everything that could refuse a run is looked at here, so that a caller can ask before
 * it creates or cuts anything. `resume` is the state of a checkpoint, null at the beginning.
 */
export const prepare = ({
  config,
  environments,
  resume,
}: Pick<RunOptions, "config" | "environments"> & { readonly resume: unknown }): Result.Result<
  { readonly state: LoopState; readonly fresh: boolean },
  ConfigError
> => {
  const problem = checkEnvironments(config, environments) ?? checkLearning(config)
  if (problem !== null) return Result.fail(new ConfigError({ message: problem }))
  if (resume === null)
    return Result.succeed({ state: new LoopState(config, environments, null), fresh: true })
  return Result.mapBoth(Schema.decodeUnknownResult(LoopSnapshot)(resume), {
    onSuccess: (snapshot) => ({ state: new LoopState(config, environments, snapshot), fresh: false }),
    onFailure: (error) =>
      new ConfigError({ message: `the checkpoint's state cannot be read: ${error.message}` }),
  })
}

/** Settings that name what an environment has to offer. */
const checkEnvironments = (
  config: RunConfig,
  environments: ReadonlyArray<OpenEnvironment>,
): string | null => {
  const ids = environments.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) return `environments: ${twice} is there twice`
  for (const { id, kinds, styles } of environments) {
    if (!styles.includes(config.promptStyle)) {
      return `promptStyle ${config.promptStyle}: environment ${id} has ${styles.join(", ")}`
    }
    const composes = Object.keys(config.kinds).some((kind) =>
      kinds.get(kind)?.composite?.styles.includes(config.promptStyle),
    )
    if (config.propose.composite !== null && !composes) {
      return `propose.composite: environment ${id} has no composite functions in promptStyle ${config.promptStyle} for ${Object.keys(config.kinds).join(", ")}; set it to null`
    }
  }
  return (
    unknownName(
      "kinds",
      Object.keys(config.kinds),
      environments.flatMap(({ kinds }) => [...kinds.keys()]),
    ) ??
    unknownName(
      "evaluate.suites",
      config.evaluate.suites,
      environments.flatMap(({ suites }) => suites.map(({ id }) => id)),
    ) ??
    environments
      .map((environment) => unproposable(config, environment))
      .find((problem) => problem !== null) ??
    null
  )
}

/** A kind whose proposals are made for given tasks, of kinds that the run does not have: it would propose nothing, and not say so. */
const unproposable = ({ kinds, propose }: RunConfig, environment: OpenEnvironment): string | null => {
  for (const [id, { proposals, proposedSeeds }] of Object.entries(kinds)) {
    const references = environment.kinds.get(id)?.references
    const proposes = proposedSeeds > 0 || (proposals > 0 && propose.steps !== 0)
    if (references?.given !== true || !proposes) continue
    if (references.from.some((from) => Object.hasOwn(kinds, from) && environment.kinds.has(from))) continue
    return `kinds.${id}: environment ${environment.id} proposes it for tasks of ${references.from.join(" or ")}, none of which is among the kinds; add one, or let it propose nothing (proposals=0, proposedSeeds=0)`
  }
  return null
}

const unknownName = (
  setting: string,
  names: ReadonlyArray<string>,
  offered: ReadonlyArray<string>,
): string | null => {
  const known = [...new Set(offered)]
  const missing = names.find((name) => !known.includes(name))
  return missing === undefined
    ? null
    : `${setting}: no environment of this run has ${missing}; did you mean ${nearest(missing, known)}? There are: ${known.join(", ")}`
}

/** Group baselines need several samples of one prompt. */
const groupEstimators: ReadonlySet<string> = new Set(["grpo", "groupBaseline", "drGrpo", "rloo"])

/** Settings that contradict each other, so that nothing could be learned. */
const checkLearning = ({
  advantage,
  buffer,
  estimate,
  kinds,
  kl,
  maxSeedRounds,
  loss,
  propose,
  reward,
  solve,
  update,
}: RunConfig): string | null => {
  if (update.staleness > 0 && loss._tag === "crossEntropy") {
    return `update.staleness ${update.staleness}: loss crossEntropy does not weigh by the ratio to the policy that sampled; use importanceSampling, ppo or cispo`
  }
  if (propose.train && groupEstimators.has(advantage.propose._tag)) {
    return `advantage.propose ${advantage.propose._tag} needs several responses to a prompt, proposals have one; use trrPlusPlus`
  }
  if (groupEstimators.has(advantage.solve._tag)) {
    if (solve.from !== "estimate" && solve.samples < 2) {
      return `advantage.solve ${advantage.solve._tag} needs several answers to a task: solve.samples of 2 or more, or use trrPlusPlus`
    }
    if (solve.from !== "buffer" && estimate.samples < 2)
      return `advantage.solve ${advantage.solve._tag} needs estimate.samples of 2 or more`
  }
  if (kl?.in === "loss" && kl.estimator === "k1") {
    return "kl.estimator k1 in the loss has a mean gradient of 0, and holds nothing back; use k2, or kl.in=reward"
  }
  if (buffer.admit === "zone" && reward.propose.zone === null) {
    return 'buffer.admit zone needs reward.propose.zone, e.g. {"low":0.25,"high":0.75}'
  }
  if (maxSeedRounds === 0 && Object.values(kinds).some(({ proposedSeeds }) => proposedSeeds > 0)) {
    return "kinds.*.proposedSeeds needs maxSeedRounds of 1 or more"
  }
  return solve.from !== "estimate" && Object.values(kinds).every((kind) => kind.solve === 0)
    ? `solve.from ${solve.from} draws no tasks: every kinds.*.solve is 0`
    : null
}

/** Whether an engine can honour the settings: what it cannot is refused before anything is computed. */
export const suits = (config: RunConfig, engine: Capabilities): Result.Result<void, ConfigError> => {
  const problem = checkEngine(config, engine)
  return problem === null ? Result.succeed(undefined) : Result.fail(new ConfigError({ message: problem }))
}

/** Settings that the engine does not have. */
const checkEngine = (
  { entropyBonus, kl, loss, optimizer, update }: RunConfig,
  engine: Capabilities,
): string | null => {
  const refuses = (setting: "gradClip" | "dualClip" | "kl") => engine.refuses?.includes(setting) === true
  if (!engine.losses.includes(loss._tag)) {
    return `loss ${loss._tag}: the engine ${engine.backend} has ${engine.losses.join(", ")}`
  }
  if (loss._tag === "ppo" && loss.dualClip !== null && refuses("dualClip")) {
    return `loss.dualClip: the engine ${engine.backend} has none; set it to null`
  }
  if (optimizer.gradClip !== null && refuses("gradClip")) {
    return `optimizer.gradClip: the engine ${engine.backend} does not clip gradients; set it to null`
  }
  if (update.staleness > 0 && !engine.samplesWhileLearning) {
    return `update.staleness ${update.staleness}: the engine ${engine.backend} cannot sample from the weights before an update while it learns; set it to 0`
  }
  if (entropyBonus > 0 && loss._tag === "crossEntropy" && !engine.regularizations.includes("entropy")) {
    return `entropyBonus: the engine ${engine.backend} has none of its own, and loss crossEntropy takes no advantages; set it to 0`
  }
  if (kl !== null && refuses("kl")) {
    return `kl: the engine ${engine.backend} holds no reference policy beside the one that it trains; set it to null`
  }
  return kl?.in === "loss" && !engine.regularizations.includes("kl")
    ? `kl.in loss: the engine ${engine.backend} cannot add it; use kl.in=reward`
    : null
}

const isDue = (step: number, every: number): boolean => every > 0 && step % every === 0

/** Writes a step down: its tasks, proposals, rollouts and metrics. */
const record = Effect.fnUntraced(function* (
  result: StepResult,
  seconds: StepSeconds,
  machine: MachineUse | null,
  emit: Emit,
) {
  const store = yield* RunStore
  const at = yield* Clock.currentTimeMillis
  yield* store.rollouts(result.step, result.rollouts)
  yield* store.metrics(result.step, result.metrics)
  yield* emit([
    ...result.tasks.map((task): RunEvent => ({ _tag: "TaskAdded", at, record: task })),
    ...result.proposals.map(({ environment, kind, reason, status, task }, rollout): RunEvent => ({
      _tag: "Proposed",
      at,
      step: result.step,
      environment,
      kind,
      status,
      reason,
      task,
      rollout,
    })),
    {
      _tag: "StepCompleted",
      at,
      step: result.step,
      metrics: result.metrics,
      seconds,
      ...(machine === null ? {} : { machine }),
    },
  ])
})
