import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { readConfigFile } from "../configFile.ts"
import type { Finding } from "../doctor/finding.ts"
import { machineChecks } from "../doctor/machine.ts"
import { needsOf } from "../doctor/needs.ts"
import { backendChecks, environmentCheck, serverCheck, wasmtimeCheck } from "../doctor/parts.ts"
import { environments } from "../environments.ts"
import { CheckFailed } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { runsDir } from "../runsFolder.ts"
import { configArgument } from "../settings.ts"

const marks = { ok: ["green", "✓"], absent: ["dim", "–"], failed: ["red", "✗"] } as const

/** Everything there is, each environment on each host. */
const general = Effect.gen(function* () {
  const native = yield* wasmtimeCheck
  const hosts = native.status === "ok" ? (["v8", "wasmtime"] as const) : (["v8"] as const)
  return [
    ...backendChecks,
    serverCheck,
    Effect.succeed(native),
    ...environments.flatMap((environment) => hosts.map((host) => environmentCheck(environment, host))),
  ]
})

export const doctorCommand = Command.make(
  "doctor",
  {
    config: configArgument,
    runsDir,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object a finding on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr doctor")(function* ({ config, json, runsDir }) {
    const output = yield* Output
    const parts = Option.isSome(config) ? needsOf(yield* readConfigFile(config.value)) : yield* general
    const checks = [...machineChecks(runsDir), ...parts]
    const show = Effect.fnUntraced(function* (finding: Finding) {
      if (json) return yield* output.result(JSON.stringify(finding))
      const [style, mark] = marks[finding.status]
      yield* output.result(
        `${output.style("stdout", style, mark)} ${finding.check.padEnd(width)} ${finding.detail}`,
      )
      if (finding.hint !== "") yield* output.result(`  ${" ".repeat(width)} ${finding.hint}`)
    })
    let failed = 0
    for (const look of checks) {
      const finding = yield* look
      if (finding.status === "failed") failed += 1
      yield* show(finding)
    }
    if (failed > 0) return yield* new CheckFailed({ message: `${failed} of ${checks.length} checks failed` })
  }),
).pipe(
  Command.withDescription(
    "Look at this machine: Node, cores, memory, limits, WebAssembly, disk, policy engines and executor hosts with the reason " +
      "why one is absent, each environment. With a configuration, instead what it needs. Exit code 3 when something is wrong",
  ),
  Command.withShortDescription("Check what works on this machine, and why the rest does not"),
  Command.withExamples([
    { command: "azr doctor", description: "Everything there is" },
    { command: "azr doctor azr.config.ts", description: "Whether this configuration can run here" },
  ]),
)

const width = 30
