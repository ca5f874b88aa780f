/** A process of `azr bench trainer`: one engine of ours under measurement. Ends with its input. */
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import {
  decodeCheckpoint,
  type Engine,
  GptEngine,
  type ModelConfig,
  TensorFlowUnavailable,
  TfjsEngine,
} from "@azr/trainer-gpu"
import { Result, Schema } from "effect"
import { Opening, Question, Workload } from "./questions.ts"

const decode = <S extends Schema.Decoder<unknown>>(schema: S, text: string): S["Type"] =>
  Schema.decodeSync(Schema.fromJsonString(schema))(text)
const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`)

const open = (config: ModelConfig, { engine, threads }: typeof Opening.Type): Promise<Engine> => {
  if (engine === "wasm") return GptEngine.make(config, { workers: threads })
  if (engine === "pytorch") throw new Error("PyTorch is measured by a script of its own")
  // libtensorflow reads them when it loads.
  process.env["TF_NUM_INTRAOP_THREADS"] = String(threads)
  process.env["TF_NUM_INTEROP_THREADS"] = "1"
  process.env["OMP_NUM_THREADS"] = String(threads)
  return TfjsEngine.make(config, engine)
}

const serve = async (lines: AsyncIterator<string>): Promise<void> => {
  const opening = decode(Opening, String((await lines.next()).value))
  const bytes = readFileSync(opening.policy)
  const { config, state } = Result.getOrThrow(decodeCheckpoint([{ name: "policy.safetensors", bytes }]))
  const workload = decode(Workload, readFileSync(opening.workload, "utf8"))
  const engine = await open(config, opening)
  await engine.setState(state)

  const trained = workload.sequences.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const train = async () => {
    const { loss } = await engine.forwardBackward(workload.sequences, { _tag: "crossEntropy" })
    await engine.optimStep(workload.adam)
    return { loss, tokens: trained }
  }
  let seed = 0
  const sample = async () => {
    const samples = await engine.sample(
      workload.prompts.map((prompt) => ({
        prompt,
        seeds: Array.from({ length: workload.samplesPerPrompt }, () => seed++),
        maxTokens: workload.maxTokens,
        temperature: 1,
      })),
    )
    return { tokens: samples.flat().reduce((sum, { tokens }) => sum + tokens.length, 0) }
  }
  say({ version: engine.device, loss: (await train()).loss })
  const works = { train, sample }
  for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
    const { seconds, work } = decode(Question, line.value)
    const start = performance.now()
    const cpu = process.cpuUsage()
    let tokens = 0
    while (performance.now() - start < 1000 * seconds) tokens += (await works[work]()).tokens
    const { system, user } = process.cpuUsage(cpu)
    say({ tokens, seconds: (performance.now() - start) / 1000, cpuSeconds: (system + user) / 1e6 })
  }
  await engine.close()
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
await serve(lines).catch((cause: unknown) => {
  if (!(cause instanceof TensorFlowUnavailable)) throw cause
  say({ unavailable: cause.message })
})
