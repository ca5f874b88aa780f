/**
 * One executor component as a plain WebAssembly instance that always starts clean.
 *
 * The component is a wrapping of a single core module without imports, whose only interface is a string in and
 * a string out. Reading that module out and speaking its ABI takes the 40 lines of `Instance.call`; glue
 * generated at build time would add files, a build step and a dependency, and hide the memory that has to be
 * restored. The wasmtime host does the same in Rust (`native/src/instance.rs`), verdict for verdict.
 *
 * Covers: clean state for every call, fuel, traps told apart. Does not cover: time (the pool's), what requests mean.
 */
import type { CallResult, Trap } from "./Call.ts"
import { BLOCK_SHIFT, cleaner } from "./cleaner.ts"
import { WebAssembly, type WasmGlobal, type WasmMemory, type WasmModule } from "./webAssembly.ts"

const WASM_PAGE_BYTES = 65_536
/** A longer one comes from a guest that its program has taken apart. */
const LONGEST_RESPONSE = 1 << 23

interface CoreExports {
  readonly memory: WasmMemory
  readonly run: (pointer: number, length: number) => number
  readonly cabi_realloc: (old: number, oldLength: number, alignment: number, length: number) => number
  readonly cabi_post_run: (result: number) => void
  readonly "set-fuel": (units: number) => void
  readonly "fuel-left": () => number
  /** One byte for each block of `memory`: whether it was written to. */
  readonly "azr:marks": WasmMemory
  /** Pages of 64 KiB that the program has. */
  readonly "azr:pages": WasmGlobal<number>
  /** 1 when the program asked for more memory than there is. */
  readonly "azr:refused": WasmGlobal<number>
  /** Nested calls that are left; negative when recursion caused the trap. */
  readonly "azr:depth": WasmGlobal<number>
}

/** A compiled module and the memory that each of its instances starts with. Both can be shared between threads. */
export interface CoreModule {
  readonly module: WasmModule
  readonly image: WasmMemory
}

export const compile = (bytes: Uint8Array<ArrayBuffer>): CoreModule => {
  const module = new WebAssembly.Module(bytes)
  if (WebAssembly.Module.imports(module).length > 0)
    throw new Error("an executor component must not have imports")
  const exports = instantiate(module)
  const pages = exports["azr:pages"].value
  const image = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  new Uint8Array(image.buffer).set(new Uint8Array(exports.memory.buffer, 0, pages * WASM_PAGE_BYTES))
  return { module, image }
}

const instantiate = (module: WasmModule): CoreExports =>
  // The shape is the build's promise, and `compile` runs before anything else sees the module.
  new WebAssembly.Instance(module).exports as unknown as CoreExports

const encoder = new TextEncoder()
// Like Rust's, it refuses what is not UTF-8 and leaves a byte-order mark where it is.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * An instance that is restored before each call, after a trap as after an answer: all that a guest can change is its
 * memory and its mutable globals, for the metering refuses modules that write to a table.
 */
export class Instance {
  private readonly exports: CoreExports
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly marks: Uint8Array
  private readonly clean: () => void
  private readonly globals: ReadonlyArray<readonly [WasmGlobal, number | bigint]>

  constructor({ module, image }: CoreModule) {
    const exports = instantiate(module)
    this.exports = exports
    // The memory has all its pages from the start and never grows, so these views stay valid.
    this.bytes = new Uint8Array(exports.memory.buffer)
    this.view = new DataView(exports.memory.buffer)
    this.marks = new Uint8Array(exports["azr:marks"].buffer)
    this.clean = cleaner({ memory: exports.memory, marks: exports["azr:marks"], image })
    // What the metering exports is mutable; a constant that the module exports itself cannot be set.
    this.globals = Object.entries(exports).flatMap(([name, entry]) =>
      name.startsWith("azr:") && entry instanceof WebAssembly.Global ? [[entry, entry.value] as const] : [],
    )
  }

  /** Runs one request from the clean state. Never throws for anything the guest does. */
  call(request: string, fuel: number): CallResult {
    const { exports } = this
    this.restore()
    exports["set-fuel"](fuel)
    try {
      const response = this.run(encoder.encode(request))
      return { response, trap: null, fuelUsed: fuel - exports["fuel-left"]() }
    } catch (error) {
      const left = exports["fuel-left"]()
      return { response: null, trap: classify(error, left, exports), fuelUsed: fuel - Math.max(left, 0) }
    }
  }

  /** The canonical ABI of `run: func(request: string) -> string`. */
  private run(request: Uint8Array): string {
    const { exports, view } = this
    const pointer = exports.cabi_realloc(0, 0, 1, request.length) >>> 0
    this.bytes.set(request, pointer)
    this.markRange(pointer, request.length)
    const result = exports.run(pointer, request.length) >>> 0
    const start = view.getUint32(result, true)
    const length = view.getUint32(result + 4, true)
    if (length > LONGEST_RESPONSE) throw new Error(`a response of ${length} bytes`)
    if (start + length > this.bytes.length) throw new Error("a response beyond the memory")
    const response = decoder.decode(this.bytes.subarray(start, start + length))
    exports.cabi_post_run(result)
    return response
  }

  private markRange(start: number, length: number): void {
    this.marks.fill(1, start >>> BLOCK_SHIFT, ((start + length) >>> BLOCK_SHIFT) + 1)
  }

  /** Back to the image: every marked block, what a store can reach around one, and the mutable globals. */
  private restore(): void {
    this.clean()
    for (const [global, value] of this.globals) global.value = value
  }
}

const classify = (error: unknown, fuelLeft: number, exports: CoreExports): Trap => {
  if (fuelLeft < 0) return "fuel"
  // The module's own limit strikes first; should the native stack end before it, the verdict is the same.
  if (exports["azr:depth"].value < 0 || isStackOverflow(error)) return "stack"
  return exports["azr:refused"].value === 1 ? "memory" : "trap"
}

const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && error.message.startsWith("Maximum call stack")
