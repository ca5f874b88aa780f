import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { fileURLToPath } from "node:url"
import { PolicyEngine, RunStore } from "@azr/core"
import { decodeCheckpoint, huggingFaceCode, huggingFaceFiles } from "@azr/trainer-gpu"
import { Effect, FileSystem, Option, Path, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { CheckFailed, UsageError } from "../exitCodes.ts"
import { checkTransformers } from "../exports/checkTransformers.ts"
import { ExportFailed, type Target, attempt, toTarget } from "../exports/target.ts"
import { environmentsOf } from "../environments.ts"
import { metricRows, rolloutRows, taskRecords, taskRows } from "../exports/runRows.ts"
import { verifiersRows } from "../exports/verifiers.ts"
import {
  type TableFormat,
  type TextFormat,
  printTable,
  textFormats,
  writeTable,
} from "../exports/tableFiles.ts"
import { eventFile } from "../exports/tensorBoard.ts"
import { Output } from "../Output.ts"
import { withEngines } from "../policies.ts"
import { type PolicySource, findPolicy, weightsOf } from "../policySource.ts"
import { findRun, runsDir } from "../runsFolder.ts"

/** What can be exported how; the first format is the default. */
const formats = {
  checkpoint: ["safetensors", "hf"],
  tasks: ["jsonl", "csv", "parquet", "verifiers"],
  rollouts: ["jsonl", "csv", "parquet"],
  metrics: ["jsonl", "csv", "parquet", "tensorboard"],
} as const
type What = keyof typeof formats
type Format = (typeof formats)[What][number]

const subjects = Object.keys(formats) as ReadonlyArray<What>
const everyFormat = [...new Set(subjects.flatMap((what): ReadonlyArray<Format> => formats[what]))]

const flags = {
  run: Argument.String("run").pipe(
    Argument.withDescription("A run; for a checkpoint also its folder, a .safetensors file, or nano"),
  ),
  runsDir,
  what: Flag.Literals("what", subjects).pipe(
    Flag.withDescription("What to export (default checkpoint)"),
    Flag.withDefault("checkpoint" as const),
  ),
  format: Flag.Literals("format", everyFormat).pipe(
    Flag.withDescription(
      subjects.map((what) => `${what}: ${formats[what].join(", ")}`).join("; ") +
        "; the first is the default",
    ),
    Flag.optional,
  ),
  step: Flag.String("step").pipe(
    Flag.withDescription("Checkpoint of the run: a step, or latest (the default)"),
    Flag.optional,
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription(
      "File to write, or folder for hf and tensorboard; it must not exist. - prints a table as jsonl or csv",
    ),
    Flag.optional,
  ),
  check: Flag.Boolean("check").pipe(
    Flag.withDescription(
      "hf: compare with what transformers loads from the folder, where Python has torch and transformers (default on)",
    ),
    Flag.withDefault(true),
  ),
  python: Flag.String("python").pipe(
    Flag.withDescription("hf: the Python of that comparison (default python3)"),
    Flag.withDefault("python3"),
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("One JSON object a file on stdout"),
    Flag.withDefault(false),
  ),
}
type ExportError = ExportFailed | UsageError | RunStore.RunStoreError
type Services = FileSystem.FileSystem | Path.Path
type Flags = Command.Command.Config.Infer<typeof flags>

const isFolder = (format: Format): boolean => format === "hf" || format === "tensorboard"

const suffix = (format: Format): string =>
  isFolder(format) ? `-${format}` : format === "verifiers" ? "-verifiers.jsonl" : `.${format}`

const exportCheckpoint = Effect.fnUntraced(function* (source: PolicySource, format: Format, target: Target) {
  const fs = yield* FileSystem.FileSystem
  const weights = yield* weightsOf(source)
  if (format === "safetensors") return yield* target.write("", weights)
  const checkpoint = yield* decodedOf(source)
  for (const { bytes, name } of huggingFaceFiles(checkpoint)) yield* target.write(name, bytes)
  for (const { name, url } of huggingFaceCode) {
    yield* target.write(name, yield* Effect.orDie(fs.readFile(fileURLToPath(url))))
  }
})

const decodedOf = ({ files, name }: PolicySource) =>
  Effect.mapError(
    Effect.fromResult(decodeCheckpoint(files)),
    ({ file, message }) => new ExportFailed({ file: name, message: `${file}: ${message}` }),
  )

const compare = Effect.fnUntraced(function* (source: PolicySource, out: string, python: string) {
  const output = yield* Output
  const path = yield* Path.Path
  const { config } = yield* decodedOf(source)
  yield* output.announce(`comparing with ${python} …`)
  const found = yield* Effect.gen(function* () {
    const engine = yield* PolicyEngine.PolicyEngine
    yield* engine.load(source.files)
    return yield* checkTransformers(python, path.resolve(out), config)
  }).pipe(
    withEngines(source.config),
    Effect.catchTag("LineProcessFailed", ({ reason }) => Effect.succeed(`${python}: ${reason}`)),
  )
  if (typeof found === "string") return yield* output.progress(`check left out: ${found}`)
  if (found.problems.length > 0) {
    return yield* new CheckFailed({ message: `${out} under ${found.version}: ${found.problems.join("; ")}` })
  }
  yield* output.progress(
    `checked with ${found.version}: ${found.compared} log-probabilities within ${found.difference.toExponential(1)}, same tokens, same greedy answers`,
  )
})

const tableOf = Effect.fnUntraced(function* (folder: string, what: What, format: Format) {
  if (what !== "tasks") return what === "rollouts" ? rolloutRows(folder) : yield* metricRows(folder)
  const config = yield* RunStore.readConfig(folder)
  const environments = yield* environmentsOf(config)
  const records = yield* taskRecords(folder)
  return format === "verifiers"
    ? verifiersRows(records, environments, config.promptStyle)
    : taskRows(records, environments)
})

const exportRun = Effect.fnUntraced(function* (folder: string, what: What, format: Format, target: Target) {
  const rows = yield* tableOf(folder, what, format)
  if (format === "tensorboard") {
    const bytes = yield* Effect.promise(() => eventFile(rows))
    const first = yield* Stream.runHead(RunStore.events(folder))
    const started = Math.floor(Option.match(first, { onNone: () => 0, onSome: ({ at }) => at }) / 1000)
    return yield* target.write(`events.out.tfevents.${started}.azr`, bytes)
  }
  const written = format === "verifiers" ? "jsonl" : (format as TableFormat)
  yield* attempt(folder, () => writeTable(target.path, written, rows))
})

const isText = (format: Format): format is TextFormat =>
  (textFormats as ReadonlyArray<Format>).includes(format)

/** Of a file of any size. */
const digestOf = async (file: string) => {
  const hash = createHash("sha256")
  let bytes = 0
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Uint8Array)
    bytes += (chunk as Uint8Array).length
  }
  return { bytes, digest: hash.digest("hex") }
}

export const exportCommand = Command.make(
  "export",
  flags,
  Effect.fn("azr export")(function* (given: Flags) {
    const { check, json, python, run, runsDir, step, what } = given
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const output = yield* Output
    const allowed: ReadonlyArray<Format> = formats[what]
    const format = Option.getOrElse(given.format, () => formats[what][0])
    if (!allowed.includes(format)) {
      return yield* new UsageError({
        message: `${what} cannot be written as ${format}; there are: ${allowed.join(", ")}`,
      })
    }
    if (what !== "checkpoint" && Option.isSome(step)) {
      return yield* new UsageError({
        message: `--step chooses a checkpoint; ${what} are those of the whole run`,
      })
    }
    const source = what === "checkpoint" ? yield* findPolicy(runsDir, run, step) : null
    const folder = source === null ? yield* findRun(runsDir, run) : ""
    if (Option.getOrNull(given.out) === "-") {
      if (!isText(format)) {
        return yield* new UsageError({
          message: `--out - prints ${textFormats.join(" or ")}; ${format} wants a name`,
        })
      }
      const rows = yield* tableOf(folder, what, format)
      return yield* attempt(folder, () => printTable(process.stdout, format, rows))
    }
    const stem = path.basename(source?.name ?? folder).replace(/\.safetensors$/u, "")
    const at = source?.run == null ? "" : `-step-${source.run.step}`
    const out = Option.getOrElse(given.out, () => `${stem}-${what}${at}${suffix(format)}`)
    yield* toTarget(out, isFolder(format), (target): Effect.Effect<void, ExportError, Services> =>
      source === null ? exportRun(folder, what, format, target) : exportCheckpoint(source, format, target),
    )
    const names = isFolder(format) ? yield* Effect.orDie(fs.readDirectory(out)) : [""]
    for (const name of names.toSorted()) {
      const file = name === "" ? out : path.join(out, name)
      const { bytes, digest } = yield* Effect.promise(() => digestOf(file))
      yield* output.result(
        json
          ? JSON.stringify({ path: file, bytes, sha256: digest })
          : `${file}  ${bytes} bytes  sha256 ${digest}`,
      )
    }
    if (source !== null && format === "hf" && check) yield* compare(source, out, python)
  }),
).pipe(
  Command.withDescription(
    "Write what a run has learned or seen, for other tools: a checkpoint as safetensors or as a Hugging Face folder " +
      "(transformers, trust_remote_code=True), tasks and rollouts as tables, metrics as a table or for TensorBoard. Prints " +
      "path, bytes and sha256 of each file. Exported tasks are rows that azr corpus and azr eval read",
  ),
  Command.withShortDescription("Export a checkpoint, tasks, rollouts or metrics"),
  Command.withExamples([
    { command: "azr export my-run", description: "The latest checkpoint's weights, as safetensors" },
    {
      command: "azr export my-run --format hf --out my-model",
      description: "A folder for AutoModelForCausalLM.from_pretrained, checked if Python has transformers",
    },
    {
      command: "azr export my-run --what rollouts --format parquet",
      description: "Every response, for pandas or DuckDB",
    },
    {
      command: "azr export my-run --what tasks --out - | jq -r .code",
      description: "Every task's program, in a pipe",
    },
    {
      command: "azr export my-run --what tasks --format verifiers",
      description:
        "Every task as a row of prompt, answer and info, for trainers that take the verifiers library's data sets",
    },
    {
      command: "azr export my-run --what metrics --format tensorboard --out logs/my-run",
      description: "For tensorboard --logdir logs",
    },
  ]),
)
