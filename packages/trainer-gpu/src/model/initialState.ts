/** The state of a policy before any training. */
import { RandomStreams } from "@azr/core"
import type { EngineState } from "../Engine.ts"
import { type ModelConfig, modelTensors, tensorSize } from "./ModelConfig.ts"

/** Parameters as `modelTensors` says, normal numbers from the stream `init` of the seed; moments 0, step 0. */
export const initialState = (config: ModelConfig, seed: number): EngineState => {
  const stream = new RandomStreams.RandomStreams(seed).get("init")
  const parameters = new Map<string, Float32Array>()
  for (const spec of modelTensors(config)) {
    const { initial } = spec
    const draw = initial.kind === "constant" ? () => initial.value : () => initial.deviation * normal(stream)
    parameters.set(spec.name, Float32Array.from({ length: tensorSize(spec) }, draw))
  }
  const zeros = new Map([...parameters].map(([name, values]) => [name, new Float32Array(values.length)]))
  return { parameters, m: zeros, v: zeros, step: 0 }
}

/** Box–Muller. */
const normal = (stream: RandomStreams.RandomStream): number => {
  const radius = Math.sqrt(-2 * Math.log(1 - stream.float()))
  return radius * Math.cos(2 * Math.PI * stream.float())
}
