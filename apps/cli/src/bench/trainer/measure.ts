/**
 * The benchmark of trainers: our engines and PyTorch on the same weights and batches, each in a process of its own.
 * Their rounds take turns, so that whatever else the machine does hits all of them alike; medians of rounds count.
 */
import { availableParallelism } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"
import {
  encodeCheckpoint,
  initialState,
  type ModelConfig,
  parameterCount,
  profileWasm,
} from "@azr/trainer-gpu"
import { Effect, FileSystem, Schema } from "effect"
import { type LineProcess, LineProcessFailed, startLineProcess } from "../../LineProcess.ts"
import { median } from "../statistics.ts"
import { engineNames, Greeting, type Opening, Round, Unavailable } from "./questions.ts"
import { makeWorkload, type ModelName, models } from "./workload.ts"

type Contestant = (typeof Opening.Type)["engine"]
type Work = "train" | "sample"

export interface Rate {
  readonly tokensPerSecond: number
  readonly tokensPerCpuSecond: number
  /** Multiple of PyTorch's rate with as many threads; null where PyTorch is not there. */
  readonly timesPyTorch: number | null
}

export interface TrainerResult {
  readonly model: string
  readonly parameters: number
  readonly threads: number
  readonly contestant: Contestant
  readonly version: string
  readonly train: Rate
  readonly sample: Rate
}

export interface TrainerReport {
  readonly cores: number
  readonly node: string
  readonly results: ReadonlyArray<TrainerResult>
  /** Of one thread, by model. */
  readonly profiles: Readonly<Record<string, Effect.Success<ReturnType<typeof profile>>>>
  /** What was not measured, and why. */
  readonly missing: Readonly<Record<string, string>>
}

export interface TrainerPlan {
  readonly models: ReadonlyArray<ModelName>
  readonly python: string
  readonly threads: ReadonlyArray<number>
  readonly rounds: number
  readonly seconds: number
  readonly say: (line: string) => Effect.Effect<void>
}

const cellScript = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./cell.ts" : "./cell.js", import.meta.url),
)
const torchScript = fileURLToPath(import.meta.resolve("@azr/trainer-gpu/pytorch/bench.py"))
/** Relative difference of two losses in float32 that were summed in other orders. */
const SAME_LOSS = 1e-3

interface Running {
  readonly contestant: Contestant
  readonly version: string
  readonly loss: number
  readonly ask: LineProcess["ask"]
  readonly rounds: Record<Work, Array<typeof Round.Type>>
}

export const measureTrainers = Effect.fnUntraced(function* (plan: TrainerPlan) {
  const missing: Record<string, string> = {}
  const results: Array<TrainerResult> = []
  const profiles: Record<string, Effect.Success<ReturnType<typeof profile>>> = {}
  for (const model of plan.models) {
    const config = models[model]
    for (const threads of plan.threads) {
      yield* plan.say(`${model}, ${threads} thread${threads === 1 ? "" : "s"}`)
      results.push(...(yield* Effect.scoped(measureTogether(model, config, threads, plan, missing))))
    }
    profiles[model] = yield* profile(config)
  }
  const report: TrainerReport = {
    cores: availableParallelism(),
    node: process.versions.node,
    results,
    profiles,
    missing,
  }
  return report
})

/** All contestants on one model with one number of threads. */
const measureTogether = Effect.fnUntraced(function* (
  model: string,
  config: ModelConfig,
  threads: number,
  plan: TrainerPlan,
  missing: Record<string, string>,
) {
  const files = yield* writeFiles(config)
  const running: Array<Running> = []
  for (const contestant of [...engineNames, "pytorch"] as const) {
    if (contestant in missing) continue
    const started = yield* start({ engine: contestant, threads, ...files }, plan)
    if ("unavailable" in started) missing[contestant] = started.unavailable
    else running.push(started)
  }
  const [first] = running
  for (const { contestant, loss } of running) {
    if (first !== undefined && Math.abs(loss / first.loss - 1) > SAME_LOSS) {
      const reason = `its first loss is ${loss}, that of ${first.contestant} ${first.loss}: not the same work`
      return yield* new LineProcessFailed({ command: contestant, reason })
    }
  }
  for (let round = -1; round < plan.rounds; round++) {
    for (const work of ["train", "sample"] as const) {
      for (const { ask, rounds } of running) {
        const answer = yield* ask(Round, { work, seconds: plan.seconds })
        // The round before the first is to warm up: code becomes hot, PyTorch finds its best chunks.
        if (round >= 0) rounds[work].push(answer)
      }
    }
  }
  const rate = ({ rounds }: Running, work: Work, per: "seconds" | "cpuSeconds") =>
    median(rounds[work].map((round) => round.tokens / round[per]))
  const torch = running.find(({ contestant }) => contestant === "pytorch")
  return running.map((each): TrainerResult => {
    const rates = (work: Work): Rate => ({
      tokensPerSecond: rate(each, work, "seconds"),
      tokensPerCpuSecond: rate(each, work, "cpuSeconds"),
      timesPyTorch: torch === undefined ? null : rate(each, work, "seconds") / rate(torch, work, "seconds"),
    })
    const { contestant, version } = each
    const parameters = parameterCount(config)
    return { model, parameters, threads, contestant, version, train: rates("train"), sample: rates("sample") }
  })
})

/** What contestants read, in a folder that goes with the scope. */
const writeFiles = Effect.fnUntraced(function* (config: ModelConfig) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "azr-bench-" })
  const policy = path.join(folder, "policy.safetensors")
  const workload = path.join(folder, "workload.json")
  const [file] = encodeCheckpoint({ config, state: initialState(config, 1) })
  if (file !== undefined) yield* fs.writeFile(policy, file.bytes)
  yield* fs.writeFileString(workload, JSON.stringify(makeWorkload()))
  return { policy, workload }
})

const start = (opening: typeof Opening.Type, { python }: TrainerPlan) => {
  const { engine } = opening
  const [file, args] =
    engine === "pytorch"
      ? [python, ["-B", torchScript]]
      : [process.execPath, [...process.execArgv, cellScript]]
  return Effect.gen(function* () {
    const { ask } = yield* startLineProcess(engine, file, args)
    const greeting = yield* ask(Schema.Union([Greeting, Unavailable]), opening)
    if ("unavailable" in greeting) return greeting
    return { contestant: engine, ...greeting, ask, rounds: { train: [], sample: [] } } satisfies Running
  }).pipe(
    // Without Python or without torch there is no baseline; an engine of ours that fails is a failure.
    Effect.catchTag("LineProcessFailed", (failure) =>
      engine === "pytorch" ? Effect.succeed({ unavailable: failure.reason }) : Effect.fail(failure),
    ),
  )
}

const profile = (config: ModelConfig) => {
  const { maxTokens, prompts, samplesPerPrompt, sequences } = makeWorkload()
  const seeds = Array.from({ length: samplesPerPrompt }, (_, seed) => seed)
  // A quarter of the work gives the same shares.
  const requests = prompts.slice(0, 25).map((prompt) => ({ prompt, seeds, maxTokens, temperature: 1 }))
  return Effect.promise(() =>
    profileWasm(config, initialState(config, 1), sequences.slice(0, 64), requests, 3),
  )
}
