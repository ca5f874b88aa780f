/** What PyTorch computed on a small model: `scripts/torchFixture.py` wrote the file and says how. */
import { readFileSync } from "node:fs"
import { PolicyEngine } from "@azr/core"
import { assert, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { decodeSafetensors } from "../src/checkpoint/Safetensors.ts"
import { type Engine, type EngineState, ModelConfig, type Sequence, type TensorValues } from "../src/index.ts"

interface Case {
  readonly loss: PolicyEngine.LossConfig
  readonly regularization?: PolicyEngine.Regularization
  readonly value: number
  readonly logprobs: ReadonlyArray<ReadonlyArray<number>>
}

const bytes = readFileSync(new URL("./torch.safetensors", import.meta.url))
const { metadata, tensors } = Result.getOrThrow(decodeSafetensors(bytes))
const parsed = (name: string): unknown => JSON.parse(metadata[name] ?? "")
const part = (prefix: string): TensorValues =>
  new Map(
    [...tensors].flatMap(([name, { values }]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), values] as const] : [],
    ),
  )

export const torchConfig = Schema.decodeUnknownSync(ModelConfig)(parsed("config"))
const sequences = parsed("sequences") as ReadonlyArray<Sequence>
const cases = parsed("cases") as Readonly<Record<string, Case>>
const adam = Schema.decodeUnknownSync(PolicyEngine.AdamConfig)(parsed("adam"))
const gradNorms = parsed("gradNorms") as ReadonlyArray<number>
const parameters = part("parameter")
const zeros: TensorValues = new Map(
  [...parameters].map(([name, values]) => [name, new Float32Array(values.length)]),
)
const start: EngineState = { parameters, m: zeros, v: zeros, step: 0 }

/** Largest difference over the largest number of any tensor, the worst tensor's. */
const relativeError = (actual: TensorValues, expected: TensorValues): number =>
  Math.max(
    ...[...expected].map(([name, exact]) => {
      const own = actual.get(name) as Float32Array
      const largest = exact.reduce((most, g) => Math.max(most, Math.abs(g)), 0)
      assert.isAbove(largest, 0, name)
      return exact.reduce((most, g, i) => Math.max(most, Math.abs(g - (own[i] as number))), 0) / largest
    }),
  )

/** Registers the comparison for an engine that holds `torchConfig`. */
export const torchSuite = (
  name: string,
  withEngine: (
    use: (engine: Engine & { readonly gradient: () => Promise<TensorValues> }) => Promise<void>,
  ) => Promise<void>,
): void => {
  for (const [title, { logprobs, loss, regularization, value }] of Object.entries(cases)) {
    it(`${name}: loss and gradient of ${title} are PyTorch's in float64`, async () => {
      await withEngine(async (engine) => {
        await engine.setState(start)
        const output = await engine.forwardBackward(sequences, loss, regularization)
        assert.closeTo(output.loss, value, 1e-5 * Math.abs(value))
        logprobs.forEach((row, s) =>
          row.forEach((exact, t) => assert.closeTo(output.logprobs[s]?.[t] as number, exact, 1e-5)),
        )
        // Rounding to float32 alone, which comes to 1.1e-6.
        assert.isBelow(relativeError(await engine.gradient(), part(title)), 1e-5)
      })
    })
  }

  it(`${name}: three updates with clipping are those of PyTorch's AdamW`, async () => {
    await withEngine(async (engine) => {
      await engine.setState(start)
      for (const [step, { loss }] of Object.values(cases).slice(0, 3).entries()) {
        await engine.forwardBackward(sequences, loss)
        const { gradNorm } = await engine.optimStep(adam)
        const expected = gradNorms[step] as number
        assert.isAbove(expected, adam.gradClip as number)
        assert.closeTo(gradNorm, expected, 1e-4 * expected)
      }
      const moved = (after: TensorValues): TensorValues =>
        new Map(
          [...after].map(([tensor, values]) => [
            tensor,
            values.map((p, i) => p - (parameters.get(tensor)?.[i] as number)),
          ]),
        )
      const state = await engine.getState()
      assert.isBelow(relativeError(moved(state.parameters), moved(part("trained"))), 1e-4)
    })
  })
}
