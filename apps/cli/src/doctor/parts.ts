/** What a run is put together from: policy engines, executor hosts, environments. Each is tried, not looked up. */
import { Environment, Executor, RandomStreams } from "@azr/core"
import { LocalBackends } from "@azr/trainer-gpu"
import { TinkerClient } from "@azr/trainer-tinker"
import { wasmtimeStatus } from "@azr/wasm-host"
import { Config, Effect, Option } from "effect"
import type { AnyEnvironment } from "../environments.ts"
import { type Finding, absent, failedBy, ok } from "./finding.ts"

/** Every policy engine but `auto`: whether it loads, and why not. Only the embedded one is always there. */
export const backendChecks: ReadonlyArray<Effect.Effect<Finding>> = LocalBackends.backendNames
  .filter((name) => name !== "auto")
  .map((name) => {
    const check = `policy ${name}`
    return LocalBackends.choose(name, { workers: null }).pipe(
      Effect.map((): Finding => ok(check, "loads here")),
      Effect.catch((error) =>
        Effect.succeed<Finding>(
          name === "wasm"
            ? failedBy(check, { message: error.reason, hint: error.hint })
            : absent(check, error.reason, error.hint),
        ),
      ),
    )
  })

/** A server of the Tinker API is there where the user names one; what it is asked for changes nothing on it. */
export const serverCheck = Effect.gen(function* () {
  const check = "policy tinker"
  const url = yield* Effect.orDie(Config.option(Config.String("TINKER_BASE_URL")))
  if (Option.isNone(url)) {
    return absent(
      check,
      "TINKER_BASE_URL names no server",
      "azr serve-policy is one; policy.url names one, too",
    )
  }
  return yield* TinkerClient.connect(url.value, TinkerClient.defaultOptions).pipe(
    Effect.map(({ address, format, models }) =>
      ok(check, `${address} has ${models.map(({ name }) => name).join(", ")}, and speaks ${format}`),
    ),
    Effect.catch(({ message }) => Effect.succeed(failedBy(check, { message }))),
  )
})

export const wasmtimeCheck: Effect.Effect<Finding> = Effect.sync((): Finding => {
  const found = wasmtimeStatus()
  return found.available
    ? ok("host wasmtime", `wasmtime ${found.version}; what \`auto\` takes`)
    : absent("host wasmtime", found.reason, found.hint)
})

/** Validates the environment's first seeds on a host: starts workers, runs a program twice, compares. */
export const environmentCheck = Effect.fnUntraced(function* (
  environment: AnyEnvironment,
  host: Executor.ExecutorHostName | "auto",
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
    Effect.catch((error) => Effect.succeed(failedBy(check, error))),
  )
})
