/**
 * Draws the held-out nano suites from a fixed seed and writes `data/nano-dev.jsonl` and `data/nano-test.jsonl`:
 * `pnpm make:suites`. Every task goes through the environment's own validation, so gold outputs come from the executor.
 */
import { mkdir, writeFile } from "node:fs/promises"
import { Environment, RandomStreams } from "@azr/core"
import type { LanguageTask, ProgramDraft } from "@azr/core/language"
import { Effect } from "effect"
import { pythonNano } from "../src/index.ts"
import { inductionPairs } from "../src/nano/bounds.ts"
import { type GrammarTask, drawTask } from "../src/nano/grammar.ts"
import { compact, source } from "../src/nano/program.ts"
import { suiteFile, suitePlan } from "../src/nano/suites.ts"
import { fromValue, renderNano } from "../src/nano/values.ts"

const seed = 20_251_122
/** A program must be good on so many inputs; one of them becomes the task's, or four for induction. */
const inputsTried = 5

type Plan = (typeof suitePlan)[number]

const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** Drafts of one suite, all different in program and first input. */
const drawDrafts = (
  { id, kind, statements, tasks }: Plan,
  split: "dev" | "test",
  streams: RandomStreams.RandomStreams,
): ReadonlyArray<ProgramDraft> => {
  const random = streams.get(`${split}/${id}`)
  const drafts = new Map<string, ProgramDraft>()
  while (drafts.size < tasks[split]) {
    const task: GrammarTask = drawTask(statements, split, inputsTried, random)
    const inputs = task.inputs.map(renderNano)
    const used = kind === "induction" ? [...new Set(inputs)].slice(0, inductionPairs) : inputs.slice(0, 1)
    if (kind === "induction" && used.length < inductionPairs) continue
    const key = `${compact(task.program)} ${used[0]}`
    if (!drafts.has(key)) drafts.set(key, { program: source(task.program), inputs: used, message: "" })
  }
  return [...drafts.values()]
}

/** A task as a row of the file; the inverse is in src/nano/suites.ts. */
const rowOf = (draft: ProgramDraft, task: LanguageTask): string => {
  const code = draft.program
    .split("\n")
    .slice(1, -1)
    .map((line) => line.trim())
  const written = (values: ReadonlyArray<Parameters<typeof fromValue>[0]>) => values.map(fromValue)
  switch (task._tag) {
    case "deduction":
    case "abduction":
      return JSON.stringify([compact(code), ...written([...task.input, task.output])])
    case "induction":
      return JSON.stringify([
        compact(code),
        task.pairs.map(({ input, output }) => written([...input, output])),
      ])
    case "error":
      throw new Error("the nano language has no tasks of the kind error")
  }
}

const make = Effect.fnUntraced(function* (split: "dev" | "test") {
  // Without its suites: they are what is made here.
  const environment = yield* Environment.open({ ...pythonNano, suites: Effect.succeed([]) })
  const streams = new RandomStreams.RandomStreams(seed)
  const lines: Array<string> = []
  for (const plan of suitePlan) {
    const kind = environment.kinds.get(plan.kind)
    if (kind === undefined) throw new Error(`no kind ${plan.kind}`)
    const drafts = drawDrafts(plan, split, streams)
    const tasks = yield* Effect.forEach(drafts, (draft) => kind.validate(draft), { concurrency: 64 })
    const strays = tasks.filter((task) => kind.split(task) !== split).length
    if (strays > 0) throw new Error(`${strays} tasks of ${plan.id} are not in the split ${split}`)
    lines.push(
      JSON.stringify(plan.id),
      ...tasks.map((task, i) => rowOf(drafts[i] as ProgramDraft, task as LanguageTask)),
    )
    say(
      `${split} ${plan.id}: ${tasks.length} tasks, ${new Set(drafts.map(({ program }) => program)).size} programs`,
    )
  }
  const text = `${lines.join("\n")}\n`
  yield* Effect.promise(() => writeFile(suiteFile(split), text))
  say(`${split}: ${text.length} bytes`)
}, Effect.scoped)

await mkdir(new URL("../data/", import.meta.url), { recursive: true })
await Effect.runPromise(Effect.forEach(["dev", "test"] as const, make))
