/**
 * One training step of the nano model here and in PyTorch, compared:
 * `pnpm --filter @azr/trainer-gpu torch-parity [python]`. The Python given (default `python3`) needs torch, numpy and safetensors. Exit code 1 if they differ.
 */
import { spawnSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { RandomStreams } from "@azr/core"
import { encodeSafetensors } from "../src/checkpoint/Safetensors.ts"
import { encodeCheckpoint, GptEngine, modelTensors, nanoModel, type Sequence } from "../src/index.ts"

const [python = "python3"] = process.argv.slice(2)
const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.01, gradClip: 1 }

const stream = new RandomStreams.RandomStreams(1).get("torch parity")
const sequences: ReadonlyArray<Sequence> = Array.from({ length: 64 }, () => {
  const length = stream.integer(2, 60)
  return {
    tokens: Array.from({ length }, () => stream.integer(0, nanoModel.vocabulary.pieces.length - 1)),
    weights: Array.from({ length }, (_, t) => (t === 0 ? 0 : stream.float() / 1000)),
    positionOffset: stream.integer(0, 120),
    statementOffset: stream.integer(0, 2),
  }
})

const folder = await mkdtemp(join(tmpdir(), "azr-parity-"))
const engine = await GptEngine.make(nanoModel, { workers: 2 })
try {
  await engine.initialise(1)
  const save = async (name: string) => {
    const [policy] = encodeCheckpoint({ config: nanoModel, state: await engine.getState() })
    if (policy !== undefined) await writeFile(join(folder, name), policy.bytes)
  }
  await save("before.safetensors")
  const { loss } = await engine.forwardBackward(sequences, { _tag: "crossEntropy" })
  const gradient = await engine.gradient()
  const { gradNorm } = await engine.optimStep(adam)
  await save("after.safetensors")
  const tensors = new Map(
    modelTensors(nanoModel).map((spec) => {
      const values = gradient.get(spec.name) ?? new Float32Array()
      return [spec.name, { shape: spec.shape, values }] as const
    }),
  )
  await writeFile(join(folder, "gradient.safetensors"), encodeSafetensors({ metadata: {}, tensors }))
  await writeFile(join(folder, "step.json"), JSON.stringify({ sequences, adam, loss, gradNorm }))
} finally {
  await engine.close()
}
const script = fileURLToPath(new URL("./torchParity.py", import.meta.url))
const { status, error } = spawnSync(python, [script, folder], { stdio: "inherit" })
await rm(folder, { recursive: true })
if (error !== undefined) throw error
process.exitCode = status === 0 ? 0 : 1
