/** Runs SQL that a policy wrote: SQLite in an import-free WebAssembly component, a clean instance and database for every query. */
import { Executor } from "@azr/core"
import { ExecutorHost, loadComponent } from "@azr/wasm-host"
import { Context, Effect, Layer, Result, Schema } from "effect"

/** A row has a cell for each column. Numbers are integers of at most 53 bits, or doubles. */
export const Rows = Schema.Array(Schema.Array(Schema.Union([Schema.Null, Schema.Finite, Schema.String])))
export type Rows = typeof Rows.Type

/** Why there are no rows: `sql`, `denied`, `output`, `unrepresentable`, `fuel`, `memory`, `stack` or `trap`. */
export interface Failure {
  readonly kind: string
  readonly message: string
}

const Response = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ ok: Rows }),
    Schema.Struct({ fail: Schema.Struct({ kind: Schema.String, message: Schema.String }) }),
  ]),
)
const decode = Schema.decodeUnknownResult(Response)

/** A tenth of what a program may use: a query over a few rows is done with less than a thousandth. */
const fuel = Executor.defaultLimits.fuel / 10
const entropy: Readonly<Record<Executor.Conditions, number>> = { reference: 0, perturbed: 0x5eed }

export class Database extends Context.Service<
  Database,
  {
    /** Runs one statement on the database that `setup` makes. `perturbed`: another clock, chance and order of scans. */
    readonly query: (
      setup: string,
      query: string,
      conditions: Executor.Conditions,
    ) => Effect.Effect<Result.Result<Rows, Failure>, Executor.ExecutorError>
  }
>()("@azr-examples/env-sql/Database") {
  static readonly layer = Layer.effect(
    Database,
    Effect.gen(function* () {
      const host = yield* ExecutorHost
      const { workers } = yield* Executor.ExecutorSettings
      const artifacts = new URL("../artifacts/", import.meta.url)
      const component = yield* loadComponent({ id: "sql", artifacts, images: ["a"], warmUp: [] })
      const pool = yield* host.open(component, { workers })
      const { outputBytes } = Executor.defaultLimits
      return Database.of({
        query: Effect.fn("Database.query")(function* (setup, query, conditions) {
          const request = { op: "query", setup, query, entropy: entropy[conditions], outputBytes }
          const answer = yield* pool.run({ image: "a", fuel, request: JSON.stringify(request) })
          if (answer.response === null) {
            const kind = answer.trap ?? "trap"
            return Result.fail({ kind, message: `it ended by ${kind}` })
          }
          const response = decode(answer.response)
          if (Result.isFailure(response))
            return Result.fail({ kind: "unrepresentable", message: "no rows can be read" })
          const { success } = response
          return "ok" in success ? Result.succeed(success.ok) : Result.fail(success.fail)
        }),
      })
    }),
  ).pipe(Layer.provide(ExecutorHost.configured))
}
