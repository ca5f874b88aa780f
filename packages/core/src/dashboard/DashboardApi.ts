/**
 * What a dashboard may ask about runs. Imports nothing but `effect`, so that a browser can: the types are those of the
 * JSON on the wire, `HttpApiClient.make(DashboardApi)` is a client of it, and any other reads `/api/openapi.json`.
 *
 * A page reads `GET /api/runs/:run` and draws; `GET /api/runs/:run/stream?since=CURSOR` says when to read again. Every
 * answer is a whole: a client that lost its connection, or whose run was cut by a resume, reads again and is right.
 */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ExecutorUse } from "../MachineMeter.ts"
import { Rollout } from "../RunEvent.ts"
import { TaskRecord } from "../TaskBuffer.ts"

/**
 * `crashed`: no process holds the run, and its log has no end. `newer`: a later version wrote events that this one
 * does not know. `unreadable`: there is a configuration or a line that cannot be read; `message` says which.
 */
export const RunState = Schema.Literals([
  "seeding",
  "training",
  "completed",
  "interrupted",
  "failed",
  "crashed",
  "newer",
  "unreadable",
])
export type RunState = typeof RunState.Type

export const RunSummary = Schema.Struct({
  /** Name of the run's folder. */
  id: Schema.String,
  state: RunState,
  message: Schema.String,
  preset: Schema.String,
  seed: Schema.Int,
  environments: Schema.Array(Schema.String),
  step: Schema.Int,
  steps: Schema.Int,
  /** Milliseconds since 1970; 0 before the first event. */
  startedAt: Schema.Finite,
  updatedAt: Schema.Finite,
  /** Size of the folder. */
  bytes: Schema.Finite,
  /** Share of the held-out dev tasks that were solved, over all suites, at each evaluation. */
  heldOut: Schema.Array(Schema.Finite),
})
export type RunSummary = typeof RunSummary.Type

export const SuitePoint = Schema.Struct({
  suite: Schema.String,
  kind: Schema.String,
  correct: Schema.Int,
  total: Schema.Int,
  badFormat: Schema.Int,
  /** Ends of the 95 % Wilson interval of correct / total, in [0, 1]. */
  low: Schema.Finite,
  high: Schema.Finite,
})
export type SuitePoint = typeof SuitePoint.Type

export const Evaluation = Schema.Struct({
  step: Schema.Int,
  split: Schema.Literals(["dev", "test"]),
  seconds: Schema.Finite,
  results: Schema.Array(SuitePoint),
})
export type Evaluation = typeof Evaluation.Type

export const ProposalCount = Schema.Struct({
  kind: Schema.String,
  status: Schema.String,
  reason: Schema.String,
  count: Schema.Int,
})
export type ProposalCount = typeof ProposalCount.Type

const { calls, lost, remembered, timeouts, workers } = ExecutorUse.fields
/** What the executor of a language did for all steps of the run that were measured; its workers are those of the latest. */
export const ExecutorTotal = Schema.Struct({
  executor: Schema.String,
  workers,
  calls,
  remembered,
  lost,
  timeouts,
})
export type ExecutorTotal = typeof ExecutorTotal.Type

/** A parameter with what the description of the interface says of it. */
const optionalText = (description: string) => Schema.optional(Schema.String.annotate({ description }))

const filter = {
  step: Schema.optional(Schema.Int),
  role: optionalText("propose or solve"),
  environment: Schema.optional(Schema.String),
  kind: Schema.optional(Schema.String),
  outcome: optionalText("a verdict or the status of a proposal"),
  /** The task answered or proposed. */
  task: Schema.optional(Schema.Int),
  q: optionalText("a text that occurs in the prompt, the response or the reason; case counts"),
}
export const RolloutFilter = Schema.Struct(filter)
export type RolloutFilter = typeof RolloutFilter.Type

export const AlertRule = Schema.Literals([
  "entropyCollapse",
  "duplicates",
  "zeroVariance",
  "validFalling",
  "executorFaults",
  "executorRestarts",
  "exploitAttempt",
  "evaluationFalling",
])
export type AlertRule = typeof AlertRule.Type

export const Alert = Schema.Struct({
  rule: AlertRule,
  severity: Schema.Literals(["info", "warning", "error"]),
  message: Schema.String,
  /** The step at which it began. */
  step: Schema.Int,
  /** The step at which it was over; null while it lasts. */
  until: Schema.NullOr(Schema.Int),
  /** Rollouts that show it. */
  evidence: Schema.NullOr(RolloutFilter),
  /** The one rollout of `step` that shows it best, by its index in the step. */
  rollout: Schema.NullOr(Schema.Int),
})
export type Alert = typeof Alert.Type

/** `columns[i][b]` tasks of step `steps[i]` (or of the steps up to it, where they are gathered) are in bin `b`. */
export const Histogram = Schema.Struct({
  steps: Schema.Array(Schema.Int),
  bins: Schema.Array(Schema.String),
  columns: Schema.Array(Schema.Array(Schema.Int)),
})
export type Histogram = typeof Histogram.Type

export const LineageTask = Schema.Struct({
  id: Schema.Int,
  kind: Schema.String,
  step: Schema.Int,
  successRate: Schema.NullOr(Schema.Finite),
  parents: Schema.Array(Schema.Int),
  /** The task in a line; written by a policy, so never to be trusted. */
  title: Schema.String,
})
export type LineageTask = typeof LineageTask.Type

/** Most points of a series. Longer runs are gathered: means of neighbouring steps, under the last of them. */
export const maxPoints = 1000

/** Whether a process of the server's machine trains the run, which can be asked to stop, or was asked. */
export const StopState = Schema.Literals(["impossible", "possible", "asked"])
export type StopState = typeof StopState.Type

export const RunView = Schema.Struct({
  summary: RunSummary,
  stop: StopState,
  policy: Schema.String,
  versions: Schema.Record(Schema.String, Schema.String),
  kinds: Schema.Array(Schema.String),
  /** At most `maxPoints`. */
  steps: Schema.Array(Schema.Int),
  /**
   * A value for each of `steps`, by metric key; besides those of the metrics registry `seconds/<activity>`, the wall-clock time
   * of a step, `refused/<kind>/<reason>`, proposals refused (a mean over steps that refused some), `diversity/<kind>/regions`, the share of its tasks whose
   * program shape was new to the run, and what the machine did: `machine/memoryBytes` and, of each executor, `executors/<name>/` with
   * `rate`, calls answered a second of the step, `inUse`, the share of its workers' time that calls took, `p50` and `p99` in milliseconds.
   */
  series: Schema.Record(Schema.String, Schema.Array(Schema.NullOr(Schema.Finite))),
  evaluations: Schema.Array(Evaluation),
  /** All proposals of the run by what became of them. */
  proposals: Schema.Array(ProposalCount),
  successRates: Histogram,
  /** Empty in logs of earlier versions. */
  executors: Schema.Array(ExecutorTotal),
  /** The task with the lowest success rate above 0. */
  hardest: Schema.NullOr(LineageTask),
  alerts: Schema.Array(Alert),
  checkpoints: Schema.Array(Schema.Struct({ step: Schema.Int, bytes: Schema.Finite })),
  config: Schema.Unknown,
})
export type RunView = typeof RunView.Type

export const RolloutRow = Schema.Struct({
  step: Schema.Int,
  /** Place in the step, from 0. */
  index: Schema.Int,
  role: Schema.Literals(["propose", "solve"]),
  environment: Schema.String,
  kind: Schema.String,
  task: Schema.NullOr(Schema.Int),
  outcome: Schema.String,
  reason: Schema.String,
  reward: Schema.NullOr(Schema.Finite),
  /** The first 400 characters. */
  response: Schema.String,
})
export type RolloutRow = typeof RolloutRow.Type

export const RolloutPage = Schema.Struct({
  total: Schema.Int,
  offset: Schema.Int,
  rows: Schema.Array(RolloutRow),
})
export type RolloutPage = typeof RolloutPage.Type

export const RolloutDetail = Schema.Struct({ ...Rollout.fields, index: Schema.Int })
export type RolloutDetail = typeof RolloutDetail.Type

/** A task that is a program, as text; `outputs` are exceptions for the kind `error`. */
export const TaskSource = Schema.Struct({
  /** How values are written: in the language of the environment, or canonically, where the server does not know the language. */
  notation: Schema.Literals(["language", "canonical"]),
  program: Schema.String,
  inputs: Schema.Array(Schema.String),
  outputs: Schema.Array(Schema.String),
  message: Schema.String,
})
export type TaskSource = typeof TaskSource.Type

export const TaskView = Schema.Struct({
  record: TaskRecord,
  /** Null for a task that is no program. */
  source: Schema.NullOr(TaskSource),
  /** The task, its ancestors and its descendants, nearest first, at most 200. */
  lineage: Schema.Array(LineageTask),
  /** Answers to it, at most 64. */
  answers: Schema.Array(RolloutDetail),
})
export type TaskView = typeof TaskView.Type

/** That a run changed, and how far its log has come. */
export const Change = Schema.Struct({
  /** To be given as `since` on the next connection. */
  cursor: Schema.String,
  /** Whether what was known before `cursor` may be wrong: the first connection, a resume, another server. */
  reset: Schema.Boolean,
  step: Schema.Int,
  state: RunState,
})
export type Change = typeof Change.Type

/** Server-sent events: `message` with a `Change`, and a `heartbeat` every 15 s in between. */
export const StreamEvent = Schema.Union([
  Schema.Struct({
    event: Schema.Literal("message"),
    id: Schema.String,
    data: Schema.fromJsonString(Change),
  }),
  Schema.Struct({ event: Schema.Literal("heartbeat"), data: Schema.String }),
])
export type StreamEvent = typeof StreamEvent.Type

/** There is no such run, step, rollout or task. */
export class NotThere extends Schema.TaggedError<NotThere>()(
  "NotThere",
  { message: Schema.String },
  { httpApiStatus: 404 },
) {}

/** A file of the run could not be read. */
export class RunUnreadable extends Schema.TaggedError<RunUnreadable>()(
  "RunUnreadable",
  { message: Schema.String },
  { httpApiStatus: 503 },
) {}

/** There is no process that could be asked. */
export class NotStoppable extends Schema.TaggedError<NotStoppable>()(
  "NotStoppable",
  { message: Schema.String },
  { httpApiStatus: 409 },
) {}

const error = [NotThere, RunUnreadable] as const
const run = Schema.String

export const runsGroup = HttpApiGroup.make("runs")
  .add(
    HttpApiEndpoint.get("list", "/runs", { success: Schema.Array(RunSummary) }).annotate(
      OpenApi.Description,
      "Every run of the folder, with its state and its held-out accuracy at each evaluation.",
    ),
    HttpApiEndpoint.get("view", "/runs/:run", {
      params: { run },
      query: { keys: optionalText("comma-separated metric keys of the series; all of them without") },
      success: RunView,
      error,
    }).annotate(
      OpenApi.Description,
      "One run: series of its metrics, evaluations, alerts, what became of its proposals, configuration.",
    ),
    HttpApiEndpoint.get("rollouts", "/runs/:run/rollouts", {
      params: { run },
      query: {
        ...filter,
        offset: Schema.optional(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
        limit: Schema.optional(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 500 }))),
      },
      success: RolloutPage,
      error,
    }).annotate(
      OpenApi.Description,
      "Rollouts in the order of the run, a page at a time; every filter that is given has to hold.",
    ),
    HttpApiEndpoint.get("rollout", "/runs/:run/rollouts/:step/:index", {
      params: { run, step: Schema.Int, index: Schema.Int },
      success: RolloutDetail,
      error,
    }).annotate(OpenApi.Description, "One rollout in full, by its step and its place in the step."),
    HttpApiEndpoint.get("task", "/runs/:run/tasks/:task", {
      params: { run, task: Schema.Int },
      success: TaskView,
      error,
    }).annotate(OpenApi.Description, "A task with its ancestors, its descendants and answers to it."),
    HttpApiEndpoint.post("stop", "/runs/:run/stop", {
      params: { run },
      headers: {
        "x-azr-token": Schema.optional(
          Schema.String.annotate({ description: "from the address that the command printed" }),
        ),
      },
      success: Schema.Struct({ stop: StopState }),
      error: [...error, NotStoppable],
    }).annotate(
      OpenApi.Description,
      "Asks the process that trains a run to stop as Ctrl-C in its terminal does: after its step, with a checkpoint from which azr resume goes on. Once, however often it is asked.",
    ),
    HttpApiEndpoint.get("stream", "/runs/:run/stream", {
      params: { run },
      query: { since: optionalText("the last cursor that the client was told") },
      success: HttpApiSchema.StreamSse({ events: StreamEvent }),
      error,
    }).annotate(
      OpenApi.Description,
      "Server-sent events: that the run changed and how far its log has come, so that a client knows when to read again.",
    ),
  )
  .prefix("/api")

export const DashboardApi = HttpApi.make("azr")
  .add(runsGroup)
  .annotateMerge(
    OpenApi.annotations({
      title: "Runs of azr",
      description:
        "Reads run folders; changes nothing, and can ask a run to stop. Texts of tasks, programs and answers are a policy's.",
    }),
  )
