import { assert, describe, it } from "@effect/vitest"
import type { PolicyEngine } from "@azr/core"
import { Result } from "effect"
import { decodeSafetensors, encodeSafetensors } from "../src/checkpoint/Safetensors.ts"
import {
  configProblem,
  decodeCheckpoint,
  encodeCheckpoint,
  type GptEngine,
  nanoModel,
  nanoModelOfDepth,
  parameterCount,
} from "../src/index.ts"
import { randomSequences, randomStream, tinyModel, withEngine } from "./fixtures.ts"

const adam = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, gradClip: 1 }
const batches = [randomSequences([9, 20, 13], "a"), randomSequences([30, 5], "b"), randomSequences([17], "c")]

const train = async (engine: GptEngine, rounds: number) => {
  for (let i = 0; i < rounds; i++) {
    await engine.forwardBackward(batches[i % batches.length] ?? [], { _tag: "crossEntropy" })
    await engine.optimStep(adam)
  }
}
const save = async (engine: GptEngine) =>
  encodeCheckpoint({ config: tinyModel, state: await engine.getState() })
const load = async (engine: GptEngine, files: ReadonlyArray<PolicyEngine.PolicyFile>) =>
  engine.setState(Result.getOrThrow(decodeCheckpoint(files)).state)

describe("a checkpoint", () => {
  it("continues to the bit in another engine", async () => {
    const { middle, end } = await withEngine(tinyModel, 2, async (engine) => {
      await train(engine, 3)
      const middle = await save(engine)
      await train(engine, 3)
      return { middle, end: await save(engine) }
    })
    const resumed = await withEngine(tinyModel, 1, async (engine) => {
      await load(engine, middle)
      assert.deepStrictEqual(await save(engine), middle)
      await train(engine, 3)
      return save(engine)
    })
    assert.deepStrictEqual(resumed, end)
  })

  it("of the policy alone starts a fresh optimizer", async () => {
    await withEngine(tinyModel, 1, async (engine) => {
      await train(engine, 2)
      const [policy] = await save(engine)
      const { state } = Result.getOrThrow(decodeCheckpoint([policy as PolicyEngine.PolicyFile]))
      assert.strictEqual(state.step, 0)
      for (const moments of [state.m, state.v]) {
        for (const values of moments.values()) assert.isTrue(values.every((value) => value === 0))
      }
      assert.deepStrictEqual(state.parameters, (await engine.getState()).parameters)
    })
  })

  it("of the nano model is smaller than a megabyte", async () => {
    const files = await withEngine(nanoModel, 1, async (engine) =>
      encodeCheckpoint({ config: nanoModel, state: await engine.getState() }),
    )
    assert.isBelow(files[0]?.bytes.length as number, 1e6)
    assert.deepStrictEqual(Result.getOrThrow(decodeCheckpoint(files)).config, nanoModel)
  })

  it("of any depth is a model, from 0.03 to 30 million parameters", () => {
    const counts = [2, 4, 8, 12, 21].map((depth) => {
      assert.isNull(configProblem(nanoModelOfDepth(depth)))
      return parameterCount(nanoModelOfDepth(depth))
    })
    assert.deepStrictEqual(counts, [34_784, 217_536, 1_616_768, 5_377_344, 28_582_512])
  })

  it("that was cut, edited or mixed up is an error that names the file", async () => {
    const [policy, optimizer] = (await withEngine(tinyModel, 1, save)) as [
      PolicyEngine.PolicyFile,
      PolicyEngine.PolicyFile,
    ]
    const rewritten = (edit: (contents: ReturnType<typeof contentsOf>) => void, file = policy) => {
      const contents = contentsOf(file)
      edit(contents)
      return { name: file.name, bytes: encodeSafetensors(contents) }
    }
    refused([], policy.name, "is missing")
    refused([optimizer], policy.name, "is missing")
    refused([policy, { name: "notes.txt", bytes: new Uint8Array() }], "notes.txt", "is not one of")
    refused([{ ...policy, bytes: optimizer.bytes }], policy.name, `"config"`)
    refused([policy, { ...optimizer, bytes: policy.bytes }], optimizer.name, `"step"`)
    refused([rewritten(({ tensors }) => tensors.delete("norm.bias"))], policy.name, "norm.bias is missing")
    refused(
      [rewritten(({ tensors }) => tensors.set("other", { shape: [0], values: new Float32Array(0) }))],
      policy.name,
      "tensors, the model has",
    )
    refused(
      [rewritten(({ tensors }) => tensors.set("norm.bias", { shape: [8], values: new Float32Array(8) }))],
      policy.name,
      "shape [8], not [16]",
    )
    refused(
      [rewritten(({ tensors }) => tensors.get("norm.bias")?.values.fill(NaN, 3, 4))],
      policy.name,
      "norm.bias holds NaN at 3",
    )
    refused([rewritten(({ metadata }) => (metadata["format"] = "gguf"))], policy.name, "gguf")
    refused(
      [rewritten(({ metadata }) => (metadata["config"] = JSON.stringify({ ...tinyModel, width: 20 })))],
      policy.name,
      "width 20 over 2 heads",
    )
    refused(
      [policy, rewritten(({ metadata }) => (metadata["step"] = "-1"), optimizer)],
      optimizer.name,
      `"step" is -1`,
    )
  })
})

const contentsOf = (file: PolicyEngine.PolicyFile) => {
  const { tensors, metadata } = Result.getOrThrow(decodeSafetensors(file.bytes))
  return { tensors: new Map(tensors), metadata: { ...metadata } }
}

describe("safetensors", () => {
  const contents = {
    metadata: { note: "a ü" },
    tensors: new Map([
      ["b", { shape: [2, 3], values: Float32Array.of(1, -2, 0.5, 3e38, 1e-45, 0) }],
      ["a", { shape: [], values: Float32Array.of(7) }],
      ["empty", { shape: [0, 4], values: new Float32Array(0) }],
    ]),
  }
  const bytes = encodeSafetensors(contents)

  it("reads what it wrote, from any place in a buffer", () => {
    const larger = new Uint8Array(bytes.length + 3)
    larger.set(bytes, 3)
    assert.deepStrictEqual(Result.getOrThrow(decodeSafetensors(larger.subarray(3))), contents)
  })

  it("reads a file that Python's library wrote", () => {
    // safetensors.numpy.save({"w": np.array([[1, 2], [3, 4]], np.float32)}, metadata={"k": "v"})
    const written =
      "58000000000000007b225f5f6d657461646174615f5f223a7b226b223a2276227d2c2277223a7b226474797065223a22" +
      "463332222c227368617065223a5b322c325d2c22646174615f6f666673657473223a5b302c31365d7d7d202020202020" +
      "0000803f000000400000404000008040"
    assert.deepStrictEqual(
      Result.getOrThrow(decodeSafetensors(Uint8Array.from(Buffer.from(written, "hex")))),
      {
        metadata: { k: "v" },
        tensors: new Map([["w", { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }]]),
      },
    )
  })

  it("cut anywhere is an error", () => {
    for (let length = 0; length < bytes.length; length++) {
      assert.isTrue(Result.isFailure(decodeSafetensors(bytes.subarray(0, length))), `${length} bytes`)
    }
  })

  it("with any byte of the header changed is an error or still whole", () => {
    const stream = randomStream("corruption")
    const headerEnd = bytes.length - 28
    for (let i = 0; i < headerEnd; i++) {
      const edited = bytes.slice()
      edited[i] = stream.integer(0, 255)
      const result = decodeSafetensors(edited)
      if (Result.isFailure(result)) continue
      const elements = [...result.success.tensors.values()].map((tensor) => tensor.values.length)
      assert.strictEqual(
        elements.reduce((sum, n) => sum + n, 0),
        7,
      )
    }
  })

  it("refuses holes, overlaps, trailing bytes and other types", () => {
    assert.isTrue(Result.isSuccess(withHeader({ a: tensor(0, 8), b: tensor(8, 16) }, 16)))
    assert.isTrue(Result.isFailure(withHeader({ a: tensor(0, 8), b: tensor(12, 16) }, 16)))
    assert.isTrue(Result.isFailure(withHeader({ a: tensor(0, 8), b: tensor(4, 12) }, 12)))
    assert.isTrue(Result.isFailure(withHeader({ a: tensor(0, 8) }, 12)))
    assert.isTrue(Result.isFailure(withHeader({ a: tensor(0, 8, "I32") }, 8)))
    assert.isTrue(Result.isFailure(withHeader({ a: { ...tensor(0, 8), shape: [-1, -2] } }, 8)))
    assert.isTrue(Result.isFailure(withHeader([], 0)))
    assert.isTrue(Result.isFailure(withHeader({ __metadata__: { n: 1 } }, 0)))
  })
})

const refused = (files: ReadonlyArray<PolicyEngine.PolicyFile>, file: string, text: string) => {
  const error = Result.getOrThrow(Result.flip(decodeCheckpoint(files)))
  assert.strictEqual(error.file, file)
  assert.include(error.message, text)
}

const withHeader = (header: unknown, content: number) => {
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return decodeSafetensors(Uint8Array.from(Buffer.concat([length, text, Buffer.alloc(content)])))
}
const tensor = (from: number, to: number, dtype = "F32") => ({
  dtype,
  shape: [(to - from) / 4],
  data_offsets: [from, to],
})
