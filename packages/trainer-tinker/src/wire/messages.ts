/**
 * The JSON of the Tinker API: what a client sends and reads. Answers may hold more than their schema says, which is left out;
 * what the schema says must be there, of the right type.
 */
import { Schema, SchemaGetter } from "effect"
import type { TrainingOutput, TrainingRequest } from "./training.ts"

const Text = Schema.String
const Id = Schema.NonEmptyString
const SeqId = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** Why a request failed: a line, or what FastAPI says of a body that it could not read. */
export const ErrorBody = Schema.Struct({
  detail: Schema.Union([
    Text,
    Schema.Array(
      Schema.Struct({
        loc: Schema.optionalKey(Schema.Array(Schema.Union([Text, Schema.Finite]))),
        msg: Text,
      }),
    ),
  ]),
})

export const ServerCapabilities = Schema.Struct({
  supported_models: Schema.Array(
    Schema.Struct({
      model_name: Schema.NullishOr(Text).pipe(Schema.optionalKey),
      max_context_length: Schema.NullishOr(Schema.Int).pipe(Schema.optionalKey),
    }),
  ),
})

export const CreateSession = Schema.Struct({ tags: Schema.Array(Text), sdk_version: Text })
export const SessionCreated = Schema.Struct({ session_id: Id })

export const SessionHeartbeat = Schema.Struct({ session_id: Id })

export const CreateModel = Schema.Struct({
  session_id: Id,
  /** Counts the models of the session, from 0; the same number is the same model. */
  model_seq_id: Schema.optionalKey(SeqId),
  base_model: Text,
  lora_config: Schema.Struct({ rank: Schema.Int, seed: Schema.optionalKey(Schema.NullOr(Schema.Int)) }),
})
/** Servers say which model it is with the result, some also before. */
const MayNameModel = { model_id: Schema.optionalKey(Schema.NullOr(Id)) }
export const ModelPending = Schema.Struct({ request_id: Id, ...MayNameModel })
export const ModelCreated = Schema.Struct(MayNameModel)
/** The result of unloading or loading: that it is there says enough. */
export const Done = Schema.Struct({})

export const FuturePending = Schema.Struct({ request_id: Id })

export const AdamParams = Schema.Struct({
  learning_rate: Schema.Finite,
  beta1: Schema.Finite,
  beta2: Schema.Finite,
  eps: Schema.Finite,
  weight_decay: Schema.Finite,
  /** 0 is off. Only servers that say so honour it. */
  grad_clip_norm: Schema.optionalKey(Schema.Finite),
})
export type AdamParams = typeof AdamParams.Type
export const OptimStep = Schema.Struct({ model_id: Id, adam_params: AdamParams, seq_id: SeqId })
export const OptimStepResult = Schema.Struct({
  metrics: Schema.optionalKey(Schema.NullOr(Schema.Record(Text, Schema.Finite))),
})

export const SaveWeights = Schema.Struct({
  model_id: Id,
  path: Text,
  seq_id: Schema.optionalKey(SeqId),
})
export const WeightsSaved = Schema.Struct({ path: Id })

export const LoadWeights = Schema.Struct({
  model_id: Id,
  path: Id,
  optimizer: Schema.Boolean,
  seq_id: SeqId,
})

export const WeightsInfoRequest = Schema.Struct({ tinker_path: Text })
export const WeightsInfo = Schema.Struct({
  base_model: Text,
  lora_rank: Schema.optionalKey(Schema.NullOr(Schema.Int)),
})

export const SaveWeightsForSampler = Schema.Struct({
  model_id: Id,
  sampling_session_seq_id: Schema.Int,
  seq_id: SeqId,
})
export const SamplerSaved = Schema.Struct({ sampling_session_id: Id })
/** Of a sampler: its weights, where they have a place of their own. */
export const SamplerInfo = Schema.Struct({ model_path: Schema.optionalKey(Schema.NullOr(Text)) })

export const ModelInput = Schema.Struct({
  chunks: Schema.Array(
    Schema.Struct({ type: Schema.Literal("encoded_text"), tokens: Schema.Array(Schema.Int) }),
  ),
})

export const SamplingParams = Schema.Struct({
  max_tokens: Schema.Int.check(Schema.isGreaterThan(0)),
  seed: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  stop: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Int))),
  temperature: Schema.optionalKey(Schema.Finite),
})

export const Sample = Schema.Struct({
  sampling_session_id: Id,
  seq_id: SeqId,
  prompt: ModelInput,
  sampling_params: SamplingParams,
  num_samples: Schema.Int,
})

export const SampleResult = Schema.Struct({
  sequences: Schema.Array(
    Schema.Struct({
      stop_reason: Schema.Literals(["stop", "length"]),
      tokens: Schema.Array(Schema.Int),
      logprobs: Schema.Array(Schema.Finite),
    }),
  ),
})
export type SampleResult = typeof SampleResult.Type

export const TensorData = Schema.Struct({ data: Schema.Array(Schema.Finite) })

const tensor = (data: ReadonlyArray<number>, dtype: "int64" | "float32") => ({
  data,
  dtype,
  shape: [data.length],
})

export const Datum = Schema.Struct({
  model_input: ModelInput,
  loss_fn_inputs: Schema.Record(Text, TensorData),
})

const LossInput = Schema.Struct({
  data: Schema.Array(Datum),
  loss_fn: Text,
  loss_fn_config: Schema.optionalKey(Schema.NullOr(Schema.Record(Text, Schema.Finite))),
})
const ofModel = { model_id: Id, seq_id: Schema.optionalKey(Schema.NullOr(SeqId)) }
/** What servers took before protobuf. */
export const ForwardBackward = Schema.Struct({ ...ofModel, forward_backward_input: LossInput })
export const Forward = Schema.Struct({ ...ofModel, forward_input: LossInput })

/** The body of `forward_backward`, or of `forward`. */
export const trainingRequest = ({
  data,
  forwardOnly,
  lossFn,
  lossFnConfig,
  modelId,
  seqId,
}: TrainingRequest): typeof ForwardBackward.Type | typeof Forward.Type => {
  const input: typeof LossInput.Type = {
    data: data.map(({ inputs, tokens }) => ({
      model_input: { chunks: [{ type: "encoded_text", tokens }] },
      loss_fn_inputs: Object.fromEntries(
        Object.entries(inputs).map(([name, values]) => [
          name,
          tensor(values, name === "target_tokens" ? "int64" : "float32"),
        ]),
      ),
    })),
    loss_fn: lossFn,
    loss_fn_config: lossFnConfig,
  }
  const of = { model_id: modelId, seq_id: seqId }
  return forwardOnly ? { ...of, forward_input: input } : { ...of, forward_backward_input: input }
}

/** What such a body says. */
export const readTrainingRequest = (
  body: typeof ForwardBackward.Type | typeof Forward.Type,
): TrainingRequest => {
  const forwardOnly = "forward_input" in body
  const { data, loss_fn, loss_fn_config } = forwardOnly ? body.forward_input : body.forward_backward_input
  return {
    modelId: body.model_id,
    seqId: body.seq_id ?? 0,
    data: data.map(({ loss_fn_inputs, model_input }) => ({
      tokens: model_input.chunks.flatMap(({ tokens }) => tokens),
      inputs: Object.fromEntries(Object.entries(loss_fn_inputs).map(([name, { data }]) => [name, data])),
    })),
    lossFn: loss_fn,
    lossFnConfig: loss_fn_config ?? {},
    forwardOnly,
  }
}

/** What they answered. */
export const TrainingResult = Schema.Struct({
  loss_fn_outputs: Schema.Array(Schema.Record(Text, TensorData)),
  metrics: Schema.Record(Text, Schema.Finite),
}).pipe(
  Schema.decodeTo(
    Schema.declare((value: unknown): value is TrainingOutput => typeof value === "object"),
    {
      decode: SchemaGetter.transform(({ loss_fn_outputs, metrics }) => ({
        outputs: loss_fn_outputs.map((fields) =>
          Object.fromEntries(Object.entries(fields).map(([name, { data }]) => [name, data])),
        ),
        metrics,
      })),
      encode: SchemaGetter.forbidden(() => "trainingResult writes it"),
    },
  ),
)

export const trainingResult = ({ metrics, outputs }: TrainingOutput) => ({
  loss_fn_output_type: "scalar",
  loss_fn_outputs: outputs.map((fields) =>
    Object.fromEntries(Object.entries(fields).map(([name, data]) => [name, tensor(data, "float32")])),
  ),
  metrics,
})

export const RetrieveFuture = Schema.Struct({ request_id: Id })

/** A result that is not one: ask again, or it failed. */
export const TryAgain = Schema.Struct({
  type: Schema.Literal("try_again"),
  queue_state: Schema.optionalKey(Schema.NullOr(Text)),
})
export const FutureFailed = Schema.Struct({
  error: Text,
  category: Schema.Literals(["unknown", "server", "user"]),
})
