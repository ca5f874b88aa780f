/**
 * TensorBoard's event files: records of TFRecord (length, masked CRC-32C of it, bytes, masked CRC-32C of them) that hold
 * `Event` messages (tensorflow/core/util/event.proto, framework/summary.proto). Scalars only.
 */
import { crc32c } from "@aws-crypto/crc32c"
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire"
import type { Rows } from "./Rows.ts"

/** CRC-32C, rotated and offset, as TFRecord stores it. */
const maskedCrc = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

const record = (bytes: Uint8Array): Uint8Array => {
  const framed = new Uint8Array(8 + 4 + bytes.length + 4)
  const view = new DataView(framed.buffer)
  view.setBigUint64(0, BigInt(bytes.length), true)
  view.setUint32(8, maskedCrc(framed.subarray(0, 8)), true)
  framed.set(bytes, 12)
  view.setUint32(12 + bytes.length, maskedCrc(bytes), true)
  return framed
}

/** Numbers of the fields in the two .proto files. */
const field = {
  event: { wallTime: 1, step: 2, fileVersion: 3, summary: 5 },
  summary: { value: 1 },
  value: { tag: 1, simpleValue: 2 },
} as const

interface Scalar {
  readonly tag: string
  readonly value: number
}

/** An event of some scalars; without any, the one that opens a file. */
const event = (seconds: number, step: number, scalars: ReadonlyArray<Scalar>): Uint8Array => {
  const writer = new BinaryWriter()
  writer.tag(field.event.wallTime, WireType.Bit64).double(seconds)
  if (scalars.length === 0) {
    return writer.tag(field.event.fileVersion, WireType.LengthDelimited).string("brain.Event:2").finish()
  }
  writer.tag(field.event.step, WireType.Varint).int64(step)
  writer.tag(field.event.summary, WireType.LengthDelimited).fork()
  for (const { tag, value } of scalars) {
    writer.tag(field.summary.value, WireType.LengthDelimited).fork()
    writer.tag(field.value.tag, WireType.LengthDelimited).string(tag)
    writer.tag(field.value.simpleValue, WireType.Bit32).float(value)
    writer.join()
  }
  return writer.join().finish()
}

/** The bytes of an event file of metrics by step; the columns `step` and `at` (ms) say when. Numbers become float32. */
export const eventFile = async ({ columns, rows }: Rows): Promise<Uint8Array> => {
  const records: Array<Uint8Array> = []
  for await (const row of rows()) {
    const seconds = Number(row["at"]) / 1000
    if (records.length === 0) records.push(record(event(seconds, 0, [])))
    const scalars = columns.flatMap(({ name }): ReadonlyArray<Scalar> => {
      const value = row[name]
      return name === "step" || name === "at" || typeof value !== "number" ? [] : [{ tag: name, value }]
    })
    if (scalars.length > 0) records.push(record(event(seconds, Number(row["step"]), scalars)))
  }
  return Buffer.concat(records)
}
