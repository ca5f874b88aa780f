/** The policy engine over the Tinker API, and the tokenizers of its models. */
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
