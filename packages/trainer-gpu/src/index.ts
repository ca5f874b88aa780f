/** Local policy engines. `WasmPolicyEngine.layer` is the default one; `GptEngine` is the same engine without Effect. */
export {
  CheckpointError,
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
} from "./checkpoint/Checkpoint.ts"
export { huggingFaceCheck, huggingFaceCode, huggingFaceFiles } from "./checkpoint/huggingFace.ts"
export {
  InvalidRequest,
  NonFiniteGradient,
  type Engine,
  type EngineState,
  type Sequence,
  type TensorValues,
  type TrainOutput,
} from "./Engine.ts"
export * as LocalBackends from "./LocalBackends.ts"
export { initialState } from "./model/initialState.ts"
export { ModelConfig, configProblem, modelTensors, parameterCount } from "./model/ModelConfig.ts"
export { PieceTokenizer, type Encoding } from "./model/PieceTokenizer.ts"
export { promptTokenizer } from "./model/promptTokenizer.ts"
export { nanoModel, nanoModelOfDepth } from "./nano/nanoModel.ts"
export { GptEngine, type EngineOptions } from "./wasm/GptEngine.ts"
export * as TfjsPolicyEngine from "./TfjsPolicyEngine.ts"
export {
  loadTensorFlow,
  TensorFlowUnavailable,
  type Flavour,
  type UnavailableCode,
} from "./tfjs/TensorFlow.ts"
export { TfjsEngine } from "./tfjs/TfjsEngine.ts"
export { profileWasm, type Profile, type Work } from "./wasm/profile.ts"
export * as WasmPolicyEngine from "./WasmPolicyEngine.ts"
