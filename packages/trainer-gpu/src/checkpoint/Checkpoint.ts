/**
 * A policy as files: `policy.safetensors` holds the parameters and, as metadata, the model's configuration with its
 * vocabulary; `optimizer.safetensors` holds AdamW's moments and step count. Both together continue training exactly.
 */
import type { PolicyEngine } from "@azr/core"
import { Result, Schema } from "effect"
import { configProblem, ModelConfig, modelTensors } from "../model/ModelConfig.ts"
import type { EngineState, TensorValues } from "../Engine.ts"
import { decodeSafetensors, encodeSafetensors, type Contents, type Tensor } from "./Safetensors.ts"

export const POLICY_FILE = "policy.safetensors"
export const OPTIMIZER_FILE = "optimizer.safetensors"
const FORMAT = "azr-gpt-1"

/** The files are not a policy of this package, or do not belong together. */
export class CheckpointError extends Schema.TaggedError<CheckpointError>()("CheckpointError", {
  file: Schema.String,
  message: Schema.String,
}) {}

export interface Checkpoint {
  readonly config: ModelConfig
  readonly state: EngineState
}

export const encodeCheckpoint = (checkpoint: Checkpoint): ReadonlyArray<PolicyEngine.PolicyFile> => {
  const { config, state } = checkpoint
  const shapes = new Map(modelTensors(config).map((spec) => [spec.name, spec.shape]))
  const shaped = (values: TensorValues, prefix: string): ReadonlyArray<readonly [string, Tensor]> =>
    [...values].map(([name, numbers]) => [prefix + name, { shape: shapes.get(name) ?? [], values: numbers }])
  return [
    {
      name: POLICY_FILE,
      bytes: encodeSafetensors({
        metadata: { format: FORMAT, config: JSON.stringify(config) },
        tensors: new Map(shaped(state.parameters, "")),
      }),
    },
    {
      name: OPTIMIZER_FILE,
      bytes: encodeSafetensors({
        metadata: { format: FORMAT, step: String(state.step) },
        tensors: new Map([...shaped(state.m, "m."), ...shaped(state.v, "v.")]),
      }),
    },
  ]
}

/** Without an optimizer file, AdamW starts afresh: moments 0, step 0. Files of other names are refused. */
export const decodeCheckpoint = (
  files: ReadonlyArray<PolicyEngine.PolicyFile>,
): Result.Result<Checkpoint, CheckpointError> =>
  Result.gen(function* () {
    const known = [POLICY_FILE, OPTIMIZER_FILE]
    const stray = files.find((file) => !known.includes(file.name))
    if (stray !== undefined) return yield* invalid(stray.name, `is not one of ${known.join(", ")}`)
    const policyFile = files.find((file) => file.name === POLICY_FILE)
    if (policyFile === undefined) return yield* invalid(POLICY_FILE, "is missing")
    const policy = yield* readFile(policyFile)
    const config = yield* readConfig(policy.metadata["config"])
    const parameters = yield* readTensors(POLICY_FILE, policy, config, "")
    yield* refuseOthers(POLICY_FILE, policy, parameters.size)

    const optimizerFile = files.find((file) => file.name === OPTIMIZER_FILE)
    if (optimizerFile === undefined) {
      return { config, state: { parameters, m: zeros(parameters), v: zeros(parameters), step: 0 } }
    }
    const optimizer = yield* readFile(optimizerFile)
    const step = Number(optimizer.metadata["step"])
    if (!(Number.isSafeInteger(step) && step >= 0)) {
      return yield* invalid(OPTIMIZER_FILE, `metadata "step" is ${optimizer.metadata["step"]}`)
    }
    const m = yield* readTensors(OPTIMIZER_FILE, optimizer, config, "m.")
    const v = yield* readTensors(OPTIMIZER_FILE, optimizer, config, "v.")
    yield* refuseOthers(OPTIMIZER_FILE, optimizer, m.size + v.size)
    return { config, state: { parameters, m, v, step } }
  })

const readFile = (file: PolicyEngine.PolicyFile): Result.Result<Contents, CheckpointError> =>
  Result.gen(function* () {
    const contents = yield* Result.mapError(
      decodeSafetensors(file.bytes),
      ({ message }) => new CheckpointError({ file: file.name, message }),
    )
    const format = contents.metadata["format"]
    if (format !== FORMAT) return yield* invalid(file.name, `metadata "format" is ${format}, not ${FORMAT}`)
    return contents
  })

const readConfig = (text: string | undefined): Result.Result<ModelConfig, CheckpointError> =>
  Result.gen(function* () {
    const config = yield* Result.mapError(
      Schema.decodeUnknownResult(Schema.fromJsonString(ModelConfig))(text),
      (error) => new CheckpointError({ file: POLICY_FILE, message: `metadata "config": ${error.message}` }),
    )
    const problem = configProblem(config)
    if (problem !== null) return yield* invalid(POLICY_FILE, `metadata "config": ${problem}`)
    return config
  })

const readTensors = (
  file: string,
  contents: Contents,
  config: ModelConfig,
  prefix: string,
): Result.Result<TensorValues, CheckpointError> =>
  Result.gen(function* () {
    const values = new Map<string, Float32Array>()
    for (const spec of modelTensors(config)) {
      const name = prefix + spec.name
      const tensor = contents.tensors.get(name)
      if (tensor === undefined) return yield* invalid(file, `tensor ${name} is missing`)
      if (tensor.shape.join() !== spec.shape.join()) {
        return yield* invalid(
          file,
          `tensor ${name} has shape [${tensor.shape.join()}], not [${spec.shape.join()}]`,
        )
      }
      const at = tensor.values.findIndex((value) => !Number.isFinite(value))
      if (at >= 0) return yield* invalid(file, `tensor ${name} holds ${tensor.values[at]} at ${at}`)
      values.set(spec.name, tensor.values)
    }
    return values
  })

const refuseOthers = (
  file: string,
  contents: Contents,
  known: number,
): Result.Result<void, CheckpointError> =>
  contents.tensors.size === known
    ? Result.succeed(undefined)
    : invalid(file, `holds ${contents.tensors.size} tensors, the model has ${known}`)

const zeros = (like: TensorValues): TensorValues =>
  new Map([...like].map(([name, values]) => [name, new Float32Array(values.length)]))

const invalid = (file: string, message: string): Result.Result<never, CheckpointError> =>
  Result.fail(new CheckpointError({ file, message }))
