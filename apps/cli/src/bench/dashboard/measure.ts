/** What `azr bench dashboard` measures: a server of its own on a synthetic run, asked over HTTP as a page asks it. */
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { RolloutPage } from "@azr/core/dashboard"
import { Effect, FileSystem, Path, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "effect/http"
import { startLineProcess } from "../../LineProcess.ts"
import { diskOf } from "../../runOverview.ts"
import { median } from "../statistics.ts"
import { writeSyntheticRun } from "./syntheticRun.ts"

export interface DashboardPlan {
  readonly steps: number
  /** Of the whole run. */
  readonly rollouts: number
  /** Requests of which a warm time is the median. */
  readonly rounds: number
  readonly say: (line: string) => Effect.Effect<void>
}

/** Milliseconds: of the first request of its kind to a new server, and the median of more of the same. */
interface Times {
  readonly cold: number
  readonly warm: number
}

export interface DashboardReport {
  readonly steps: number
  readonly rollouts: number
  readonly bytesOnDisk: number
  /** Process start to the first answer, which needs no run. */
  readonly startMs: number
  /** What the list of runs reads. */
  readonly listMs: Times
  /** What the Overview reads. */
  readonly overviewMs: Times
  /** CPU time from the server's start to the end of the first overview: on a busy machine what is left of its time. */
  readonly overviewCpuMs: number
  readonly overviewBytes: number
  /** A page of 100 rollouts; the first one of a server is the one at the start. */
  readonly rolloutsMs: Readonly<Record<"start" | "middle" | "end" | "filtered", Times>>
  /** Resident memory of the server after all that, and the most it ever was. */
  readonly memoryBytes: number
  readonly peakMemoryBytes: number
  readonly node: string
  readonly cores: number
}

const cellScript = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./cell.ts" : "./cell.js", import.meta.url),
)
const Greeting = Schema.Struct({ url: Schema.String })
const Usage = Schema.Struct({ cpuMs: Schema.Finite, bytes: Schema.Finite, peakBytes: Schema.Finite })
const run = "synthetic"
const pageLength = 100

export const measureDashboard = Effect.fn("measureDashboard")(
  function* ({ rollouts, rounds, say, steps }: DashboardPlan) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const client = yield* HttpClient.HttpClient
    const runsDir = yield* fs.makeTempDirectoryScoped({ prefix: "azr-bench-" })
    const folder = path.join(runsDir, run)
    const each = Math.round(rollouts / steps)
    yield* say(`writing a run of ${steps} steps with ${each} rollouts each …`)
    yield* writeSyntheticRun({ folder, steps, rollouts: each })
    const bytesOnDisk = yield* diskOf(folder)
    yield* say("asking the server …")

    const started = performance.now()
    const server = yield* startLineProcess("the dashboard", process.execPath, [
      ...process.execArgv,
      cellScript,
      runsDir,
    ])
    const { url } = yield* server.ask(Greeting)
    const ask = (address: string) =>
      client.get(url + address).pipe(
        Effect.flatMap(HttpClientResponse.filterStatusOk),
        Effect.flatMap(({ text }) => text),
      )
    const timed = Effect.fnUntraced(function* (address: string) {
      const start = performance.now()
      const text = yield* ask(address)
      return { text, milliseconds: performance.now() - start }
    })
    const times = Effect.fnUntraced(function* (address: string) {
      const { milliseconds: cold, text } = yield* timed(address)
      const more = yield* Effect.replicateEffect(timed(address), rounds)
      const warm = median(more.map(({ milliseconds }) => milliseconds))
      return { text, times: { cold, warm } satisfies Times }
    })
    const pageAt = Effect.fnUntraced(function* (offset: number, filter: string) {
      const { text, times: taken } = yield* times(
        `/api/runs/${run}/rollouts?offset=${offset}&limit=${pageLength}${filter}`,
      )
      const page = yield* decodePage(text)
      const wanted = filter === "" ? steps * each : page.total
      if (page.rows.length === 0 || page.total !== wanted) {
        return yield* Effect.die(new Error(`${page.rows.length} of ${page.total} rollouts at ${offset}`))
      }
      return taken
    })

    yield* ask("/api/openapi.json")
    const startMs = performance.now() - started
    const first = yield* timed(`/api/runs/${run}`)
    const { cpuMs: overviewCpuMs } = yield* server.ask(Usage, {})
    const overview = yield* times(`/api/runs/${run}`)
    const { times: listMs } = yield* times("/api/runs")
    const last = Math.max(0, steps * each - pageLength)
    const report = {
      steps,
      rollouts: steps * each,
      bytesOnDisk,
      startMs,
      listMs,
      overviewMs: { cold: first.milliseconds, warm: overview.times.warm },
      overviewCpuMs,
      overviewBytes: first.text.length,
      rolloutsMs: {
        start: yield* pageAt(0, ""),
        middle: yield* pageAt(Math.floor(last / 2), ""),
        end: yield* pageAt(last, ""),
        filtered: yield* pageAt(0, "&role=propose&outcome=invalid"),
      },
      node: process.versions.node,
      cores: availableParallelism(),
    }
    const { bytes: memoryBytes, peakBytes: peakMemoryBytes } = yield* server.ask(Usage, {})
    return { ...report, memoryBytes, peakMemoryBytes } satisfies DashboardReport
  },
  Effect.scoped,
  Effect.provide(FetchHttpClient.layer),
)

const decodePage = Schema.decodeEffect(Schema.fromJsonString(RolloutPage))
