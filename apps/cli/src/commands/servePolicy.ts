import { LocalBackends } from "@azr/trainer-gpu"
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { UsageError } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { findPolicy } from "../policySource.ts"
import { runsDir } from "../runsFolder.ts"
import { serve } from "../servePolicy/serve.ts"

export const servePolicyCommand = Command.make(
  "serve-policy",
  {
    policy: Argument.String("policy").pipe(
      Argument.withDescription("A run, a checkpoint's folder, a .safetensors file, or nano (the default)"),
      Argument.withDefault("nano"),
    ),
    step: Flag.String("step").pipe(
      Flag.withDescription("Checkpoint of the run: a step, or latest (the default)"),
      Flag.optional,
    ),
    runsDir,
    as: Flag.String("as").pipe(
      Flag.withDescription("What clients call the model (default nano, the language that it speaks)"),
      Flag.withDefault("nano"),
    ),
    folder: Flag.String("folder").pipe(
      Flag.withDescription("Where clients' saved weights are kept (default served)"),
      Flag.withDefault("served"),
    ),
    host: Flag.String("host").pipe(
      Flag.withDescription(
        "Address to listen on (default 127.0.0.1); there is no login: whoever reaches it may use it",
      ),
      Flag.withDefault("127.0.0.1"),
    ),
    port: Flag.Int("port").pipe(
      Flag.withDescription("Port to listen on; 0 is any that is free (default 8000)"),
      Flag.filter(
        (port) => port >= 0 && port <= 65_535,
        () => "a port, 0 to 65535",
      ),
      Flag.withDefault(8000),
    ),
    models: Flag.Int("models").pipe(
      Flag.withDescription("Most models that are trained at once (default 4)"),
      Flag.filter(
        (models) => models >= 1,
        () => "1 or more",
      ),
      Flag.withDefault(4),
    ),
    wire: Flag.Literals("wire", ["protobuf", "json"]).pipe(
      Flag.withDescription(
        "How training requests are written: protobuf as by the tinker SDK since 0.25 (the default), json as before",
      ),
      Flag.withDefault("protobuf" as const),
    ),
    backend: Flag.Literals("backend", LocalBackends.backendNames).pipe(
      Flag.withDescription("Policy engine (default wasm)"),
      Flag.withDefault("wasm" as const),
    ),
  },
  Effect.fn("azr serve-policy")(function* (flags) {
    const output = yield* Output
    const { config, files, name } = yield* findPolicy(flags.runsDir, flags.policy, flags.step)
    if (!files.some((file) => file.name === "policy.safetensors")) {
      return yield* new UsageError({ message: `${name} keeps its weights elsewhere: they are served there` })
    }
    const choice = yield* LocalBackends.choose(flags.backend, { workers: config.policy.workers })
    const url = yield* serve({
      name: flags.as,
      files,
      choice,
      folder: flags.folder,
      models: flags.models,
      reduction: "sum",
      sessionTimeout: "5 minutes",
      wire: flags.wire,
      poll: "45 seconds",
      host: flags.host,
      port: flags.port,
    })
    yield* output.progress(`serving     ${name} as ${flags.as} at ${url}  (Ctrl-C ends it)`)
    yield* output.progress(`saved in    ${flags.folder}`)
    return yield* Effect.never
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Serve a local policy over the Tinker API, for azr train --backend tinker and for other clients of it: they train models that begin " +
      "with it, sample and save. All parameters are trained, whatever LoRA rank is asked for",
  ),
  Command.withShortDescription("Serve a local policy to clients of the Tinker API"),
  Command.withExamples([
    { command: "azr serve-policy", description: "The embedded nano policy, on http://127.0.0.1:8000" },
    {
      command: "azr train --backend tinker --set policy.url=http://127.0.0.1:8000",
      description: "Trains it there",
    },
  ]),
)
