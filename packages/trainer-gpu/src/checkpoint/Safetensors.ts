/**
 * The safetensors container (https://github.com/huggingface/safetensors): eight bytes with the length of a JSON header,
 * the header, the tensors' bytes in a row.
 *
 * Covers: F32 tensors and text metadata, and every check of the reference reader (lengths, offsets without overlap or
 * hole, shapes that match sizes). Does not cover: other element types, big-endian machines.
 */
import { Result, Schema } from "effect"

export interface Tensor {
  readonly shape: ReadonlyArray<number>
  readonly values: Float32Array
}

export interface Contents {
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly metadata: Readonly<Record<string, string>>
}

/** The bytes are not a safetensors file of this kind: truncated, edited, or of another element type. */
export class SafetensorsError extends Schema.TaggedError<SafetensorsError>()("SafetensorsError", {
  message: Schema.String,
}) {}

const LENGTH_BYTES = 8
const ELEMENT_BYTES = 4
/** The reference reader's limit. */
const MAXIMUM_HEADER_BYTES = 100_000_000

const TensorHeader = Schema.Struct({
  dtype: Schema.Literal("F32"),
  shape: Schema.Array(Schema.Int),
  data_offsets: Schema.Tuple([Schema.Int, Schema.Int]),
})
const Metadata = Schema.Record(Schema.String, Schema.String)
const Header = Schema.Record(Schema.String, Schema.Unknown)

export const encodeSafetensors = (contents: Contents): Uint8Array => {
  const header: Record<string, unknown> = { __metadata__: contents.metadata }
  let end = 0
  for (const [name, { shape, values }] of contents.tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, end + values.byteLength] }
    end += values.byteLength
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const headerBytes = Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true)
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes)
  bytes.set(text, LENGTH_BYTES)
  let offset = LENGTH_BYTES + headerBytes
  for (const { values } of contents.tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset)
    offset += values.byteLength
  }
  return bytes
}

export const decodeSafetensors = (bytes: Uint8Array): Result.Result<Contents, SafetensorsError> =>
  Result.gen(function* () {
    const headerEnd = yield* readHeaderEnd(bytes)
    const { __metadata__: rawMetadata = {}, ...entries } = yield* readHeader(
      bytes.subarray(LENGTH_BYTES, headerEnd),
    )
    const metadata = yield* decoded("__metadata__", Schema.decodeUnknownResult(Metadata)(rawMetadata))
    const content = bytes.subarray(headerEnd)

    const places: Array<{ readonly name: string; readonly header: typeof TensorHeader.Type }> = []
    for (const [name, entry] of Object.entries(entries)) {
      places.push({ name, header: yield* decoded(name, Schema.decodeUnknownResult(TensorHeader)(entry)) })
    }
    places.sort((a, b) => a.header.data_offsets[0] - b.header.data_offsets[0])
    const tensors = new Map<string, Tensor>()
    let end = 0
    for (const { name, header } of places) {
      const [from, to] = header.data_offsets
      const { shape } = header
      if (from !== end)
        return yield* invalid(`tensor ${name} starts at ${from}, the one before ends at ${end}`)
      if (to < from || to > content.length) {
        return yield* invalid(`tensor ${name} ends at ${to}, the file has ${content.length} bytes of tensors`)
      }
      const size = shape.reduce((product, n) => product * n, ELEMENT_BYTES)
      if (shape.some((n) => n < 0) || size !== to - from) {
        return yield* invalid(`tensor ${name} of shape [${shape.join(", ")}] has ${to - from} bytes`)
      }
      tensors.set(name, {
        shape,
        values: new Float32Array(Uint8Array.from(content.subarray(from, to)).buffer),
      })
      end = to
    }
    if (end !== content.length) return yield* invalid(`${content.length - end} bytes follow the last tensor`)
    return { tensors, metadata }
  })

const readHeaderEnd = (bytes: Uint8Array): Result.Result<number, SafetensorsError> => {
  if (bytes.length < LENGTH_BYTES)
    return invalid(`the file has ${bytes.length} bytes, not even a header's length`)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  const rest = bytes.length - LENGTH_BYTES
  if (length > BigInt(Math.min(rest, MAXIMUM_HEADER_BYTES))) {
    return invalid(`the header should have ${length} bytes, the file has ${rest} more`)
  }
  return Result.succeed(LENGTH_BYTES + Number(length))
}

const readHeader = (bytes: Uint8Array): Result.Result<typeof Header.Type, SafetensorsError> => {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
    return decoded("the header", Schema.decodeUnknownResult(Header)(header))
  } catch (cause) {
    return invalid(`the header is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

const decoded = <A>(
  what: string,
  result: Result.Result<A, Schema.SchemaError>,
): Result.Result<A, SafetensorsError> =>
  Result.mapError(result, (error) => new SafetensorsError({ message: `${what}: ${error.message}` }))

const invalid = (message: string): Result.Result<never, SafetensorsError> =>
  Result.fail(new SafetensorsError({ message }))
