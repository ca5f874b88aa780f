/** The languages that are measured and stressed, and how a host of their components is chosen by name. */
import { Executor, type Value } from "@azr/core"
import type { LanguageEnvironment } from "@azr/core/language"
import javascript, { JavaScriptExecutor } from "@azr/env-js"
import python, { PythonExecutor } from "@azr/env-python-wasm"
import {
  type Call,
  type CallResult,
  ExecutorHost,
  type ExecutorPool,
  type LanguageExecutor,
} from "@azr/wasm-host"
import { Context, Effect, Layer, type Scope } from "effect"

export const languageIds = ["python", "javascript"] as const
export type LanguageId = (typeof languageIds)[number]

export interface MeasuredLanguage {
  readonly environment: LanguageEnvironment
  readonly executor: LanguageExecutor
  /** Typical tasks that ship with this package: corpus rows, as JSON lines. */
  readonly rows: URL
}

const data = new URL("../../data/", import.meta.url)

export const languages: Readonly<Record<LanguageId, MeasuredLanguage>> = {
  python: { environment: python, executor: PythonExecutor, rows: new URL("python-tasks.jsonl", data) },
  javascript: {
    environment: javascript,
    executor: JavaScriptExecutor,
    rows: new URL("javascript-tasks.jsonl", data),
  },
}

/** A language on a host without the memory of answers, which is what measuring and stressing must not meet. */
export interface DirectExecutor {
  readonly pool: ExecutorPool
  readonly call: (request: DirectRequest) => Call
  readonly outcome: (result: CallResult) => Executor.Outcome
  readonly run: (request: DirectRequest) => Effect.Effect<Executor.Outcome, Executor.ExecutorError>
}

export interface DirectRequest {
  readonly program: string
  readonly arguments: ReadonlyArray<Value.Value>
  /** Limit of work; the default of every executor when left out. */
  readonly fuel?: number
  /** `reference` when left out. */
  readonly conditions?: Executor.Conditions
}

export const openDirect = Effect.fn("openDirect")(function* (
  id: LanguageId,
  host: Executor.ExecutorHostName,
  workers: number | null,
): Effect.fn.Return<DirectExecutor, Executor.ExecutorUnavailable, Scope.Scope> {
  const { environment, executor } = languages[id]
  const { entry } = environment.language
  const services = yield* Layer.build(ExecutorHost[host])
  const component = yield* executor.component
  const pool = yield* Context.get(services, ExecutorHost).open(component, { workers })
  const call: DirectExecutor["call"] = ({ arguments: values, conditions = "reference", fuel, program }) =>
    executor.runCall({
      program,
      entry,
      arguments: values,
      limits: { ...Executor.defaultLimits, ...(fuel === undefined ? {} : { fuel }) },
      conditions,
    })
  const outcome: DirectExecutor["outcome"] = (result) => executor.runOutcome(result, Executor.defaultLimits)
  return { pool, call, outcome, run: (request) => Effect.map(pool.run(call(request)), outcome) }
})
