/** What SQL of a policy's can reach, how it ends, and that the next query finds everything as it was. */
import { Executor } from "@azr/core"
import { wasmtimeStatus } from "@azr/wasm-host"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { Database } from "../src/index.ts"

const setup = "CREATE TABLE t (a INTEGER, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, NULL), (3, 'z');"

/** Queries that must not succeed, and how they end. */
const refused: ReadonlyArray<readonly [what: string, query: string, kind: string]> = [
  ["a file as a database", "ATTACH 'file.db' AS other", "denied"],
  ["a copy to a file", "VACUUM INTO 'file.db'", "denied"],
  ["a setting", "PRAGMA table_info(t)", "denied"],
  ["a setting as a table", "SELECT * FROM pragma_compile_options", "denied"],
  ["an extension", "SELECT load_extension('lib')", "sql"],
  ["a file as a value", "SELECT readfile('file')", "sql"],
  ["a change of rows", "DELETE FROM t RETURNING a", "denied"],
  ["a new table", "CREATE TABLE u (a)", "denied"],
  ["two statements", "SELECT 1; SELECT 2", "denied"],
  ["no statement", "-- nothing", "denied"],
  ["the engine's own program", "EXPLAIN SELECT a FROM t", "denied"],
  ["no SQL", "SELEC a FROM t", "sql"],
  ["a text that takes a name's quotes", 'SELECT "x" FROM t', "sql"],
  [
    "a query without end",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "fuel",
  ],
  [
    "more memory than there is",
    "WITH RECURSIVE n(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM n) SELECT max(s) FROM n",
    "memory",
  ],
  ["a long result", "SELECT hex(zeroblob(60000))", "output"],
  ["bytes", "SELECT x'00ff'", "unrepresentable"],
  ["an integer that is no double", "SELECT 9007199254740993", "unrepresentable"],
  ["infinity", "SELECT 9e999", "unrepresentable"],
  ["an expression that nests too deep", `SELECT ${"(".repeat(3000)}1${")".repeat(3000)}`, "sql"],
]

const settings: Executor.ExecutorSettings = { host: "v8", workers: 1 }
const withDatabase = (host: Executor.ExecutorHostName) =>
  Effect.provide(
    Layer.provide(
      Layer.fresh(Database.layer),
      Layer.succeed(Executor.ExecutorSettings, { ...settings, host }),
    ),
  )

const rowsOf = Effect.fnUntraced(function* (query: string, conditions: Executor.Conditions = "reference") {
  return yield* (yield* Database).ask({ op: "query", setup, query }, conditions)
})

describe.each([
  ["v8", true],
  ["wasmtime", wasmtimeStatus().available],
] as const)("on %s", (host, available) => {
  it.live.skipIf(!available)("what a policy writes ends as it must, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const probe = "SELECT a, b, a / 2.0, random() % 1000 FROM t ORDER BY a"
      const before = yield* rowsOf(probe)
      assert.isTrue(Result.isSuccess(before))
      for (const [what, query, kind] of refused) {
        const outcome = yield* rowsOf(query)
        assert.strictEqual(Result.isFailure(outcome) ? outcome.failure.kind : "rows", kind, what)
        assert.deepStrictEqual(yield* rowsOf(probe), before, `after ${what}`)
      }
    }).pipe(withDatabase(host)),
  )

  it.live.skipIf(!available)(
    "clock, chance and the order of scans differ under other conditions, nothing else does",
    () =>
      Effect.gen(function* () {
        for (const query of ["SELECT random() % 1000", "SELECT datetime('now')", "SELECT b FROM t"]) {
          const reference = yield* rowsOf(query)
          assert.deepStrictEqual(yield* rowsOf(query), reference, query)
          assert.notDeepEqual(yield* rowsOf(query, "perturbed"), reference, query)
        }
        const sum = "SELECT b, sum(a) OVER (ORDER BY a) FROM t ORDER BY a DESC"
        assert.deepStrictEqual(yield* rowsOf(sum, "perturbed"), yield* rowsOf(sum))
        assert.deepStrictEqual(
          yield* rowsOf(sum),
          Result.succeed([
            ["z", 6],
            [null, 3],
            ["x", 1],
          ]),
        )
      }).pipe(withDatabase(host)),
  )
})
