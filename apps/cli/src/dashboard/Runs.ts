/** The runs of a folder, as the dashboard's contract wants them. Writes nothing; what is open is followed by `RunLog`. */
import { RunConfig, RunEvent, RunStore } from "@azr/core"
import {
  type Change,
  type LineageTask,
  NotStoppable,
  NotThere,
  type RolloutFilter,
  RunIndex,
  type RunState,
  type RunSummary,
  RunUnreadable,
  type RunView,
  type StopState,
  type StreamEvent,
  type TaskView,
} from "@azr/core/dashboard"
import { Clock, Context, Effect, FileSystem, Layer, Option, Path, Schema, Stream } from "effect"
import { shortName } from "../environmentNames.ts"
import { isOfProcessHere, runLockOwner } from "../RunLock.ts"
import { diskOf } from "../runOverview.ts"
import { listRuns } from "../runsFolder.ts"
import type { RolloutFiles } from "./RolloutFiles.ts"
import { RunLog } from "./RunLog.ts"

type Failure = NotThere | RunUnreadable

/** How often an open run's log is looked at, and how often a silent stream says that it is alive. */
const pollMilliseconds = 250
const heartbeatMilliseconds = 15_000
/** Logs that are followed at a time; of the others only the summary is kept. */
const mostOpen = 8
/** How long the size of a folder is taken for granted: a long run has thousands of files. */
const sizeMilliseconds = 30_000
const mostRelatives = 200
const mostAnswers = 64

export class Runs extends Context.Service<
  Runs,
  {
    readonly list: Effect.Effect<ReadonlyArray<RunSummary>>
    /** `keys` are those of the series; null is all. */
    readonly view: (run: string, keys: ReadonlyArray<string> | null) => Effect.Effect<RunView, Failure>
    readonly rollouts: (
      run: string,
      filter: RolloutFilter,
      offset: number,
      limit: number,
    ) => Effect.Effect<Effect.Success<ReturnType<RunLog["rollouts"]["page"]>>, Failure>
    readonly rollout: (
      run: string,
      step: number,
      index: number,
    ) => Effect.Effect<NonNullable<Effect.Success<ReturnType<RunLog["rollouts"]["one"]>>>, Failure>
    readonly task: (run: string, task: number) => Effect.Effect<TaskView, Failure>
    /** Asks the process that writes to a run to stop as Ctrl-C does: after its step, with a checkpoint. */
    readonly stop: (run: string) => Effect.Effect<{ readonly stop: StopState }, Failure | NotStoppable>
    readonly follow: (
      run: string,
      since: string | undefined,
    ) => Effect.Effect<Stream.Stream<StreamEvent>, Failure>
  }
>()("@azr/cli/dashboard/Runs") {
  static readonly layer = (directory: string) => Layer.effect(Runs, make(directory))
}

const make = Effect.fnUntraced(function* (directory: string) {
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const scope = yield* Effect.scope
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const opened = (yield* Clock.currentTimeMillis).toString(36)
  let openings = 0
  /** In order of use, the latest last. */
  const logs = new Map<string, RunLog>()
  const readingAhead = new WeakSet<RolloutFiles>()
  /** Tokens of the locks whose processes were asked to stop: a second Ctrl-C would end them at once. */
  const asked = new Set<string>()
  const summaries = new Map<string, { readonly stamp: string; readonly summary: RunSummary }>()
  const sizes = new Map<string, { readonly at: number; readonly bytes: number }>()

  const unreadable = (run: string) => (error: { readonly message: string }) =>
    new RunUnreadable({ message: `run ${run}: ${error.message}` })

  const folderOf = Effect.fnUntraced(function* (run: string) {
    const folder = path.join(directory, run)
    const isName = /^[^/\\\0]+$/u.test(run) && !run.startsWith(".")
    if (
      isName &&
      (yield* fs.exists(path.join(folder, "config.json")).pipe(Effect.orElseSucceed(() => false)))
    ) {
      return folder
    }
    logs.delete(run)
    return yield* new NotThere({ message: `no run ${JSON.stringify(run)}` })
  })

  /** The log of a run, up to date. */
  const logOf = Effect.fnUntraced(function* (run: string) {
    const folder = yield* folderOf(run)
    const log = logs.get(run) ?? new RunLog(folder, `${opened}-${openings++}`)
    logs.delete(run)
    logs.set(run, log)
    const [oldest] = logs.keys()
    if (logs.size > mostOpen && oldest !== undefined) logs.delete(oldest)
    yield* log.refresh.pipe(Effect.mapError(unreadable(run)))
    return log
  })

  const bytesOf = Effect.fnUntraced(function* (run: string) {
    const now = yield* Clock.currentTimeMillis
    const known = sizes.get(run)
    if (known !== undefined && now - known.at < sizeMilliseconds) return known.bytes
    const bytes = yield* diskOf(path.join(directory, run))
    sizes.set(run, { at: now, bytes })
    return bytes
  })

  const summaryOf = Effect.fnUntraced(function* (run: string, { index }: RunLog, held: boolean) {
    const config = yield* RunStore.readConfig(path.join(directory, run)).pipe(Effect.result)
    const read = config._tag === "Success" ? config.success : null
    const state =
      config._tag === "Success"
        ? index.state(held)
        : ({ state: "unreadable", message: `${config.failure.file}: ${config.failure.message}` } as const)
    return {
      id: run,
      ...state,
      preset: read?.preset ?? "",
      seed: read?.seed ?? 0,
      environments: (read?.environments ?? []).map((each) => shortName(RunConfig.environmentName(each))),
      step: index.step,
      steps: read?.steps ?? 0,
      startedAt: index.startedAt,
      updatedAt: index.updatedAt,
      bytes: yield* bytesOf(run),
      heldOut: index.heldOut,
    } satisfies RunSummary
  })

  /** A summary is made anew when the log has changed, or whether a process writes to it. */
  const summarize = Effect.fnUntraced(function* (run: string) {
    const folder = yield* folderOf(run)
    const info = yield* fs.stat(path.join(folder, RunStore.logFile)).pipe(Effect.option)
    const held = isHeld(folder)
    const stamp = Option.match(info, {
      onNone: () => `${held}`,
      onSome: ({ mtime, size }) =>
        `${held} ${Number(size)} ${Option.getOrElse(mtime, () => new Date(0)).getTime()}`,
    })
    const known = summaries.get(run)
    if (known?.stamp === stamp) return known.summary
    const log = logs.get(run) ?? new RunLog(folder, `${opened}-${openings++}`)
    // What may still grow stays open, so that the next look reads only what is new; and whoever opens one of few runs
    // finds it read.
    if (held || logs.size < mostOpen) logs.set(run, log)
    yield* log.refresh.pipe(Effect.mapError(unreadable(run)))
    const summary = yield* summaryOf(run, log, held)
    summaries.set(run, { stamp, summary })
    return summary
  })

  const taskAt = Effect.fnUntraced(function* (log: RunLog, place: RunStore.Place) {
    const line = yield* log.lineAt(place).pipe(Effect.flatMap(decodeEvent), Effect.option)
    return Option.isSome(line) && line.value._tag === "TaskAdded" ? line.value.record : null
  })

  const titled = Effect.fnUntraced(function* (log: RunLog, relatives: ReadonlyArray<RunIndex.Relative>) {
    return yield* Effect.forEach(
      relatives,
      Effect.fnUntraced(function* ({ id, kind, parents, place, step, successRate }) {
        const record = yield* taskAt(log, place)
        const title = record === null ? "" : RunIndex.titleOf(record.task)
        return { id, kind, step, successRate, parents, title } satisfies LineageTask
      }),
      { concurrency: 8 },
    )
  })

  const checkpointsOf = Effect.fnUntraced(function* (folder: string) {
    const manifests = yield* RunStore.listManifests(folder)
    return manifests.map(({ files, step }) => ({
      step,
      bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
    }))
  })

  /** Alerts of one rollout with its reason: what the rule saw. */
  const alertsOf = (log: RunLog) =>
    Effect.forEach(log.index.alerts, (alert) =>
      alert.rollout === null
        ? Effect.succeed(alert)
        : Effect.map(log.rollouts.one(alert.step, alert.rollout), (rollout) =>
            rollout === null
              ? alert
              : { ...alert, message: `${alert.message} ${rollout.reason.slice(0, 200)}` },
          ),
    )

  const stopStateOf = ({ index }: RunLog, owner: LockOwner): StopState => {
    const { state } = index.state(owner !== null)
    if (owner === null || (state !== "training" && state !== "seeding")) return "impossible"
    if (asked.has(owner.token)) return "asked"
    return isOfProcessHere(owner) ? "possible" : "impossible"
  }

  const stop = Effect.fn("Runs.stop")(function* (run: string) {
    const log = yield* logOf(run)
    const owner = runLockOwner(log.folder)
    const state = stopStateOf(log, owner)
    if (owner === null || state === "impossible") {
      return yield* new NotStoppable({ message: `no process of this machine trains run ${run}` })
    }
    if (state === "possible") {
      yield* Effect.try({
        try: () => {
          process.kill(owner.pid, "SIGINT")
          asked.add(owner.token)
        },
        catch: () => new NotStoppable({ message: `process ${owner.pid} is not ours to stop` }),
      })
    }
    return { stop: "asked" } as const
  })

  /** Whoever looks at a run may go on to its rollouts. */
  const readAhead = Effect.fnUntraced(function* ({ rollouts }: RunLog) {
    if (readingAhead.has(rollouts)) return
    readingAhead.add(rollouts)
    yield* Effect.forkIn(rollouts.read, scope)
  })

  const view = Effect.fn("Runs.view")(function* (run: string, keys: ReadonlyArray<string> | null) {
    const log = yield* logOf(run)
    const { index } = log
    const config = yield* RunStore.readConfig(log.folder).pipe(Effect.option)
    const hardest = yield* titled(log, index.hardest === null ? [] : [index.hardest])
    const owner = runLockOwner(log.folder)
    const summary = yield* summaryOf(run, log, owner !== null)
    const alerts = yield* alertsOf(log)
    yield* readAhead(log)
    return {
      summary,
      stop: stopStateOf(log, owner),
      policy: index.policy,
      versions: index.versions,
      kinds: Option.isSome(config) ? Object.keys(config.value.kinds) : [],
      steps: index.steps,
      series: index.series(keys),
      evaluations: index.evaluations,
      proposals: index.proposals,
      successRates: index.successRates,
      executors: index.executors,
      hardest: hardest[0] ?? null,
      alerts,
      checkpoints: yield* checkpointsOf(log.folder).pipe(Effect.orElseSucceed(() => [])),
      config: Option.isSome(config) ? encodeConfig(config.value) : null,
    } satisfies RunView
  })

  const task = Effect.fn("Runs.task")(function* (run: string, id: number) {
    const log = yield* logOf(run)
    const place = log.index.placeOf(id)
    const record = place === null ? null : yield* taskAt(log, place)
    if (record === null) return yield* new NotThere({ message: `run ${run} has no task ${id}` })
    // Loaded here: nothing else of the server needs the languages.
    const [{ environments }, { taskSource }] = yield* Effect.promise(() =>
      Promise.all([import("../environments.ts"), import("../taskSource.ts")]),
    )
    return {
      record,
      source: taskSource(environments, record.environment, record.task),
      lineage: yield* titled(log, log.index.lineage(id, mostRelatives)),
      answers: yield* log.rollouts.details({ task: id, role: "solve" }, mostAnswers),
    } satisfies TaskView
  })

  const follow = Effect.fn("Runs.follow")(function* (run: string, since: string | undefined) {
    yield* logOf(run)
    const changeOf = (log: RunLog, reset: boolean, state: RunState): StreamEvent => {
      const change: Change = { cursor: log.cursor, reset, step: log.index.step, state }
      return { event: "message", id: log.cursor, data: change }
    }
    const heartbeat: StreamEvent = { event: "heartbeat", data: "" }
    return Stream.paginate<Following, StreamEvent, never, FileSystem.FileSystem | Path.Path>(
      { cursor: since ?? "", state: null, silent: 0, first: true },
      Effect.fnUntraced(
        function* ({
          cursor,
          first,
          silent,
          state: before,
        }): Effect.fn.Return<Told, Failure, FileSystem.FileSystem | Path.Path> {
          if (!first) yield* Effect.sleep(pollMilliseconds)
          const log = yield* logOf(run)
          const { state } = log.index.state(isHeld(log.folder))
          // A process that is killed, or begins to go on with the run, changes no line of its log.
          if (log.cursor !== cursor || (before !== null && before !== state)) {
            const change = changeOf(log, !log.continues(cursor), state)
            return [[change], Option.some({ cursor: log.cursor, state, silent: 0, first: false })]
          }
          const due = first || silent >= heartbeatMilliseconds
          const next = { cursor, state, silent: due ? 0 : silent + pollMilliseconds, first: false }
          return [due ? [heartbeat] : [], Option.some(next)]
        },
        // The run is gone: so is what there was to follow. A new connection gets to know why.
        Effect.orElseSucceed((): Told => [[], Option.none()]),
      ),
    ).pipe(Stream.provideContext(services))
  })

  return Runs.of({
    list: listRuns(directory).pipe(
      Effect.flatMap((names) => Effect.forEach(names, (name) => Effect.option(summarize(name)))),
      Effect.map((runs) => runs.flatMap(Option.toArray)),
      Effect.provideContext(services),
    ),
    view: (run, keys) => view(run, keys).pipe(Effect.provideContext(services)),
    rollouts: (run, filter, offset, limit) =>
      logOf(run).pipe(
        Effect.flatMap(({ rollouts }) => rollouts.page(filter, offset, limit)),
        Effect.provideContext(services),
      ),
    rollout: Effect.fnUntraced(function* (run, step, index) {
      const { rollouts } = yield* logOf(run)
      const found = yield* rollouts.one(step, index)
      return found ?? (yield* new NotThere({ message: `run ${run} has no rollout ${index} in step ${step}` }))
    }, Effect.provideContext(services)),
    task: (run, id) => task(run, id).pipe(Effect.provideContext(services)),
    stop: (run) => stop(run).pipe(Effect.provideContext(services)),
    follow: (run, since) => follow(run, since).pipe(Effect.provideContext(services)),
  })
})

/** Where a stream stands: the cursor and the state that it has told, and how long it has been silent. */
interface Following {
  readonly cursor: string
  /** Null: the state that the client knows is not known. */
  readonly state: RunState | null
  readonly silent: number
  readonly first: boolean
}
type Told = readonly [ReadonlyArray<StreamEvent>, Option.Option<Following>]

type LockOwner = ReturnType<typeof runLockOwner>
const isHeld = (folder: string): boolean => runLockOwner(folder) !== null
const decodeEvent = Schema.decodeUnknownEffect(Schema.fromJsonString(RunEvent.RunEvent))
const encodeConfig = Schema.encodeSync(RunConfig.RunConfig)
