/** The interface through its typed client, in memory: the real handlers on a run folder that the real store wrote. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { NodeHttpServer, NodeServices } from "@effect/platform-node"
import { RunConfig, RunStore } from "@azr/core"
import { DashboardApi } from "@azr/core/dashboard"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, type Scope, Stream } from "effect"
import { HttpApiTest } from "effect/http-api"
import { writeSteps, writeSyntheticRun } from "../../src/bench/dashboard/syntheticRun.ts"
import { handlers } from "../../src/dashboard/server.ts"
import { Runs } from "../../src/dashboard/Runs.ts"

const client = HttpApiTest.groups(DashboardApi, ["runs"])
const steps = 6
const rollouts = 24

/** A client of a server on a folder with one run. */
const served = <A, E>(
  use: (
    runs: Effect.Success<typeof client>["runs"],
    folder: string,
  ) => Effect.Effect<A, E, NodeServices.NodeServices | Scope.Scope>,
) =>
  Effect.gen(function* () {
    const directory = mkdtempSync(join(tmpdir(), "azr-dashboard-"))
    const folder = join(directory, "one")
    yield* writeSyntheticRun({ folder, steps, rollouts })
    const live = handlers.pipe(
      Layer.provide(Runs.layer(directory)),
      Layer.provideMerge(NodeHttpServer.layerHttpServices),
    )
    yield* client.pipe(
      Effect.flatMap(({ runs }) => use(runs, folder)),
      Effect.provide(live),
      Effect.scoped,
    )
    rmSync(directory, { recursive: true })
  }).pipe(Effect.provide(NodeServices.layer))

const params = { run: "one" }

describe("the dashboard's interface", () => {
  it.live("shows a run: summary, series, evaluations, proposals, tasks", () =>
    served((runs) =>
      Effect.gen(function* () {
        const [summary] = yield* runs.list()
        assert.strictEqual(summary?.id, "one")
        assert.strictEqual(summary?.state, "completed")
        assert.strictEqual(summary?.step, steps)
        const view = yield* runs.view({ params, query: {} })
        assert.deepStrictEqual(view.steps, [1, 2, 3, 4, 5, 6])
        assert.deepStrictEqual(view.series["seconds/execute"], [0.2, 0.2, 0.2, 0.2, 0.2, 0.2])
        assert.deepStrictEqual(
          view.checkpoints.map(({ step }) => step),
          [3, 6],
        )
        // Of three proposals a step each is accepted: the fourth and fifth places are the first to be refused.
        assert.strictEqual(
          view.proposals.reduce((sum, { count }) => sum + count, 0),
          (steps * rollouts) / 8,
        )
        const one = yield* runs.view({ params, query: { keys: "train/entropy" } })
        assert.deepStrictEqual(Object.keys(one.series), ["train/entropy"])
        const task = yield* runs.task({ params: { ...params, task: 4 } })
        assert.deepStrictEqual(task.record.parents, [1])
        assert.strictEqual(task.source?.program, (task.record.task as { readonly program: string }).program)
        assert.deepStrictEqual(task.source?.inputs, ["[0, 2]"])
        assert.includeMembers(
          task.lineage.map(({ id }) => id),
          [1, 4, 7],
        )
        assert.isTrue(task.answers.length > 0 && task.answers.every((answer) => answer.task === 4))
      }),
    ),
  )

  it.live("pages and filters rollouts; text that looks like a field changes nothing", () =>
    served((runs, folder) =>
      Effect.gen(function* () {
        const all = yield* runs.rollouts({ params, query: {} })
        assert.strictEqual(all.total, steps * rollouts)
        assert.strictEqual(all.rows.length, 100)
        const lines = readFileSync(join(folder, "rollouts/step-000004.jsonl"), "utf8").trimEnd().split("\n")
        const wrong = lines.flatMap((line, index) =>
          (JSON.parse(line) as { outcome: string }).outcome === "wrong" ? [index] : [],
        )
        const filtered = yield* runs.rollouts({ params, query: { step: 4, outcome: "wrong" } })
        assert.deepStrictEqual(
          filtered.rows.map(({ index }) => index),
          wrong,
        )
        const second = yield* runs.rollouts({
          params,
          query: { step: 4, outcome: "wrong", offset: 2, limit: 3 },
        })
        assert.deepStrictEqual(second.rows, filtered.rows.slice(2, 5))
        const found = yield* runs.rollouts({ params, query: { q: "[3,7]" } })
        assert.deepStrictEqual(
          found.rows.map(({ index, step }) => [step, index]),
          [[3, 7]],
        )
        const detail = yield* runs.rollout({ params: { ...params, step: 3, index: 7 } })
        assert.include(detail.response, '"quoted", \\ and')
      }),
    ),
  )

  it.live("says what is not there", () =>
    served((runs) =>
      Effect.gen(function* () {
        for (const run of ["two", "..one", "../one", ".hidden", "one/../one"]) {
          const error = yield* Effect.flip(runs.view({ params: { run }, query: {} }))
          assert.oneOf((error as { _tag: string })._tag, ["NotThere", "HttpClientError"], run)
        }
        for (const [step, index] of [
          [3, 99],
          [99, 0],
          [3, -1],
        ] as const) {
          const error = yield* Effect.flip(runs.rollout({ params: { ...params, step, index } }))
          assert.strictEqual(error._tag, "NotThere")
        }
        assert.strictEqual(
          (yield* Effect.flip(runs.task({ params: { ...params, task: 9999 } })))._tag,
          "NotThere",
        )
      }),
    ),
  )

  it.live("waits for the end of a torn line, and forgets what a resume cut off", () =>
    served((runs, folder) =>
      Effect.gen(function* () {
        const log = join(folder, "events.jsonl")
        const whole = readFileSync(log)
        const end = whole.lastIndexOf("\n", whole.length - 2) + 1
        truncateSync(log, end + 20)
        assert.strictEqual((yield* runs.view({ params, query: {} })).summary.step, steps)
        appendFileSync(log, whole.subarray(end + 20))
        assert.strictEqual((yield* runs.view({ params, query: {} })).summary.state, "completed")

        const cursors = (since: string | undefined) =>
          Effect.gen(function* () {
            const stream = yield* runs.stream({ params, query: { since } })
            const events = yield* stream.pipe(Stream.take(1), Stream.runCollect)
            return [...events]
          })
        const [first] = yield* cursors(undefined)
        assert.isTrue(first?.event === "message" && first.data.reset)
        const cursor = first?.event === "message" ? first.data.cursor : ""
        // Nothing happened since: the stream says that it is alive and nothing else.
        assert.deepStrictEqual(yield* cursors(cursor), [{ event: "heartbeat", data: "" }])

        // A resume from step 3 that has already gone beyond where the log once ended.
        const { manifest } = yield* RunStore.readCheckpoint(folder, 3)
        const config = { ...RunConfig.presets["nano"], steps: 9 } as RunConfig.RunConfig
        yield* Effect.provide(writeSteps(config, 4, 9, 8), RunStore.RunStore.layerResume(folder, manifest))
        const [after] = yield* cursors(cursor)
        assert.isTrue(after?.event === "message" && after.data.reset && after.data.step === 9)
        const view = yield* runs.view({ params, query: {} })
        assert.strictEqual(view.steps.length, 9)
        assert.strictEqual((yield* runs.rollouts({ params, query: {} })).total, 3 * rollouts + 6 * 8)

        // An ordinary continuation is none.
        const now = after?.event === "message" ? after.data.cursor : ""
        appendFileSync(log, '{"_tag":"Checkpointed","at":1700000010000,"step":9,"folder":"x"}\n')
        const [grown] = yield* cursors(now)
        assert.isTrue(grown?.event === "message" && !grown.data.reset)
      }),
    ),
  )

  it.live("takes a run for crashed when its process is gone, however long its log is silent", () =>
    served((runs, folder) =>
      Effect.gen(function* () {
        const log = join(folder, "events.jsonl")
        const whole = readFileSync(log)
        truncateSync(log, whole.lastIndexOf("\n", whole.length - 2) + 1)
        const state = Effect.map(runs.list(), ([summary]) => summary?.state)
        assert.strictEqual(yield* state, "crashed")

        const holder = join(import.meta.dirname, "../fixtures/holder.ts")
        const owner = spawn(process.execPath, ["--conditions=@azr/source", holder, folder], {
          stdio: ["pipe", "pipe", "inherit"],
        })
        yield* Effect.addFinalizer(() => Effect.sync(() => owner.kill("SIGKILL")))
        owner.stdin.write("go\n")
        const said = yield* Effect.promise(() => once(owner.stdout.setEncoding("utf8"), "data"))
        assert.deepStrictEqual(said, ["held\n"])
        // Its last event is years old.
        assert.strictEqual(yield* state, "training")
        assert.strictEqual((yield* runs.view({ params, query: {} })).summary.state, "training")

        // Nothing is written when it dies: the stream tells nevertheless.
        const stream = yield* runs.stream({ params, query: {} })
        const told = yield* stream.pipe(
          Stream.filter(({ event }) => event === "message"),
          Stream.tap(() => Effect.sync(() => owner.kill("SIGKILL"))),
          Stream.take(2),
          Stream.runCollect,
        )
        assert.deepStrictEqual(
          told.map((event) => (event.event === "message" ? [event.data.state, event.data.reset] : [])),
          [
            ["training", true],
            ["crashed", false],
          ],
        )
        assert.strictEqual(yield* state, "crashed")
        assert.strictEqual((yield* runs.view({ params, query: {} })).summary.state, "crashed")
      }),
    ),
  )

  it.live("asks the process that holds a run to stop, once, and nobody else", () =>
    served((runs, folder) =>
      Effect.gen(function* () {
        const log = join(folder, "events.jsonl")
        const whole = readFileSync(log)
        truncateSync(log, whole.lastIndexOf("\n", whole.length - 2) + 1)
        const lock = join(folder, "run.lock")
        const view = Effect.map(runs.view({ params, query: {} }), ({ stop }) => stop)
        const stop = runs.stop({ params, headers: {} })
        // It counts the signals that it gets, and lives on until it is told to say how many.
        const trainer = spawn(process.execPath, [
          "-e",
          "let n = 0; process.on('SIGINT', () => console.log(++n)); process.on('SIGTERM', () => (console.log('in all', n), process.exit())); setInterval(() => {}, 1e6); console.log('ready')",
        ])
        yield* Effect.addFinalizer(() => Effect.sync(() => trainer.kill("SIGKILL")))
        const lines = createInterface({ input: trainer.stdout })[Symbol.asyncIterator]()
        const hears = Effect.promise(() => lines.next().then(({ value }) => value as string))
        assert.strictEqual(yield* hears, "ready")
        const pid = trainer.pid ?? 0
        const stat = process.platform === "linux" ? readFileSync(`/proc/${pid}/stat`, "utf8") : ""
        const began = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
        const hold = (owner: object) =>
          writeFileSync(lock, JSON.stringify({ pid, host: hostname(), began, token: "t", ...owner }))

        // Nobody, another machine's, and locks that a foreign hand made: of all processes, of a group, of a pid that is in use.
        const forged = [
          { host: "elsewhere" },
          { pid: -1 },
          { pid: 0 },
          { pid: 1 },
          ...(began === "" ? [] : [{ began: "" }]),
        ]
        for (const owner of [null, ...forged]) {
          if (owner !== null) hold(owner)
          assert.strictEqual(yield* view, "impossible", JSON.stringify(owner))
          assert.strictEqual((yield* Effect.flip(stop))._tag, "NotStoppable", JSON.stringify(owner))
        }
        hold({})
        assert.strictEqual(yield* view, "possible")
        assert.deepStrictEqual(yield* stop, { stop: "asked" })
        assert.strictEqual(yield* hears, "1")
        assert.deepStrictEqual(yield* stop, { stop: "asked" })
        assert.strictEqual(yield* view, "asked")
        // Whoever goes on with the run is another.
        hold({ token: "u" })
        assert.strictEqual(yield* view, "possible")
        yield* stop
        assert.strictEqual(yield* hears, "2")
        trainer.kill("SIGTERM")
        assert.strictEqual(yield* hears, "in all 2")
      }),
    ),
  )

  it.live("ends a stream, and says not there, when the run is deleted", () =>
    served((runs, folder) =>
      Effect.gen(function* () {
        const stream = yield* runs.stream({ params, query: {} })
        const rest = yield* stream.pipe(
          Stream.tap(() => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))),
          Stream.runCollect,
        )
        assert.strictEqual(rest.length, 1)
        assert.deepStrictEqual(yield* runs.list(), [])
      }),
    ),
  )

  it.live("lists a run whose configuration is broken, and goes on with the others", () =>
    served((runs, folder) =>
      Effect.gen(function* () {
        writeFileSync(join(folder, "config.json"), "{")
        const [summary] = yield* runs.list()
        assert.strictEqual(summary?.state, "unreadable")
        assert.include(summary?.message ?? "", "config.json")
      }),
    ),
  )
})
