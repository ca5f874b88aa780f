/**
 * Makes the memory of an instance what it is in the image again: a module of the host's own, which does with hundreds of
 * pieces of memory what from JavaScript takes six times as long. The wasmtime host does the same in Rust
 * (`native/src/clean.rs`).
 *
 *     block = 0
 *     until block = blocks:
 *         go past 64 marks at a time that are zero, or past one
 *         a run of marks ends before `end`: clear them; and
 *         from REACH bytes before their blocks to REACH bytes behind them, within the memory,
 *         copy what the image has, and fill what is beyond its end with zeros
 */
import { branch, branchIf, i32, localGet, localSet, loop, op, when } from "./wasm/assembler.ts"
import { concat, name, SectionId, unsigned, writeModule } from "./wasm/binary.ts"
import { Bulk, Op, ValueType, Vector } from "./wasm/instructions.ts"
import { type WasmMemory, WebAssembly } from "./webAssembly.ts"

/** The module marks every block it writes to, 2^BLOCK_SHIFT bytes each (`build/meter.ts`). */
export const BLOCK_SHIFT = 9
/** A store writes to the block that is marked for it, or at most so many bytes before or behind it. */
export const REACH = 128

const memories = ["memory", "marks", "image"] as const
type Memories = Readonly<Record<(typeof memories)[number], WasmMemory>>

/** Parameters: bytes of the memory and of the image. The others are variables. */
const locals = ["memoryBytes", "imageBytes", "block", "end", "start", "stop"] as const
const get = (local: (typeof locals)[number]): Uint8Array => localGet(locals.indexOf(local))
const set = (local: (typeof locals)[number], ...value: ReadonlyArray<Uint8Array>): Uint8Array =>
  concat([...value, localSet(locals.indexOf(local))])

const binary =
  (opcode: number) =>
  (left: Uint8Array, right: Uint8Array): Uint8Array =>
    concat([left, right, op(opcode)])
const plus = binary(Op.i32Add)
const minus = binary(Op.i32Sub)
const isLess = binary(Op.i32LtU)
const least = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  concat([left, right, isLess(left, right), op(Op.select)])
const most = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  concat([left, right, isLess(right, left), op(Op.select)])

const blocks = binary(Op.i32ShrU)(get("memoryBytes"), i32(BLOCK_SHIFT))
const addressOf = (block: Uint8Array): Uint8Array => binary(Op.i32Shl)(block, i32(BLOCK_SHIFT))
/** What follows a load from the marks: no alignment, with the bit that says which memory follows; the offset. */
const ofMarks = (offset: number): Uint8Array => op(0x40, memories.indexOf("marks"), offset)
const markAt = (block: Uint8Array): Uint8Array => concat([block, op(Op.i32Load8U), ofMarks(0)])
const vector = (offset: number): Uint8Array =>
  concat([get("block"), op(Op.vector, Vector.load), ofMarks(offset)])
const fill = (memory: (typeof memories)[number]): Uint8Array =>
  op(Op.prefixed, Bulk.memoryFill, memories.indexOf(memory))
const goPast = (count: number): Uint8Array => when(set("block", plus(get("block"), i32(count))), branch(1))

const code = loop(
  isLess(get("block"), blocks),
  op(Op.i32Eqz),
  when(op(Op.return)),
  ...[0, 16, 32, 48].map(vector),
  op(Op.vector, Vector.or, Op.vector, Vector.or, Op.vector, Vector.or, Op.vector, Vector.anyTrue, Op.i32Eqz),
  goPast(64),
  markAt(get("block")),
  op(Op.i32Eqz),
  goPast(1),
  set("end", get("block")),
  loop(
    set("end", plus(get("end"), i32(1))),
    isLess(get("end"), blocks),
    when(markAt(get("end")), branchIf(1)),
  ),
  get("block"),
  i32(0),
  minus(get("end"), get("block")),
  fill("marks"),
  set("start", minus(most(addressOf(get("block")), i32(REACH)), i32(REACH))),
  set("stop", least(plus(addressOf(get("end")), i32(REACH)), get("memoryBytes"))),
  isLess(get("start"), get("imageBytes")),
  when(
    get("start"),
    get("start"),
    minus(least(get("stop"), get("imageBytes")), get("start")),
    op(Op.prefixed, Bulk.memoryCopy, memories.indexOf("memory"), memories.indexOf("image")),
    set("start", least(get("stop"), get("imageBytes"))),
  ),
  get("start"),
  i32(0),
  minus(get("stop"), get("start")),
  fill("memory"),
  set("block", get("end")),
  branch(0),
)

/** A function that cleans `memory`. `marks` has a byte for each of its blocks, and 64 more; `image` is shared. */
export const cleaner = ({ image, marks, memory }: Memories): (() => void) => {
  const variables = locals.length - 2
  const body = concat([unsigned(1), unsigned(variables), op(ValueType.i32), code, op(Op.end)])
  const imported = (memory: (typeof memories)[number], limits: Uint8Array): Uint8Array =>
    concat([name("azr"), name(memory), op(EXTERNAL_MEMORY), limits])
  const module = writeModule([
    { id: SectionId.type, body: concat([unsigned(1), op(0x60, 2, ValueType.i32, ValueType.i32, 0)]) },
    {
      id: SectionId.import,
      body: concat([
        unsigned(memories.length),
        imported("memory", op(0, 0)),
        imported("marks", op(0, 0)),
        imported("image", concat([op(SHARED_WITH_MAXIMUM, 0), unsigned(MOST_PAGES)])),
      ]),
    },
    { id: SectionId.function, body: op(1, 0) },
    { id: SectionId.export, body: concat([unsigned(1), name("clean"), op(0, 0)]) },
    { id: SectionId.code, body: concat([unsigned(1), unsigned(body.length), body]) },
  ])
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)), {
    azr: { memory, marks, image },
  })
  const clean = exports["clean"] as (memoryBytes: number, imageBytes: number) => void
  const [memoryBytes, imageBytes] = [memory.buffer.byteLength, image.buffer.byteLength]
  return () => clean(memoryBytes, imageBytes)
}

const EXTERNAL_MEMORY = 2
const SHARED_WITH_MAXIMUM = 3
/** Of 64 KiB: what an image has at most. */
const MOST_PAGES = 65_536
