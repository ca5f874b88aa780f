/** What can be wrong with the files a tokenizer is read from. Each message ends with what to do. */
import { Schema } from "effect"

/** A file is not there, or is not what its name says. */
export class TokenizerFileError extends Schema.TaggedError<TokenizerFileError>()("TokenizerFileError", {
  file: Schema.String,
  message: Schema.String,
}) {}

/** A chat template cannot be read, fails, or writes turns that its model does not know. */
export class ChatTemplateError extends Schema.TaggedError<ChatTemplateError>()("ChatTemplateError", {
  message: Schema.String,
}) {}

/** A token that the model needs is not in its tokenizer, or is none of its special tokens. */
export class SpecialTokenError extends Schema.TaggedError<SpecialTokenError>()("SpecialTokenError", {
  /** Its text, or its id where only that is known. */
  token: Schema.String,
  message: Schema.String,
}) {}

/** No family of models is known that these files can belong to. */
export class ModelFamilyError extends Schema.TaggedError<ModelFamilyError>()("ModelFamilyError", {
  model: Schema.String,
  message: Schema.String,
}) {}

export type TokenizerError = TokenizerFileError | ChatTemplateError | SpecialTokenError | ModelFamilyError
