/** Which suites an evaluation asks, by what the user gave: files, downloads, and suites of environments. */
import { RunConfig } from "@azr/core"
import { Effect, FileSystem, Option } from "effect"
import { readEnvironment, readLanguage } from "../environments.ts"
import { UsageError } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import type { PolicySource } from "../policySource.ts"
import { downloadSuite } from "./hub.ts"
import {
  type Running,
  type RunningLanguage,
  builtInSuites,
  describeSuiteFile,
  openSuiteFile,
  runEnvironment,
} from "./openSuites.ts"
import type { Decoding, Suite, SuiteKindId } from "./Suite.ts"

/** Longest answer to a row of a file, in tokens, where neither a flag nor a description says. */
export const fileMaxTokens = 2048

/** The flags that say what is asked, and how it is decoded. */
export interface SuiteFlags {
  readonly suite: ReadonlyArray<string>
  readonly hub: ReadonlyArray<string>
  readonly env: Option.Option<string>
  readonly kind: Option.Option<SuiteKindId>
  readonly split: "dev" | "test"
  readonly n: Option.Option<number>
  readonly temperature: Option.Option<number>
  readonly maxTokens: Option.Option<number>
  readonly limit: Option.Option<number>
}

/** What the flags say of decoding, over what a suite or a run says. */
const overridden = (decoding: Decoding, { maxTokens, n, temperature }: SuiteFlags): Decoding => {
  const samples = Option.getOrElse(n, () => decoding.samples)
  return {
    samples,
    temperature: Option.getOrElse(temperature, () =>
      Option.isSome(n) ? (samples === 1 ? 0 : 1) : decoding.temperature,
    ),
    maxTokens: Option.getOrElse(maxTokens, () => decoding.maxTokens),
  }
}

const looksLikeFile = (name: string): boolean => /[/\\]|\.(json|jsonl|gz|parquet)$/u.test(name)

const isFile = Effect.fnUntraced(function* (name: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.exists(name).pipe(Effect.orElseSucceed(() => false))
})

/** The suites asked for: files first, then built-in ones. */
export const chooseSuites = Effect.fnUntraced(function* (given: SuiteFlags, source: PolicySource | null) {
  const output = yield* Output
  yield* output.announce("starting the executors …")
  const ids: Array<string> = []
  const files: Array<string> = []
  for (const name of given.suite) (looksLikeFile(name) || (yield* isFile(name)) ? files : ids).push(name)
  files.push(...(yield* Effect.forEach(given.hub, downloadSuite)))
  const languages = new Map<string, RunningLanguage>()
  const startLanguage = Effect.fnUntraced(function* (name: string) {
    const known = languages.get(name)
    if (known !== undefined) return known
    const started = yield* Effect.flatMap(readLanguage(name), runEnvironment)
    languages.set(name, started)
    return started
  })
  const suites: Array<Suite> = []
  for (const file of files) {
    const environment = Option.getOrElse(given.env, () => "python")
    const { styles } = yield* readLanguage(environment)
    const { description, rows } = yield* describeSuiteFile(file, {
      environment,
      kind: Option.getOrNull(given.kind),
      decoding: { temperature: 0, samples: 1, maxTokens: fileMaxTokens },
      // As the run asks, where the language can.
      promptStyle: styles.find((style) => style === source?.config.promptStyle) ?? styles[0] ?? "full",
    })
    yield* output.status(`reading ${file} …`)
    const suite = yield* openSuiteFile(description, rows, yield* startLanguage(description.environment))
    suites.push({ ...suite, decoding: overridden(suite.decoding, given) })
  }
  if (ids.length > 0 || suites.length === 0) {
    const environments = source?.config.environments ?? [Option.getOrElse(given.env, () => "python-nano")]
    const found: Array<Suite> = []
    const known: Array<string> = []
    for (const reference of environments) {
      const started: Running =
        (typeof reference === "string" ? languages.get(reference) : undefined) ??
        (yield* Effect.flatMap(readEnvironment(reference), runEnvironment))
      const builtIn = builtInSuites(
        started,
        given.split,
        source?.config.promptStyle ?? started.environment.styles[0] ?? "full",
        (kind) =>
          overridden(
            {
              temperature: 0,
              samples: 1,
              maxTokens: source?.config.kinds[kind]?.maxTokens.solve ?? fileMaxTokens,
            },
            given,
          ),
      )
      known.push(...builtIn.map((suite) => suite.id))
      found.push(
        ...builtIn.filter((suite) =>
          ids.length === 0 ? source === null || suite.kindId in source.config.kinds : ids.includes(suite.id),
        ),
      )
    }
    const missing = ids.find((id) => !known.includes(id))
    if (missing !== undefined) {
      return yield* new UsageError({
        message: `no file and no ${given.split} suite is called ${missing}; did you mean ${RunConfig.nearest(missing, known)}? Known: ${known.join(", ")}`,
      })
    }
    suites.push(...found)
  }
  return Option.match(given.limit, {
    onNone: () => suites,
    onSome: (limit) => suites.map((suite) => ({ ...suite, tasks: suite.tasks.slice(0, limit) })),
  })
})
