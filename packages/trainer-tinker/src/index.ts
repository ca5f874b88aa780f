/** The policy engine over the Tinker API; the client below it; the wire, which a server needs, too; and the tokenizers of models. */
export type { Reduction } from "./sumOfLosses.ts"
export * as TinkerClient from "./TinkerClient.ts"
export * as TinkerEngine from "./TinkerEngine.ts"
export { TinkerError, TinkerErrorKind } from "./TinkerError.ts"
export * as Messages from "./wire/messages.ts"
export * as Protobuf from "./wire/protobuf.ts"
export type { TrainingOutput, TrainingRequest, WireDatum } from "./wire/training.ts"
export {
  makeHuggingFaceTokenizer,
  type HuggingFaceTokenizer,
  type TokenizerOptions,
} from "./tokenizer/HuggingFaceTokenizer.ts"
export { modelFamilies, type ModelFamily, type PromptForm } from "./tokenizer/ModelFamily.ts"
export {
  ChatTemplateError,
  ModelFamilyError,
  SpecialTokenError,
  TokenizerFileError,
  type TokenizerError,
} from "./tokenizer/TokenizerError.ts"
export { optionalFiles, requiredFiles } from "./tokenizer/tokenizerFiles.ts"
export {
  PythonAnswer,
  pythonCheck,
  pythonComparison,
  type PythonComparison,
} from "./tokenizer/pythonCheck.ts"
