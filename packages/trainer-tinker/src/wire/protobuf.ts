/**
 * The protobuf half of the wire: training requests, and the results of training and sampling, from and to bytes. Decoding
 * tolerates unknown fields and throws an `Error` in words on anything else that is not as `tinker.proto` says.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf"
import {
  ArrayRecordSchema,
  BatchedTensorSchema,
  DatumSchema,
  DType,
  ForwardBackwardOutputSchema,
  ForwardBackwardRequestSchema,
  SampledSequenceSchema,
  SampleResponseSchema,
  StopReason,
  type Tensor,
  TensorSchema,
} from "./tinker_pb.ts"
import type { SampleResult } from "./messages.ts"
import type { TrainingOutput, TrainingRequest, WireDatum } from "./training.ts"

export const contentType = "application/x-protobuf"

/** Inputs that are token ids; all others are float32. */
const integerInputs: ReadonlySet<string> = new Set(["target_tokens"])

const bytesOf = (values: Int32Array | Float32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(values.buffer)

const encodeTensor = (name: string, values: ReadonlyArray<number>): Tensor =>
  create(TensorSchema, {
    dense: integerInputs.has(name)
      ? bytesOf(BigInt64Array.from(values, BigInt))
      : bytesOf(Float32Array.from(values)),
    dtype: integerInputs.has(name) ? DType.INT64 : DType.FLOAT32,
    shape: [BigInt(values.length)],
  })

export const encodeTrainingRequest = (request: TrainingRequest): Uint8Array =>
  toBinary(
    ForwardBackwardRequestSchema,
    create(ForwardBackwardRequestSchema, {
      modelId: request.modelId,
      seqId: request.seqId,
      data: request.data.map(({ inputs, tokens }) =>
        create(DatumSchema, {
          modelInput: [{ encodedText: { tokens: bytesOf(Int32Array.from(tokens)) } }],
          lossFnInputs: Object.fromEntries(
            Object.entries(inputs).map(([name, values]) => [name, encodeTensor(name, values)]),
          ),
        }),
      ),
      lossFn: request.lossFn,
      lossFnConfig: { ...request.lossFnConfig },
      forwardOnly: request.forwardOnly,
    }),
  )

export const decodeTrainingRequest = (bytes: Uint8Array): TrainingRequest => {
  const message = fromBinary(ForwardBackwardRequestSchema, bytes)
  return {
    modelId: message.modelId,
    seqId: message.seqId,
    data: message.data.map(({ lossFnInputs, modelInput }, index): WireDatum => ({
      tokens: modelInput.flatMap(({ encodedText }) => {
        if (encodedText === undefined) throw new Error(`datum ${index} has a chunk that is no text`)
        return numbers(encodedText.tokens, DType.INT32, `datum ${index}, tokens`)
      }),
      inputs: Object.fromEntries(
        Object.entries(lossFnInputs).map(([name, { dense, dtype }]) => [
          name,
          numbers(dense, dtype, `datum ${index}, ${name}`),
        ]),
      ),
    })),
    lossFn: message.lossFn,
    lossFnConfig: message.lossFnConfig,
    forwardOnly: message.forwardOnly,
  }
}

export const encodeTrainingOutput = ({ metrics, outputs }: TrainingOutput): Uint8Array => {
  const names = [...new Set(outputs.flatMap((output) => Object.keys(output)))]
  const fields = names.map((name) => {
    const rows = outputs.map((output) => Float32Array.from(output[name] ?? []))
    const offsets = [0]
    for (const row of rows) offsets.push((offsets.at(-1) ?? 0) + row.byteLength)
    const data = new Uint8Array(offsets.at(-1) ?? 0)
    rows.forEach((row, i) => data.set(bytesOf(row), offsets[i]))
    const tensor = create(BatchedTensorSchema, {
      data,
      offsets: bytesOf(BigInt64Array.from(offsets, BigInt)),
      dtype: DType.FLOAT32,
    })
    return [name, tensor] as const
  })
  return toBinary(
    ForwardBackwardOutputSchema,
    create(ForwardBackwardOutputSchema, {
      lossFnOutputType: "scalar",
      lossFnOutputs: [
        create(ArrayRecordSchema, {
          typeTag: "scalar",
          fields: Object.fromEntries(fields),
          numDatums: outputs.length,
        }),
      ],
      metrics: { ...metrics },
    }),
  )
}

export const decodeTrainingOutput = (bytes: Uint8Array): TrainingOutput => {
  const { lossFnOutputs, metrics } = fromBinary(ForwardBackwardOutputSchema, bytes)
  return {
    outputs: lossFnOutputs.flatMap(({ fields, numDatums }) => {
      const columns = Object.entries(fields).map(([name, { data, dtype, offsets }]) => {
        const starts = numbers(offsets, DType.INT64, `the offsets of ${name}`)
        // Some leave out the last offset, which is the end.
        if (starts.length !== numDatums && starts.length !== numDatums + 1) {
          throw new Error(`${name} has ${starts.length} offsets for ${numDatums} datums`)
        }
        const rows = Array.from({ length: numDatums }, (_, i) => {
          const [start = 0, end = data.length] = [starts[i], starts[i + 1]]
          if (!(start >= 0 && start <= end && end <= data.length)) {
            throw new Error(`${name} of datum ${i} lies outside its ${data.length} bytes`)
          }
          return numbers(data.subarray(start, end), dtype, `${name} of datum ${i}`)
        })
        return [name, rows] as const
      })
      return Array.from({ length: numDatums }, (_, i) =>
        Object.fromEntries(columns.map(([name, rows]) => [name, rows[i] ?? []])),
      )
    }),
    metrics,
  }
}

export const encodeSampleResult = ({ sequences }: SampleResult): Uint8Array =>
  toBinary(
    SampleResponseSchema,
    create(SampleResponseSchema, {
      sequences: sequences.map(({ logprobs, stop_reason, tokens }) =>
        create(SampledSequenceSchema, {
          stopReason: stop_reason === "stop" ? StopReason.STOP : StopReason.LENGTH,
          tokens: bytesOf(Int32Array.from(tokens)),
          logprobs: bytesOf(Float32Array.from(logprobs)),
        }),
      ),
    }),
  )

export const decodeSampleResult = (bytes: Uint8Array): SampleResult => ({
  sequences: fromBinary(SampleResponseSchema, bytes).sequences.map(
    ({ logprobs, stopReason, tokens }, index) => {
      if (stopReason !== StopReason.STOP && stopReason !== StopReason.LENGTH) {
        throw new Error(`stop reason ${stopReason} of sequence ${index} is not known`)
      }
      return {
        stop_reason: stopReason === StopReason.STOP ? ("stop" as const) : ("length" as const),
        tokens: numbers(tokens, DType.INT32, `the tokens of sequence ${index}`),
        logprobs: numbers(logprobs, DType.FLOAT32, `the log-probabilities of sequence ${index}`),
      }
    },
  ),
})

/** Packed little-endian numbers. */
const numbers = (bytes: Uint8Array, dtype: DType | number, what: string): Array<number> => {
  const size = dtype === DType.INT64 ? 8 : 4
  if (bytes.length % size !== 0) throw new Error(`${what}: ${bytes.length} bytes are no whole numbers`)
  // A copy, since a view has to be aligned.
  const { buffer } = Uint8Array.from(bytes)
  switch (dtype) {
    case DType.INT32:
      return Array.from(new Int32Array(buffer))
    case DType.INT64:
      return Array.from(new BigInt64Array(buffer), Number)
    case DType.FLOAT32:
      return Array.from(new Float32Array(buffer))
    default:
      throw new Error(`${what}: numbers of type ${dtype} cannot be read`)
  }
}
