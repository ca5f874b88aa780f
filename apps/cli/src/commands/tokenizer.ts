import { fileURLToPath } from "node:url"
import type { PolicyEngine } from "@azr/core"
import {
  type HuggingFaceTokenizer,
  PythonAnswer,
  makeHuggingFaceTokenizer,
  modelFamilies,
  pythonCheck,
  pythonComparison,
} from "@azr/trainer-tinker"
import { Effect, Option, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { CheckFailed } from "../exitCodes.ts"
import { startLineProcess } from "../LineProcess.ts"
import { fetchModelFiles, readModelFiles } from "../modelFiles.ts"
import { Output } from "../Output.ts"

const example: PolicyEngine.Prompt = [{ role: "user", content: "What is `f(3)`?" }]

/** Says how Python differs, or why there was no comparison. */
const compare = Effect.fnUntraced(function* (
  tokenizer: HuggingFaceTokenizer,
  folder: string,
  python: string,
) {
  const path = yield* Path.Path
  const comparison = pythonComparison(tokenizer, path.resolve(folder), 0)
  const { ask } = yield* startLineProcess(python, python, [fileURLToPath(pythonCheck)])
  const answer = yield* ask(PythonAnswer, comparison.question)
  return "missing" in answer
    ? `${python} has no ${answer.missing}`
    : { version: answer.version, problems: yield* comparison.problems(answer) }
}, Effect.scoped)

export const tokenizerCommand = Command.make(
  "tokenizer",
  {
    model: Argument.String("model").pipe(
      Argument.withDescription("A folder with tokenizer.json, or owner/name of the Hugging Face Hub"),
    ),
    hub: Flag.Boolean("hub").pipe(
      Flag.withDescription(
        "Fetch the tokenizer's files (no weights) from the Hub into models/, with their checksums",
      ),
      Flag.withDefault(false),
    ),
    form: Flag.Literals("form", ["chat", "plain"]).pipe(
      Flag.withDescription(
        "How the model is asked: by its chat template, or as a text to continue (default: by its name)",
      ),
      Flag.optional,
    ),
    thinking: Flag.Boolean("thinking").pipe(
      Flag.withDescription("For models that can do without: ask them to think (default on)"),
      Flag.withDefault(true),
    ),
    check: Flag.Boolean("check").pipe(
      Flag.withDescription("Compare tokens and texts with transformers, where Python has it (default on)"),
      Flag.withDefault(true),
    ),
    python: Flag.String("python").pipe(
      Flag.withDescription("The Python of that comparison (default python3)"),
      Flag.withDefault("python3"),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr tokenizer")(function* ({ check, form, hub, json, model, python, thinking }) {
    const output = yield* Output
    const { files, folder } = yield* hub ? fetchModelFiles(model) : readModelFiles(model)
    const tokenizer = yield* Effect.fromResult(
      makeHuggingFaceTokenizer(files, {
        model,
        form: Option.getOrNull(form),
        thinking,
        families: modelFamilies,
      }),
    )
    const { contextLength, controlTokens, family, stopTokens, vocabularySize } = tokenizer
    const prompt = yield* tokenizer.encodePrompt(example)
    const stops = stopTokens.map((id) => ({ id, token: tokenizer.spell([id]) }))
    if (json) {
      yield* output.result(
        JSON.stringify({
          folder,
          family: family.id,
          form: tokenizer.form,
          stopTokens: stops,
          vocabulary: vocabularySize,
          controlTokens,
          contextLength,
          example: { text: tokenizer.spell(prompt), tokens: prompt },
        }),
      )
    } else {
      for (const line of [
        `folder       ${folder}`,
        `family       ${family.id}, asked in ${tokenizer.form} form`,
        `stop tokens  ${stops.map(({ id, token }) => `${id} ${token}`).join(", ")}`,
        `vocabulary   ids below ${vocabularySize}, ${controlTokens.length} of them control tokens; context ${contextLength ?? "unknown: there is no config.json"}`,
        `example      ${prompt.length} tokens: ${JSON.stringify(tokenizer.spell(prompt))}`,
      ]) {
        yield* output.result(line)
      }
    }
    if (!check) return
    yield* output.announce(`comparing with ${python} …`)
    const found = yield* Effect.catchTag(
      compare(tokenizer, folder, python),
      "LineProcessFailed",
      ({ reason }) => Effect.succeed(`${python}: ${reason}`),
    )
    if (typeof found === "string") return yield* output.progress(`check left out: ${found}`)
    const [first] = found.problems
    if (first !== undefined) {
      return yield* new CheckFailed({
        message: `${model} under ${found.version}: ${found.problems.length} differences, first ${first}`,
      })
    }
    yield* output.progress(
      `checked with ${found.version}: same tokens of prompts and texts, same texts of samples`,
    )
  }),
).pipe(
  Command.withDescription(
    "Show how a language model is asked: its family, chat template and stop tokens, read from a folder or, with --hub, fetched " +
      "from the Hugging Face Hub. Compares everything with Python's transformers where it is there",
  ),
  Command.withShortDescription("Read, fetch and check a model's tokenizer"),
  Command.withExamples([
    {
      command: "azr tokenizer Qwen/Qwen2.5-Coder-3B --hub",
      description: "Fetch its tokenizer, show how it is asked, and compare with Python",
    },
    {
      command: "azr tokenizer ./my-model --form chat --json",
      description: "A folder of your own",
    },
  ]),
)
