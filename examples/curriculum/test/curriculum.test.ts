/**
 * A whole run of Python, Lua and SQL together on real executors, driven by a scripted policy: the embedded nano policy reads none of
 * these prompts.
 */
import lua from "@azr-examples/env-lua"
import sql from "@azr-examples/env-sql"
import { Environment, Loop, RunConfig, RunEvent, RunStore } from "@azr/core"
import python from "@azr/env-python-wasm"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Result } from "effect"
import file from "../azr.config.ts"
import { player } from "./player.ts"

const small = { proposals: 4, tasks: 2, solve: 0, seeds: 1, proposedSeeds: 0 }
const config = Result.getOrThrow(
  RunConfig.withSettings(Result.getOrThrow(RunConfig.resolve(file)), [
    ...["deduction", "abduction", "induction", "result", "query"].flatMap((kind) =>
      Object.entries(small).map(([name, value]) => `kinds.${kind}.${name}=${value}`),
    ),
    "steps=3",
    "seed=2",
    "estimate.samples=4",
    "solve.from=estimate",
    "policy.backend=scripted",
    "checkpoint.every=0",
    "evaluate.every=0",
  ]),
)
const kindsOf = {
  python: ["deduction", "abduction", "induction"],
  lua: ["deduction", "abduction", "induction"],
  sql: ["result", "query"],
} as const
const tracks = Object.entries(kindsOf).flatMap(([id, kinds]) => kinds.map((kind) => `${id}/${kind}`))

const play = Effect.fnUntraced(function* (folder: string, settings = config) {
  const events: Array<RunEvent.RunEvent> = []
  const outcome = yield* Loop.run({
    config: settings,
    environments: [
      yield* Environment.open(python),
      yield* Environment.open(lua),
      yield* Environment.open(sql),
    ],
    resume: null,
    versions: {},
    observe: (event) => Effect.sync(() => events.push(event)),
    announce: () => Effect.void,
    stopRequested: Effect.succeed(false),
  }).pipe(Effect.provide(Layer.merge(RunStore.RunStore.layerNew(folder, settings), player)))
  return { events, outcome }
}, Effect.scoped)

describe("a curriculum of three environments", { timeout: 180_000 }, () => {
  it.live("keeps buffers, advantages and metrics apart, and is one run", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = `${yield* fs.makeTempDirectoryScoped()}/run`
      const { events, outcome } = yield* play(folder)
      assert.strictEqual(outcome.status, "completed")

      // Every environment began with its own seed and got tasks of the policy's making, descended from its own alone.
      const seeded = events.flatMap((event) =>
        event._tag === "Seeded" ? [`${event.environment}/${event.kind}`] : [],
      )
      assert.deepStrictEqual(seeded, tracks)
      const records = events.flatMap((event) => (event._tag === "TaskAdded" ? [event.record] : []))
      const homes = new Map(records.map(({ environment, id }) => [id, environment]))
      for (const track of tracks) {
        const own = records.filter(({ environment, kind }) => `${environment}/${kind}` === track)
        assert.isAbove(own.filter(({ origin }) => origin === "proposed").length, 2, track)
        for (const { environment, parents } of own) {
          for (const parent of parents) assert.strictEqual(homes.get(parent), environment)
        }
      }

      // A step says what became of each kind, in all and in each environment.
      const steps = events.flatMap((event) => (event._tag === "StepCompleted" ? [event.metrics] : []))
      assert.lengthOf(steps, 3)
      for (const metrics of steps) {
        for (const [id, kinds] of Object.entries(kindsOf)) {
          for (const kind of kinds) {
            assert.isAbove(metrics[`solve/${id}:${kind}/correct`] ?? 0, 0, `${id}:${kind}`)
            assert.strictEqual(metrics[`propose/${id}:${kind}/proposals`], 4)
          }
        }
        assert.strictEqual(metrics["propose/deduction/proposals"], 8)
        const size = (key: string) => metrics[`buffer/${key}/size`] ?? Number.NaN
        assert.strictEqual(size("deduction"), size("python:deduction") + size("lua:deduction"))
        assert.strictEqual(size("query"), size("sql:query"))
        assert.isAbove(metrics["train/sequences"] ?? 0, 20)
      }

      const slips = Object.keys(kindsOf).filter((id) =>
        records.some(
          ({ environment, successRate }) => environment === id && successRate !== null && successRate < 1,
        ),
      )
      assert.deepStrictEqual(slips, Object.keys(kindsOf))

      // Rollouts are told apart, too: what the dashboard filters by.
      const lines = (yield* fs.readFileString(`${folder}/rollouts/step-000003.jsonl`)).trimEnd().split("\n")
      const cells = lines.map(
        (line) => JSON.parse(line) as { role: string; environment: string; kind: string },
      )
      assert.deepStrictEqual(
        [...new Set(cells.map(({ environment, kind, role }) => `${role} ${environment}/${kind}`))].toSorted(),
        ["propose", "solve"].flatMap((role) => tracks.map((track) => `${role} ${track}`)).toSorted(),
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
  )

  it.live("is the same run again with one worker", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const timeless = (events: ReadonlyArray<RunEvent.RunEvent>) =>
        events
          .filter(({ _tag }) => _tag !== "RunStarted")
          .map((event) =>
            JSON.stringify(event, (key, value: unknown) =>
              RunEvent.timeFields.includes(key) ? undefined : value,
            ),
          )
      const short = { ...config, steps: 1 }
      const both = [
        yield* play(`${folder}/one`, short),
        yield* play(`${folder}/two`, { ...short, executor: { host: "v8", workers: 1 } }),
      ]
      const [one, two] = both.map(({ events }) => timeless(events))
      assert.isAbove(one?.length ?? 0, 40)
      assert.deepStrictEqual(two, one)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
  )
})
