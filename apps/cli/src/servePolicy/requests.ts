/** What a Tinker server takes: more than our own client sends. Every field that it would not honour is refused by name. */
import { Schema } from "effect"

/** Fails the request: what it asks for is not there, or cannot be. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  status: Schema.Literals([400, 404, 409, 410, 415, 422, 425, 500]),
  message: Schema.String,
}) {}

const Nullish = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
const SeqId = Nullish(Schema.Int)

export const OptimStep = Schema.Struct({
  model_id: Schema.String,
  seq_id: SeqId,
  adam_params: Schema.Struct({
    learning_rate: Nullish(Schema.Finite),
    beta1: Nullish(Schema.Finite),
    beta2: Nullish(Schema.Finite),
    eps: Nullish(Schema.Finite),
    weight_decay: Nullish(Schema.Finite),
    grad_clip_norm: Nullish(Schema.Finite),
  }),
})

const Name = Schema.String.check(Schema.isPattern(/^[\w-]{1,255}$/u))
export const SaveWeights = Schema.Struct({ model_id: Schema.String, path: Name })

/** Under a name, or for this session alone. */
export const SaveForSampler = Schema.Struct({ model_id: Schema.String, path: Nullish(Name) })

export const LoadWeights = Schema.Struct({
  model_id: Schema.String,
  path: Schema.String,
  optimizer: Nullish(Schema.Boolean),
})

export const OfModel = Schema.Struct({ model_id: Schema.String })

export const CreateSamplingSession = Schema.Struct({
  session_id: Schema.String,
  base_model: Nullish(Schema.String),
  model_path: Nullish(Schema.String),
})

export const Sample = Schema.Struct({
  prompt: Schema.Struct({
    chunks: Schema.Array(Schema.Struct({ type: Schema.String, tokens: Nullish(Schema.Array(Schema.Int)) })),
  }),
  sampling_params: Schema.Struct({
    max_tokens: Schema.Int,
    seed: Nullish(Schema.Int),
    stop: Nullish(Schema.Array(Schema.Union([Schema.Int, Schema.String]))),
    temperature: Nullish(Schema.Finite),
    top_k: Nullish(Schema.Int),
    top_p: Nullish(Schema.Finite),
  }),
  num_samples: Nullish(Schema.Int),
  prompt_logprobs: Nullish(Schema.Boolean),
  topk_prompt_logprobs: Nullish(Schema.Int),
  base_model: Nullish(Schema.String),
  model_path: Nullish(Schema.String),
  sampling_session_id: Nullish(Schema.String),
})

/** What of a request would change nothing; null is nothing. */
export const unhonoured = (request: typeof Sample.Type): string | null => {
  const { stop, top_k, top_p } = request.sampling_params
  if (request.prompt_logprobs === true) return "prompt_logprobs"
  if ((request.topk_prompt_logprobs ?? 0) !== 0) return "topk_prompt_logprobs"
  if ((top_k ?? -1) !== -1) return "sampling_params.top_k"
  if ((top_p ?? 1) !== 1) return "sampling_params.top_p"
  if (stop?.some((word) => typeof word === "string") === true) return "sampling_params.stop of words"
  return request.prompt.chunks.some(({ tokens }) => !Array.isArray(tokens))
    ? "prompt.chunks without tokens"
    : null
}
