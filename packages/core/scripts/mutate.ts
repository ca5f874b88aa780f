/**
 * Do the tests notice mistakes? Each mutation is one plausible slip in one line: of the mathematics (rewards,
 * advantages, losses) or of what keeps a run honest (held-out tasks, masks, resume). It is made in a temporary copy,
 * and the module's own tests must fail there.
 *
 *     pnpm run mutate            in packages/core
 *     pnpm run mutate --check    only whether each mutation still has its line
 */
import { spawn } from "node:child_process"
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"

interface Mutation {
  readonly name: string
  /** Path below `src`. */
  readonly module: string
  /** Path of its tests below `test`, mostly the same. */
  readonly tests: string
  /** A text that stands exactly once in the module. */
  readonly from: string
  readonly to: string
}

const mutation = (module: string, name: string, from: string, to: string, tests = module): Mutation => ({
  module,
  tests,
  name,
  from,
  to,
})

const mutations: ReadonlyArray<Mutation> = [
  mutation("Reward", "oneMinus: s instead of 1 − s", "      return 1 - s", "      return s"),
  mutation("Reward", "quadratic: 2s(1 − s)", "return 4 * s * (1 - s)", "return 2 * s * (1 - s)"),
  mutation("Reward", "s = 0 earns 1 − s", "solved === 0 ? config.unsolved : ", ""),
  mutation("Reward", "s = 1 not refused", "solved === attempts ? config.alwaysSolved : null", "null"),
  mutation(
    "Reward",
    "s = 0 and s = 1 swapped",
    "solved === attempts ? config.alwaysSolved",
    "solved === attempts ? config.unsolved",
  ),
  mutation("Reward", "code preset keeps 0 for s = 0", "{ ...propose, unsolved: -0.5, ", "{ ...propose, "),
  mutation(
    "Reward",
    "solver: wrong as bad as no format",
    "wrong: -0.5, badFormat: -1, partial",
    "wrong: -1, badFormat: -1, partial",
  ),
  mutation(
    "Reward",
    "coverage multiplies",
    "reward / Math.max(1, regionCount)",
    "reward * Math.max(1, regionCount)",
  ),
  mutation("Reward", "coverage raises rare regions", "Math.max(1, regionCount)", "regionCount"),
  mutation("Reward", "coverage ignores its exponent", " ** coverage.exponent", ""),

  mutation(
    "Reward",
    "inverse: unsolved tasks earn nothing",
    "return fixed ?? learnability(config.learnability, rate)",
    "return fixed ?? (solved === 0 ? 0 : learnability(config.learnability, rate))",
  ),
  mutation(
    "Reward",
    "partial credit between wrong and correct",
    "? share * config.correct",
    "? config.wrong + share * (config.correct - config.wrong)",
  ),
  mutation("Reward", "zone without its upper end", " || rate > config.zone.high", ""),
  mutation(
    "Reward",
    "intrinsic terms without their maximum",
    "Math.min(coefficient * measure, max)",
    "coefficient * measure",
  ),
  mutation(
    "Reward",
    "sumMultiply multiplies the reward",
    "return reward + product(terms)",
    "return reward * product(terms)",
  ),

  mutation(
    "Advantage",
    "sign of the baseline",
    "values.map((value) => value - average)",
    "values.map((value) => average - value)",
  ),
  mutation(
    "Advantage",
    "population and sample swapped",
    'config.deviation === "sample"',
    'config.deviation !== "sample"',
  ),
  mutation(
    "Advantage",
    "ε left out of TRR++ and GRPO",
    "value / (deviation + config.epsilon)",
    "value / deviation",
  ),
  mutation(
    "Advantage",
    "ε under the root in TRR++ and GRPO",
    "value / (deviation + config.epsilon)",
    "value / Math.sqrt(deviation ** 2 + config.epsilon)",
  ),
  mutation(
    "Advantage",
    "ε outside the root in whitening",
    "Math.sqrt(variance + epsilon)",
    "(Math.sqrt(variance) + epsilon)",
  ),
  mutation("Advantage", "whitening with the population variance", "/ (tokens - 1)", "/ tokens"),
  mutation(
    "Advantage",
    "whitening over sequences: mean",
    "sum + sample.tokens * sample.reward, 0) / tokens",
    "sum + sample.reward, 0) / cell.length",
  ),
  mutation(
    "Advantage",
    "whitening over sequences: variance",
    "sum + sample.tokens * (sample.reward - average)",
    "sum + (sample.reward - average)",
  ),
  mutation("Advantage", "groups mix across cells", "`${sample.cell}\\n${sample.group}`", "sample.group"),
  mutation("Advantage", "all cells are one", "(index) => key(batch[index] as Graded)", '() => ""'),
  mutation(
    "Advantage",
    "group baseline scaled by group",
    "        scaled,\n        (sample) => sample.cell,",
    "        scaled,\n        groupKey,",
  ),
  mutation(
    "Advantage",
    "rms of the raw rewards",
    "({ ...sample, reward: centred[i] as number })",
    "({ ...sample, i })",
  ),
  mutation(
    "Advantage",
    "zero variance by rounding",
    "values.every((value) => value === values[0])",
    "values.length === 1",
  ),
  mutation(
    "Advantage",
    "order of the batch lost",
    "(result[index] = values[i] as number)",
    "(result[i] = values[i] as number)",
  ),

  mutation(
    "PolicyLoss",
    "sign of importance sampling",
    "return { loss: -surrogate, slope: -surrogate, clipped: false }",
    "return { loss: surrogate, slope: surrogate, clipped: false }",
  ),
  mutation(
    "PolicyLoss",
    "ratio upside down",
    "Math.exp(logprob - oldLogprob) * advantage",
    "Math.exp(oldLogprob - logprob) * advantage",
  ),
  mutation(
    "PolicyLoss",
    "ppo takes the larger surrogate",
    "bounded * advantage < ratio * advantage",
    "bounded * advantage > ratio * advantage",
  ),
  mutation(
    "PolicyLoss",
    "a clipped token still has a slope",
    "slope: clipped ? 0 : -surrogate",
    "slope: -surrogate",
  ),
  mutation(
    "PolicyLoss",
    "dual clip for positive advantages too",
    "config.dualClip !== null && advantage < 0 && ",
    "config.dualClip !== null && ",
  ),
  mutation(
    "PolicyLoss",
    "dual clip without effect on the slope",
    "advantage, slope: 0, clipped: true",
    "advantage, slope: -surrogate, clipped: true",
  ),
  mutation("PolicyLoss", "cispo does not clip", "slope: -bounded * advantage,", "slope: -ratio * advantage,"),
  mutation(
    "PolicyLoss",
    "cispo drops clipped tokens",
    "slope: -bounded * advantage,",
    "slope: bounded === ratio ? -bounded * advantage : 0,",
  ),
  mutation(
    "PolicyLoss",
    "clip with the bounds swapped",
    "Math.min(Math.max(x, low), high)",
    "Math.max(Math.min(x, low), high)",
  ),
  mutation(
    "Reduction",
    "token mean over sequences",
    "(tokens === 0 ? 0 : 1 / tokens)",
    "(tokens === 0 ? 0 : 1 / sequences)",
  ),
  mutation("Reduction", "sequence mean weighs tokens alike", "1 / (sequences * length)", "1 / sequences"),
  mutation(
    "Reduction",
    "constant without the number of sequences",
    "1 / (sequences * reduction.length)",
    "1 / reduction.length",
  ),

  mutation("RandomStreams", "modulo bias", "while (draw >= limit) draw = this.uint32()", ""),
  mutation("RandomStreams", "seeds beyond 32 bits fold", "if (high > 0) absorb(high)", ""),
  mutation(
    "RandomStreams",
    "a stream restored from its seed",
    "for (const [name, state] of Object.entries(states))",
    "for (const [name, state] of Object.entries({} as StreamStates))",
  ),

  mutation(
    "TaskBuffer",
    "the newest leaves",
    "splice(Math.min(oldest, this.#config.capacity - 1), 1)",
    "splice(this.#config.capacity - 1, 1)",
  ),
  mutation(
    "TaskBuffer",
    "seeds do not stay",
    "const oldest = Math.min(this.#config.keepSeeds, seeds)",
    "const oldest = 0",
  ),
  mutation(
    "TaskBuffer",
    "recency without the seeds",
    "(record) => record.step + 1",
    "(record) => record.step",
  ),

  mutation("Value", "bool is not int", 'return value.value ? "1" : "0"', "return encode(value)"),
  mutation(
    "Value",
    "sets keep their order",
    "set[${each(value.items).toSorted().join()}]",
    "set[${each(value.items).join()}]",
  ),
  mutation(
    "Value",
    "a float is an int by rounding",
    "Number.isInteger(value) ? BigInt(value).toString()",
    "Number.isFinite(value) ? BigInt(Math.round(value)).toString()",
  ),
  mutation("Value", "nesting without limit", "if (depth > maxDepth) return", "if (depth > 10 ** 9) return"),

  mutation(
    "selfplay/Learn",
    "entropy taken away",
    "advantage - entropyBonus * (logprobs",
    "advantage + entropyBonus * (logprobs",
  ),
  mutation("RunConfig", "composite functions at once", "step <= from ? 0", "step < from ? 0"),
  mutation("RunConfig", "composite chance counted from step 0", "(step - from) / over", "step / over"),
  mutation(
    "RunConfig",
    "composite chance without end",
    "Math.min(1, over === 0 ? 1 : (step - from) / over)",
    "(over === 0 ? 1 : (step - from) / over)",
  ),
  mutation("RunConfig", "keys inherited from Object", "!Object.hasOwn(model, key)", "!(key in model)"),
  mutation(
    "RunConfig",
    "unknown keys beside a tag ignored",
    'onExcessProperty: "error"',
    'onExcessProperty: "ignore"',
  ),
  mutation("RunStore", "a short log filled with zeros", "if (present < bytes) {", "if (present < 0) {"),
  mutation(
    "store/Checkpoint",
    "a checkpoint of any size",
    "bytes.length !== saved.bytes",
    "bytes.length < 0",
  ),
  mutation("store/Checkpoint", "a checkpoint of any content", "=== saved.sha256", "!== null"),
  mutation(
    "store/Checkpoint",
    "a stop's checkpoint is kept",
    "(manifest) => manifest.scheduled",
    "() => true",
  ),
  mutation("store/Checkpoint", "the best one is not kept", "best === null ? [] : [best.step]", "[]"),
  mutation(
    "store/Checkpoint",
    "what stands aside is no checkpoint",
    'stepOf(name, "") ?? stepOf(name, aside) ?? []',
    'stepOf(name, "") ?? []',
  ),
  mutation(
    "store/Checkpoint",
    "what stands aside comes back in place of what was removed",
    "for (const place of [`${target}${aside}`, target])",
    "for (const place of [target])",
  ),
  mutation("store/Checkpoint", "the later of equals", "> (found?.score ?? -1)", ">= (found?.score ?? -1)"),

  mutation("selfplay/Validate", "first lock: the kind's split", 'track.kind.split(task) !== "train" ||', ""),
  mutation(
    "selfplay/Validate",
    "second lock: what the suites reveal",
    "heldOut.get(track.environment.id)?.has(text) === true",
    "false",
  ),
  mutation(
    "selfplay/Validate",
    "a fault is an invalid task",
    'Effect.succeed(outcome("infrastructure",',
    'Effect.succeed(outcome("invalid",',
  ),
  mutation(
    "selfplay/Validate",
    "no family cap",
    "siblings >= (state.config.propose.familyCap ?? Infinity)",
    "siblings < 0",
  ),
  mutation(
    "selfplay/Solve",
    "a fault is a wrong answer",
    "({ message }) => Effect.succeed({ verdict: null, fault: message })",
    '() => Effect.succeed({ verdict: { verdict: "wrong" as const, reason: "" }, fault: "" })',
  ),
  mutation(
    "selfplay/Solve",
    "an answer that was cut off is read",
    'response.stopReason === "length" ? cut(response) : ',
    "",
  ),
  mutation(
    "selfplay/Estimate",
    "faults are attempts",
    "attempts: judged.length",
    "attempts: (answers[index] ?? []).length",
  ),
  mutation(
    "selfplay/Estimate",
    "surplus tasks are estimated",
    ".slice(0, track.settings.tasks)",
    ".slice(0)",
  ),
  mutation(
    "selfplay/Learn",
    "prompts are learned from",
    "...promptTokens.map(() => 0),",
    "...promptTokens.map(() => value(0)),",
  ),
  mutation(
    "selfplay/Grade",
    "a frozen proposer learns",
    "...(config.propose.train",
    "...(config.propose.train || true",
    "selfplay/Learn",
  ),
  mutation(
    "selfplay/Grade",
    "roles weigh alike",
    "lesson(proposal, proposalAdvantages[index], roleWeight.propose,",
    "lesson(proposal, proposalAdvantages[index], roleWeight.solve,",
    "selfplay/Learn",
  ),
  mutation(
    "selfplay/Grade",
    "the buffer's answers are not learned from",
    "[[], [...guesses, ...solved]]",
    "[[], guesses]",
    "selfplay/Learn",
  ),
  mutation(
    "selfplay/Grade",
    "the estimate teaches where only the buffer should",
    "[guesses, solved] :",
    "[[], [...guesses, ...solved]] :",
    "selfplay/Learn",
  ),
  mutation(
    "selfplay/Grade",
    "kinds share a cell",
    "cell: `solve/${question.track.key}`",
    'cell: "solve"',
    "selfplay/Learn",
  ),
  mutation(
    "selfplay/Learn",
    "a diverged policy goes on",
    "Number.isFinite(value)",
    "value !== value || true",
  ),
  mutation(
    "selfplay/Learn",
    "a stale batch is learned from as if it were of the step that is collected",
    "updateOnce(state.config, step, shuffled",
    "updateOnce(state.config, state.step, shuffled",
    "selfplay/staleness",
  ),
  mutation(
    "selfplay/Step",
    "what is collected ahead is sampled from whatever is newest",
    "const frozen = { ...engine, sample: yield* timed",
    "const frozen = { ...engine, later: yield* timed",
    "selfplay/staleness",
  ),
  mutation(
    "selfplay/Step",
    "more is collected than there are steps",
    "|| batch.step >= steps",
    "|| batch.step > steps",
    "selfplay/staleness",
  ),
  mutation(
    "selfplay/State",
    "a batch that waits is not saved",
    "...(this.ahead === null ? {} : { ahead: this.ahead }),",
    "",
    "selfplay/staleness",
  ),
  mutation(
    "selfplay/Step",
    "coverage does not decay",
    "if (coverage !== null) state.decayRegions(coverage.decay)",
    "",
  ),
  mutation(
    "selfplay/State",
    "streams start anew after a resume",
    "new RandomStreams(config.seed, snapshot?.streams)",
    "new RandomStreams(config.seed)",
  ),
  mutation(
    "selfplay/State",
    "known tasks are forgotten",
    "new Set(snapshot?.known.match(/.{16}/gu))",
    "new Set()",
  ),
  mutation(
    "selfplay/Loop",
    "the first policy tested is the last",
    "yield* engine.load(yield* store.policyAt(0))",
    "yield* store.policyAt(0)",
  ),
  mutation(
    "Environment",
    "seeding goes on without an executor",
    'failure._tag === "ExecutorUnavailable" ? yield* failure : Result.fail(failure)',
    "Result.fail(failure as never)",
    "selfplay/Loop",
  ),
  mutation(
    "selfplay/Loop",
    "a penalty without a gradient",
    'kl?.in === "loss" && kl.estimator === "k1"',
    'kl?.in === "loss" && kl.coefficient < 0',
  ),
  mutation(
    "selfplay/Loop",
    "a kind that can propose nothing",
    "references?.given !== true || !proposes",
    "references?.given !== true || proposes",
  ),
  mutation(
    "language/languageEnvironment",
    "induction: shown and hidden pairs alike",
    "[inputs.slice(0, shown), inputs.slice(shown)]",
    "[inputs, inputs.slice(0, 0)]",
  ),
  mutation(
    "selfplay/Loop",
    "a stop without a checkpoint",
    "if (stop && !scheduled)",
    "if (stop && scheduled)",
  ),
  mutation(
    "selfplay/Loop",
    "a stop's checkpoint in the log",
    "if (scheduled) yield* store.append",
    "yield* store.append",
  ),
  mutation(
    "selfplay/Loop",
    "a failure without an end",
    'Effect.ignore(end("failed", error.message))',
    "Effect.as(Effect.void, error)",
  ),
  mutation(
    "selfplay/Seed",
    "seeds may be held out",
    "isHeldOut(heldOut, track, task.success) ||",
    "",
    "selfplay/Loop",
  ),
  mutation(
    "Advantage",
    "RLOO without n / (n − 1)",
    "(value * group.length) / Math.max(1, group.length - 1)",
    "value",
  ),
  mutation("Advantage", "RAE: decay on the reward", "(1 - config.decay) * reward", "config.decay * reward"),
  mutation("Advantage", "RAE forgets", "baselines.set(cell, baseline)", ""),
  mutation(
    "Advantage",
    "Dr.GRPO over cells",
    '"drGrpo":\n      return within(batch, groupKey, (group) => centre(rewards(group)))',
    '"drGrpo":\n      return within(batch, ({ cell }) => cell, (group) => centre(rewards(group)))',
  ),
  mutation(
    "Advantage",
    "Dr.GRPO with the deviation",
    '"drGrpo":\n      return within(batch, groupKey, (group) => centre(rewards(group)))',
    '"drGrpo":\n      return within(batch, groupKey, (group) => standardized(rewards(group), { epsilon: 0, deviation: "population" }))',
  ),
  mutation(
    "Advantage",
    "REINFORCE++ within cells",
    "return whitenedOverTokens(batch, config.epsilon)",
    "return within(batch, ({ cell }) => cell, (cell) => whitenedOverTokens(cell, config.epsilon))",
  ),
  mutation("PolicyLoss", "k1: sign of d", "value: d, slope: 1", "value: -d, slope: 1"),
  mutation("PolicyLoss", "k1: slope of k2", "value: d, slope: 1", "value: d, slope: d"),
  mutation("PolicyLoss", "k2 without the half", "(d * d) / 2", "d * d"),
  mutation("PolicyLoss", "k3: sign of d", "Math.expm1(-d) + d, slope", "Math.expm1(-d) - d, slope"),
  mutation("PolicyLoss", "k3: slope of k1", "slope: -Math.expm1(-d)", "slope: 1"),
  mutation(
    "language/treeDistance",
    "deletions cost nothing",
    "forests[(i + 1) * width + j]!) + 1",
    "forests[(i + 1) * width + j]!)",
  ),
  mutation("language/treeDistance", "labels do not matter", "a.labels[i] === b.labels[j] ? 0 : 1", "0"),
  mutation(
    "selfplay/Propose",
    "one program as two functions",
    "chosen.set(family, record)",
    "chosen.set(String(record.id), record)",
  ),
  mutation(
    "selfplay/Propose",
    "functions drawn from the stream of references",
    "`propose/${track.key}/composite`",
    "`propose/${track.key}/references`",
  ),
  mutation(
    "selfplay/Partial",
    "a fault is no credit",
    "Effect.catchTag(faults, () => Effect.succeed(null))",
    "Effect.catchTag(faults, () => Effect.succeed(0))",
    "selfplay/Learn",
  ),
  mutation(
    "selfplay/Grade",
    "the KL penalty is a bonus",
    "? kl.coefficient *",
    "? -kl.coefficient *",
    "selfplay/Learn",
  ),
  mutation(
    "selfplay/Sampling",
    "all wait for the slowest",
    "if (engine.capabilities.sideBySide)",
    "if (false)",
  ),
  mutation(
    "selfplay/Stopwatch",
    "overlapping activities count twice",
    "[activity] > 0)",
    "[activity] === 1)",
  ),
]

const core = path.dirname(import.meta.dirname)
const root = path.resolve(core, "../..")

/** Whether the tests of one module pass in a copy of the package, and what they say if not. */
const testsPass = (copy: string, module: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        path.join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        `--config=${path.join(root, "vitest.config.ts")}`,
        `--root=${copy}`,
        "--reporter=dot",
        `test/${module}.test.ts`,
      ],
      { cwd: copy, stdio: ["ignore", "pipe", "pipe"] },
    )
    let output = ""
    child.stdout.on("data", (chunk) => (output += String(chunk)))
    child.stderr.on("data", (chunk) => (output += String(chunk)))
    child.on("error", reject)
    child.on("close", (code) => {
      if (/Tests .*\d+ (passed|failed)/u.test(output)) resolve(code === 0)
      else reject(new Error(`no tests ran for ${module}:\n${output}`))
    })
  })

const mutated = (source: string, { from, module, name, to }: Mutation): string => {
  const parts = source.split(from)
  if (parts.length !== 2) {
    throw new Error(
      `${module}, "${name}": ${JSON.stringify(from)} stands ${parts.length - 1} times in the source`,
    )
  }
  return parts.join(to)
}

const report = (line: string) => process.stdout.write(`${line}\n`)

for (const each of mutations)
  mutated(await readFile(path.join(core, "src", `${each.module}.ts`), "utf8"), each)
if (process.argv.includes("--check")) process.exit()

const copy = await mkdtemp(path.join(tmpdir(), "azr-mutate-"))
try {
  for (const part of ["src", "test", "package.json"])
    await cp(path.join(core, part), path.join(copy, part), { recursive: true })
  await symlink(path.join(core, "node_modules"), path.join(copy, "node_modules"))

  for (const module of new Set(mutations.map((each) => each.tests))) {
    if (!(await testsPass(copy, module))) throw new Error(`the tests of ${module} fail without any mutation`)
  }
  let survivors = 0
  report("| module | mutation | tests |\n|---|---|---|")
  for (const each of mutations) {
    const file = path.join(copy, "src", `${each.module}.ts`)
    const source = await readFile(file, "utf8")
    await writeFile(file, mutated(source, each))
    const survived = await testsPass(copy, each.tests)
    await writeFile(file, source)
    survivors += survived ? 1 : 0
    report(`| ${each.module} | ${each.name} | ${survived ? "PASS: not noticed" : "fail, as they must"} |`)
  }
  report(`\n${mutations.length - survivors} of ${mutations.length} mutations noticed`)
  process.exitCode = survivors === 0 ? 0 : 1
} finally {
  await rm(copy, { recursive: true, force: true })
}
