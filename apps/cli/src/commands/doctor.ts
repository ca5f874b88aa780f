import { statfs } from "node:fs/promises"
import { Environment, Executor, RandomStreams } from "@azr/core"
import { wasmtimeStatus } from "@azr/wasm-host"
import { Effect, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { environments } from "../environments.ts"
import { CheckFailed } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { runsDir } from "../runsFolder.ts"

/** One thing that was looked at. `absent` is nothing wrong: something optional that is not there, and why. */
interface Finding {
  readonly check: string
  readonly status: "ok" | "absent" | "failed"
  readonly detail: string
  /** What to do about it; empty where there is nothing to do. */
  readonly hint: string
}

const ok = (check: string, detail: string): Finding => ({ check, status: "ok", detail, hint: "" })

const nodeVersion: Finding = {
  ...ok("node", `${process.version} on ${process.platform} ${process.arch}`),
  ...(process.versions.node.startsWith("22.")
    ? {}
    : { status: "failed", hint: "start with npm start or ./azr, which bring Node 22" }),
}

const wasmtime = Effect.sync((): Finding => {
  const found = wasmtimeStatus()
  return found.available
    ? ok("host wasmtime", `wasmtime ${found.version}; what \`auto\` takes`)
    : { check: "host wasmtime", status: "absent", detail: found.reason, hint: found.hint }
})

/** Validates the environment's first seed on a host: starts workers, runs a program twice, compares. */
const environmentWorks = Effect.fnUntraced(function* (
  environment: (typeof environments)[number],
  host: Executor.ExecutorHostName,
) {
  const check = `${environment.id} on ${host}`
  const began = performance.now()
  return yield* Effect.gen(function* () {
    const { kinds, seeds } = yield* Environment.open(environment)
    let valid = 0
    for (const [id, kind] of kinds) {
      const [draft] = seeds(id, 1, new RandomStreams.RandomStreams(0).get("doctor"))
      if (draft === undefined) continue
      yield* kind.validate(draft)
      valid += 1
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    return ok(check, `${valid} seed tasks are valid, after ${seconds} s`)
  }).pipe(
    Effect.scoped,
    Effect.provideService(Executor.ExecutorSettings, { host, workers: 1 }),
    Effect.catch((error) =>
      Effect.succeed<Finding>({
        check,
        status: "failed",
        detail: error.message,
        hint: "hint" in error ? error.hint : "",
      }),
    ),
  )
})

const leastDiskBytes = 1e9

const disk = (folder: string): Effect.Effect<Finding> =>
  Effect.tryPromise(() => statfs(folder)).pipe(
    Effect.map(({ bavail, bsize }): Finding => {
      const free = `${((bavail * bsize) / 1e9).toFixed(0)} GB free for runs`
      return bavail * bsize > leastDiskBytes
        ? ok("disk", free)
        : {
            check: "disk",
            status: "failed",
            detail: free,
            hint: "free some space, or choose another folder with --runs-dir; a run of preset nano takes about 100 MB",
          }
    }),
    Effect.orElseSucceed((): Finding => ({
      check: "disk",
      status: "absent",
      detail: `free space of ${folder} cannot be asked`,
      hint: "",
    })),
  )

const marks = { ok: ["green", "✓"], absent: ["dim", "–"], failed: ["red", "✗"] } as const

export const doctorCommand = Command.make(
  "doctor",
  {
    runsDir,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object a finding on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr doctor")(function* ({ json, runsDir }) {
    const output = yield* Output
    const path = yield* Path.Path
    const native = yield* wasmtime
    const hosts = native.status === "ok" ? (["v8", "wasmtime"] as const) : (["v8"] as const)
    const checks: ReadonlyArray<Effect.Effect<Finding>> = [
      Effect.succeed(nodeVersion),
      Effect.succeed(native),
      ...environments.flatMap((environment) => hosts.map((host) => environmentWorks(environment, host))),
      disk(path.dirname(path.resolve(runsDir))),
    ]
    let failed = 0
    for (const look of checks) {
      const finding = yield* look
      if (finding.status === "failed") failed += 1
      if (json) yield* output.result(JSON.stringify(finding))
      else {
        const [style, mark] = marks[finding.status]
        yield* output.result(
          `${output.style("stdout", style, mark)} ${finding.check.padEnd(30)} ${finding.detail}`,
        )
        if (finding.hint !== "") yield* output.result(`  ${" ".repeat(30)} ${finding.hint}`)
      }
    }
    if (failed > 0) return yield* new CheckFailed({ message: `${failed} of ${checks.length} checks failed` })
  }),
).pipe(
  Command.withDescription(
    "Look at this machine: Node, executor hosts and why one is absent, each environment, disk",
  ),
  Command.withShortDescription("Check what works on this machine, and why the rest does not"),
)
