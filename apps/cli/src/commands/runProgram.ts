import { Executor, Value } from "@azr/core"
import { readArguments } from "@azr/core/language"
import { Effect, FileSystem } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { readLanguage } from "../environments.ts"
import { CheckFailed, UsageError, unreadable } from "../exitCodes.ts"
import { hostFlag, onHost } from "../hostFlag.ts"
import { Output } from "../Output.ts"

export const runProgramCommand = Command.make(
  "run-program",
  {
    file: Argument.String("file").pipe(Argument.withDescription("Source of a program that defines f")),
    env: Flag.String("env").pipe(
      Flag.withDescription("Language that runs it: an id, a path or a package (default python)"),
      Flag.withDefault("python"),
    ),
    host: hostFlag,
    input: Flag.String("input").pipe(
      Flag.withDescription('Argument list as source text, e.g. "[3, 1, 2], True"'),
      Flag.withDefault(""),
    ),
    fuel: Flag.Int("fuel").pipe(
      Flag.withDescription(
        `Limit of work, about one unit an operation (default ${Executor.defaultLimits.fuel})`,
      ),
      Flag.withDefault(Executor.defaultLimits.fuel),
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("The outcome as JSON"), Flag.withDefault(false)),
  },
  Effect.fn("azr run-program")(function* ({ env, file, fuel, host, input, json }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const environment = yield* readLanguage(env)
    const program = yield* fs.readFileString(file).pipe(Effect.mapError(unreadable(file)))
    const { language } = environment
    const outcome = yield* Effect.gen(function* () {
      const executor = yield* Executor.Executor
      const values = yield* readArguments(language, input).pipe(
        Effect.catchTag("LiteralRefused", (error) =>
          Effect.fail(new UsageError({ message: `--input: ${error.message}` })),
        ),
      )
      return yield* executor.run({
        program,
        entry: language.entry,
        arguments: values,
        limits: { ...Executor.defaultLimits, fuel },
        conditions: "reference",
      })
    }).pipe(Effect.provide(environment.layer), onHost(host))

    if (json) {
      yield* output.result(
        JSON.stringify(
          outcome._tag === "Returned"
            ? { value: Value.toJson(outcome.value), stdout: outcome.stdout, fuel: outcome.fuel }
            : { failure: outcome.failure, stdout: outcome.stdout, fuel: outcome.fuel },
        ),
      )
    } else {
      if (outcome.stdout !== "") yield* output.progress(outcome.stdout.trimEnd())
      if (outcome._tag === "Returned") yield* output.result(language.renderValue(outcome.value))
      yield* output.progress(`fuel ${outcome.fuel}`)
    }
    if (outcome._tag === "Failed") {
      const { kind, message, name } = outcome.failure
      return yield* new CheckFailed({
        message: [name ?? kind, message].filter((part) => part !== "").join(": "),
      })
    }
  }),
).pipe(
  Command.withDescription("Run a program in its sandbox and print what f returns"),
  Command.withExamples([
    { command: "azr run-program sort.py --input '[3, 1, 2]'", description: "Call f([3, 1, 2])" },
  ]),
)
