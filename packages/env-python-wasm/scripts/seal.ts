/** Runs the guest's own last build step on the flattened module and takes the state it leaves. */
import { type State, takeState, type WasmMemory, WebAssembly } from "@azr/wasm-host/build"

interface FlatExports {
  readonly memory: WasmMemory
  readonly run: (pointer: number, length: number) => number
  readonly cabi_realloc: (old: number, oldLength: number, alignment: number, length: number) => number
  readonly cabi_post_run: (result: number) => void
}

/** What the guest says about itself. */
export interface SealReport {
  readonly python: string
  /** Importable modules. */
  readonly modules: ReadonlyArray<string>
  /** Hash of one fixed string: tells two hash seeds apart. */
  readonly hash: number
}

export const seal = (core: Uint8Array): { readonly state: State; readonly report: SealReport } => {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(core)))
  const exports = instance.exports as unknown as FlatExports
  const request = new TextEncoder().encode(JSON.stringify({ op: "seal" }))
  const pointer = exports.cabi_realloc(0, 0, 1, request.length)
  new Uint8Array(exports.memory.buffer).set(request, pointer)
  const result = exports.run(pointer, request.length)
  const view = new DataView(exports.memory.buffer)
  const start = view.getUint32(result, true)
  const response = new TextDecoder().decode(
    new Uint8Array(exports.memory.buffer, start, view.getUint32(result + 4, true)),
  )
  exports.cabi_post_run(result)
  const answer = JSON.parse(response)
  if (answer.ok === undefined) throw new Error(`the guest cannot be sealed: ${response}`)
  return { state: takeState(instance.exports), report: answer.ok }
}
