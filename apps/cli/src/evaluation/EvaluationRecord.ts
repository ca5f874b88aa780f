/**
 * The folder of an evaluation:
 *
 *     manifest.json    what was asked of whom: policy, suites, prompts, decoding, seed, versions, with digests
 *     answers.jsonl    one line a task, appended as they are judged
 *     results.json     what they come to; written last
 *
 * An evaluation that was cut off continues where its answers end; a manifest that differs is another evaluation.
 */
import { RunStore } from "@azr/core"
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import { UsageError } from "../exitCodes.ts"
import { sha256 } from "../sha256.ts"
import { Decoding, type Suite } from "./Suite.ts"
import { type SuiteReport, TaskRecord } from "./results.ts"

export const EvaluationManifest = Schema.Struct({
  version: Schema.Literal(2),
  policy: Schema.Struct({
    /** As the user named it, and its step where it is a checkpoint of a run. */
    source: Schema.String,
    step: Schema.NullOr(Schema.Int),
    description: Schema.String,
    /** SHA-256 of each of its files; null for a reference policy. */
    files: Schema.NullOr(Schema.Record(Schema.String, Schema.String)),
  }),
  seed: Schema.Int,
  suites: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      environment: Schema.String,
      kind: Schema.String,
      licence: Schema.String,
      source: Schema.String,
      sha256: Schema.String,
      rows: Schema.Int,
      tasks: Schema.Int,
      promptStyle: Schema.String,
      /** Of all prompts in order: changes with a word of any. */
      promptsSha256: Schema.String,
      decoding: Decoding,
    }),
  ),
  versions: Schema.Record(Schema.String, Schema.String),
})
export type EvaluationManifest = typeof EvaluationManifest.Type

export const manifestOf = (
  policy: EvaluationManifest["policy"],
  suites: ReadonlyArray<Suite>,
  seed: number,
  versions: Readonly<Record<string, string>>,
): EvaluationManifest => ({
  version: 2,
  policy,
  seed,
  suites: suites.map((suite) => ({
    id: suite.id,
    environment: suite.environment,
    kind: suite.kindId,
    licence: suite.licence,
    source: suite.source,
    sha256: suite.sha256,
    rows: suite.rows,
    tasks: suite.tasks.length,
    promptStyle: suite.promptStyle,
    promptsSha256: sha256(
      JSON.stringify(suite.tasks.map(({ task }) => suite.kind.solvePrompt(task, suite.promptStyle))),
    ),
    decoding: suite.decoding,
  })),
  versions,
})

/** What an evaluation has, and where more goes. */
export interface EvaluationRecord {
  readonly done: ReadonlyArray<TaskRecord>
  readonly append: (records: ReadonlyArray<TaskRecord>) => Effect.Effect<void, EvaluationRecordError>
  readonly finish: (reports: ReadonlyArray<SuiteReport>) => Effect.Effect<void, EvaluationRecordError>
}

/** The folder could not be read or written. */
export class EvaluationRecordError extends Schema.TaggedError<EvaluationRecordError>()(
  "EvaluationRecordError",
  {
    file: Schema.String,
    message: Schema.String,
  },
) {}

/** Nothing is kept. */
export const noRecord: EvaluationRecord = { done: [], append: () => Effect.void, finish: () => Effect.void }

const decodeRecord = Schema.decodeUnknownResult(Schema.fromJsonString(TaskRecord))
const text = new TextDecoder()
const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

export const openRecord = Effect.fn("openRecord")(function* (
  folder: string,
  manifest: EvaluationManifest,
  resume: boolean,
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = (name: string) => path.join(folder, name)
  const failing = (name: string) => (error: { readonly message: string }) =>
    new EvaluationRecordError({ file: file(name), message: error.message })
  const write = (name: string, text: string, flag: "w" | "a") =>
    fs.writeFileString(file(name), text, { flag }).pipe(Effect.mapError(failing(name)))

  const present = yield* fs.exists(file("manifest.json")).pipe(Effect.mapError(failing("manifest.json")))
  let done: ReadonlyArray<TaskRecord> = []
  if (present) {
    if (!resume) {
      return yield* new UsageError({
        message: `${folder} holds an evaluation; --resume continues it, another --out starts a new one`,
      })
    }
    const text = yield* fs
      .readFileString(file("manifest.json"))
      .pipe(Effect.mapError(failing("manifest.json")))
    const other = difference(text, manifest)
    if (other !== null) {
      return yield* new UsageError({
        message: `${folder} holds another evaluation: ${other} differs; choose another --out`,
      })
    }
    done = yield* Effect.scoped(takeUp(file("answers.jsonl"))).pipe(Effect.mapError(failing("answers.jsonl")))
  } else {
    yield* fs.makeDirectory(folder, { recursive: true }).pipe(Effect.mapError(failing(".")))
    yield* write("answers.jsonl", "", "w")
    yield* write("manifest.json", pretty(manifest), "w")
  }
  return {
    done,
    append: (records) => write("answers.jsonl", linesOf(records), "a"),
    finish: (reports) => write("results.json", pretty(reports), "w"),
  } satisfies EvaluationRecord
})

/** What a file of answers holds. A torn last line is cut off, so that what is appended begins a line of its own. */
const takeUp = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const opened = yield* fs
    .open(file, { flag: "r" })
    .pipe(Effect.asSome, RunStore.orIfAbsent(Option.none<FileSystem.File>()))
  if (Option.isNone(opened)) return []
  const size = Number((yield* opened.value.stat).size)
  const { end, values } = yield* RunStore.decodeLines(opened.value, RunStore.beginning, size, (line) =>
    decodeRecord(text.decode(line)),
  )
  if (end.offset < size) yield* fs.truncate(file, end.offset)
  return values
})

const linesOf = (records: ReadonlyArray<TaskRecord>): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join("")

/** The first field that differs, as a path; null where none does. */
const difference = (text: string, manifest: EvaluationManifest): string | null => {
  const walk = (one: unknown, other: unknown, at: string): string | null => {
    if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
      return one === other ? null : at
    }
    const keys = new Set([...Object.keys(one), ...Object.keys(other)])
    for (const key of keys) {
      const found = walk(
        (one as Record<string, unknown>)[key],
        (other as Record<string, unknown>)[key],
        at === "" ? key : `${at}.${key}`,
      )
      if (found !== null) return found
    }
    return null
  }
  try {
    return walk(JSON.parse(text), manifest, "")
  } catch {
    return "manifest.json, which is not JSON,"
  }
}
