import { Result, Schema, Stream, Effect, FileSystem, Option, Stdio } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { Executor } from "@azr/core"
import { Case, type Judgement, type LanguageEnvironment, judgeCase } from "@azr/core/language"
import { readLanguage } from "../environments.ts"
import { CheckFailed, unreadable } from "../exitCodes.ts"
import { hostFlag, onHost } from "../hostFlag.ts"
import { Output } from "../Output.ts"

const decodeCase = Schema.decodeUnknownResult(Schema.fromJsonString(Case), {
  errors: "all",
  onExcessProperty: "error",
})

/** Cases judged at a time; the executors' pool bounds what really runs. */
const concurrency = 16

export const verifyCommand = Command.make(
  "verify",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("Cases as JSON lines; standard input without it"),
      Argument.optional,
    ),
    env: Flag.String("env").pipe(
      Flag.withDescription("Language that judges: an id, a path or a package (default python)"),
      Flag.withDefault("python"),
    ),
    host: hostFlag,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object a case on stdout (what a pipe gets anyway)"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr verify")(function* ({ env, file, host, json }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const stdio = yield* Stdio.Stdio
    const environment = yield* readLanguage(env)
    const machine = json || process.stdout.isTTY !== true
    let malformed = 0
    const bytes = Option.isSome(file) ? fs.stream(file.value) : stdio.stdin
    const source = Option.getOrElse(file, () => "standard input")
    yield* bytes.pipe(
      Stream.mapError(unreadable(source)),
      Stream.decodeText(),
      Stream.splitLines,
      Stream.zipWithIndex,
      Stream.filter(([line]) => line.trim() !== ""),
      Stream.mapEffect(([line, index]) => judgeLine(environment, line, index + 1), { concurrency }),
      Stream.runForEach((judgement) => {
        if (judgement.verdict === "malformed") malformed += 1
        return output.result(machine ? JSON.stringify(judgement) : forPeople(judgement, output))
      }),
      Effect.provide(environment.layer),
      onHost(host),
    )
    if (malformed > 0) {
      return yield* new CheckFailed({ message: `${malformed} lines are not cases; their places say why` })
    }
  }),
).pipe(
  Command.withDescription(
    "Judge cases: whether a proposal is a valid task, whether an answer is correct, and why. One JSON object a line, " +
      "answered in order: kind (deduction, abduction, induction, error), program, input (induction: inputs, message); " +
      "with answer it is a solution. output is taken as gold and the program is not run for it. " +
      "Exit code 3 when a line is no case",
  ),
  Command.withShortDescription("Judge proposals and answers, with the reason"),
  Command.withExamples([
    { command: "azr verify cases.jsonl", description: "A verdict and its reason for each line" },
    {
      command: `echo '{"kind":"deduction","program":"def f(a): return a+1","input":"1","answer":"2"}' | azr verify`,
      description: "Why was this scored 0?",
    },
    {
      command: `echo '{"kind":"abduction","program":"def f(a): return a*a","output":"49","answer":"-7"}' | azr verify`,
      description: "Any input that gives the output is correct",
    },
  ]),
)

type Judged = Judgement | { readonly verdict: "malformed"; readonly line: number; readonly reason: string }

const judgeLine = (
  environment: LanguageEnvironment,
  line: string,
  number: number,
): Effect.Effect<Judged, never, Executor.Executor> => {
  const given = decodeCase(line)
  return Result.isFailure(given)
    ? Effect.succeed({ verdict: "malformed", line: number, reason: given.failure.message })
    : judgeCase(environment, given.success)
}

const forPeople = (judgement: Judged, { style }: Output["Service"]): string => {
  const good = judgement.verdict === "valid" || judgement.verdict === "correct"
  const word = style("stdout", good ? "green" : "red", judgement.verdict.padEnd(9))
  const rest =
    judgement.verdict === "valid"
      ? `${[judgement.output].flat().join(" · ")}  (fuel ${judgement.fuel})`
      : judgement.reason
  const place = judgement.verdict === "malformed" ? ` line ${judgement.line}:` : ""
  return `${word}${place} ${rest.replaceAll(/\s*\n\s*/g, " ")}`.trimEnd()
}
