import { PolicyEngine } from "@azr/core"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { command, quoted } from "../command.ts"
import { environmentsOf } from "../environments.ts"
import { seenBy } from "../evaluation/contamination.ts"
import { chooseSuites, fileMaxTokens } from "../evaluation/chooseSuites.ts"
import { manifestOf, noRecord, openRecord } from "../evaluation/EvaluationRecord.ts"
import { evaluateSuites } from "../evaluation/evaluateSuites.ts"
import { rejectedLines, reportTable } from "../evaluation/printing.ts"
import { referencePolicies, referencePolicy } from "../evaluation/referencePolicy.ts"
import type { SuiteReport } from "../evaluation/results.ts"
import { type Suite, suiteKinds } from "../evaluation/Suite.ts"
import { CheckFailed, UsageError } from "../exitCodes.ts"
import { onHost } from "../hostFlag.ts"
import { Output } from "../Output.ts"
import { withEngines } from "../policies.ts"
import { type PolicySource, findPolicy } from "../policySource.ts"
import { runsDir } from "../runsFolder.ts"
import { sha256 } from "../sha256.ts"
import { StopSignal } from "../StopSignal.ts"
import { versions } from "../version.ts"

const flags = {
  run: Argument.String("run").pipe(
    Argument.withDescription(
      "A run, a checkpoint's folder, a .safetensors file, or nano; none with --policy",
    ),
    Argument.optional,
  ),
  runsDir,
  step: Flag.String("step").pipe(
    Flag.withDescription("Checkpoint of the run: a step, or latest (the default)"),
    Flag.optional,
  ),
  policy: Flag.Literals("policy", referencePolicies).pipe(
    Flag.withDescription("In place of a run: gold gives every suite's own answers, wrong gives others"),
    Flag.optional,
  ),
  suite: Flag.String("suite").pipe(
    Flag.withDescription(
      "A built-in suite, e.g. deduction-3, or a file: rows of CRUXEval, LiveCodeBench execution, HumanEval, " +
        "reasoning-gym or Absolute Zero (.jsonl, .jsonl.gz, .parquet), or a suite's description (.json). May be repeated; " +
        "none is all built-in ones",
    ),
    Flag.withMetavar("id|file"),
    Flag.atLeast(0),
  ),
  hub: Flag.String("hub").pipe(
    Flag.withDescription(
      "Download a file of a Hugging Face data set into suites/ and use it, e.g. cruxeval-org/cruxeval:test.jsonl; the " +
        "only flag that uses the network. May be repeated",
    ),
    Flag.withMetavar("owner/name:file"),
    Flag.atLeast(0),
  ),
  env: Flag.String("env").pipe(
    Flag.withDescription(
      "Environment, by id, path or package: of files (default python) and, without a run, of its own suites (python-nano)",
    ),
    Flag.optional,
  ),
  kind: Flag.Literals("kind", suiteKinds).pipe(
    Flag.withDescription("What to ask of a file's rows: deduction is CRUXEval-O, abduction CRUXEval-I"),
    Flag.optional,
  ),
  split: Flag.Literals("split", ["dev", "test"]).pipe(
    Flag.withDescription("Which built-in suites (default test)"),
    Flag.withDefault("test" as const),
  ),
  n: Flag.Int("n").pipe(Flag.withDescription("Answers to each task (default 1)"), Flag.optional),
  k: Flag.Int("k").pipe(
    Flag.withDescription("Report pass@k; at most n; may be repeated (default 1)"),
    Flag.atLeast(0),
  ),
  temperature: Flag.Finite("temperature").pipe(
    Flag.withDescription("0 is greedy (default 0 for one answer, 1 for several)"),
    Flag.optional,
  ),
  maxTokens: Flag.Int("max-tokens").pipe(
    Flag.withDescription(`Longest answer (default: the run's for its kinds, ${fileMaxTokens} for others)`),
    Flag.optional,
  ),
  limit: Flag.Int("limit").pipe(Flag.withDescription("Only the first tasks of each suite"), Flag.optional),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("Seed of the samples and the bootstrap (default 0)"),
    Flag.withDefault(0),
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription(
      "Folder to keep manifest.json, answers.jsonl and results.json in; nothing is kept without",
    ),
    Flag.optional,
  ),
  resume: Flag.Boolean("resume").pipe(
    Flag.withDescription("Continue the evaluation in --out where it was cut off"),
    Flag.withDefault(false),
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("One JSON object a suite on stdout"),
    Flag.withDefault(false),
  ),
}
type Flags = Command.Command.Config.Infer<typeof flags>

const problemOf = (suites: ReadonlyArray<Suite>, ks: ReadonlyArray<number>): string | null => {
  const ids = suites.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) return `two suites are called ${twice}; rename a file or give one a description`
  for (const { decoding, id, rejected, tasks } of suites) {
    const { maxTokens, samples, temperature } = decoding
    if (samples < 1 || temperature < 0 || maxTokens < 1) {
      return `${id}: n and max-tokens are at least 1, the temperature at least 0`
    }
    if (samples > 1 && temperature === 0) {
      return `${id}: ${samples} greedy answers are all alike; take --n 1 or a --temperature above 0`
    }
    const k = ks.find((each) => each < 1 || each > samples)
    if (k !== undefined) return `${id}: pass@${k} needs --n of at least ${Math.max(k, 1)}, it is ${samples}`
    if (tasks.length === 0) {
      const [first] = rejected
      return `${id} has no task${first === undefined ? "" : `; row ${first.row}: ${first.reason}: ${first.message}`}`
    }
  }
  return null
}

const evaluate = Effect.fnUntraced(function* (
  given: Flags,
  source: PolicySource | null,
  suites: ReadonlyArray<Suite>,
) {
  const { json, out, resume, seed } = given
  const output = yield* Output
  const stop = yield* StopSignal.Current
  const engine = yield* PolicyEngine.PolicyEngine
  const ks = given.k.length === 0 ? [1] : given.k
  const problem = problemOf(suites, ks)
  if (problem !== null) return yield* new UsageError({ message: problem })
  const policy = {
    source: source?.name ?? engine.capabilities.backend,
    step: source?.run?.step ?? null,
    description: engine.capabilities.description,
    files: source && Object.fromEntries(source.files.map(({ bytes, name }) => [name, sha256(bytes)])),
  }
  const record = Option.isNone(out)
    ? noRecord
    : yield* openRecord(out.value, manifestOf(policy, suites, seed, versions), resume)
  if (Option.isSome(out)) {
    stop.accept(() => process.stderr.write("stopping after this batch; once more to stop now\n"))
  }
  const where = policy.step === null ? policy.source : `${policy.source}, step ${policy.step}`
  yield* output.announce(
    `evaluating ${where} on ${suites.length} ${suites.length === 1 ? "suite" : "suites"}${record.done.length === 0 ? "" : `, ${record.done.length} tasks are done`} …`,
  )
  for (const suite of suites) {
    for (const line of rejectedLines(suite)) yield* output.progress(line)
  }
  const seen =
    source?.run == null ? null : yield* seenBy(source.run.folder, yield* environmentsOf(source.config))
  const reports = yield* evaluateSuites({
    suites,
    ks,
    seed,
    record,
    seen,
    progress: (suite, done) => output.status(`${suite.id}: ${done} of ${suite.tasks.length} tasks …`),
    stopRequested: () => stop.requested,
  })
  if (reports === null) {
    stop.honoured = true
    yield* output.progress(
      `stopped; go on with: ${command} eval ${process.argv
        .slice(3)
        .filter((word) => word !== "--resume")
        .map(quoted)
        .join(" ")} --resume`,
    )
    return
  }
  yield* print(reports, json)
  const contaminated = reports.filter(({ contamination }) => (contamination?.rows.length ?? 0) > 0)
  if (contaminated.length > 0) {
    return yield* new CheckFailed({
      message: contaminated
        .map(
          ({ contamination, suite }) =>
            `${suite}: ${contamination?.rows.length} tasks were in the run's buffers`,
        )
        .join("; "),
    })
  }
})

const print = Effect.fnUntraced(function* (reports: ReadonlyArray<SuiteReport>, json: boolean) {
  const output = yield* Output
  for (const line of json ? reports.map((report) => JSON.stringify(report)) : reportTable(reports)) {
    yield* output.result(line)
  }
})

export const evalCommand = Command.make(
  "eval",
  flags,
  Effect.fn("azr eval")(function* (given: Flags) {
    const { policy, run, runsDir, step } = given
    if (Option.isSome(policy) === Option.isSome(run)) {
      return yield* new UsageError({
        message: "name a run to evaluate, or give --policy gold or --policy wrong",
      })
    }
    if (given.resume && Option.isNone(given.out)) {
      return yield* new UsageError({ message: "--resume continues what --out holds; give --out, too" })
    }
    if (Option.isSome(policy)) {
      return yield* Effect.gen(function* () {
        const suites = yield* chooseSuites(given, null)
        yield* Effect.provide(evaluate(given, null, suites), referencePolicy(policy.value, suites))
      }).pipe(Effect.scoped, onHost("auto"))
    }
    const source = yield* findPolicy(
      runsDir,
      Option.getOrElse(run, () => ""),
      step,
    )
    return yield* Effect.gen(function* () {
      const engine = yield* PolicyEngine.PolicyEngine
      const suites = yield* chooseSuites(given, source)
      yield* engine.load(source.files)
      yield* evaluate(given, source, suites)
    }).pipe(withEngines(source.config))
  }),
).pipe(
  Command.withDescription(
    "Evaluate a policy on tasks that training never saw: built-in suites, or files of published benchmarks. Tables have " +
      "95 % intervals: Wilson's for one answer a task, a bootstrap over tasks for several. With a run, every suite is compared " +
      "with what was in the run's buffers (exit code 3 if they share a program with its input)",
  ),
  Command.withShortDescription("Evaluate a checkpoint on held-out suites and benchmark files"),
  Command.withExamples([
    { command: "azr eval my-run", description: "The latest checkpoint on every built-in test suite" },
    {
      command: "azr eval my-run --step 0 --suite deduction-3 --json",
      description: "The first policy on one suite",
    },
    {
      command: "azr eval my-run --suite deduction-3 --n 16 --k 1 --k 8 --out results/d3",
      description: "pass@1 and pass@8 from 16 samples, kept; --resume goes on after a cut",
    },
    {
      command: "azr eval --policy gold --suite cruxeval.jsonl --kind abduction",
      description:
        "Check a benchmark file: its own answers must score 100 %, and every row that is no task is named",
    },
  ]),
)
