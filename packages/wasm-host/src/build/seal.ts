/** Runs the guest's own last build step on the flattened module and takes the state it leaves. */
import { type WasmMemory, WebAssembly } from "../webAssembly.ts"
import { type State, takeState } from "./snapshot.ts"

interface FlatExports {
  readonly memory: WasmMemory
  readonly run: (pointer: number, length: number) => number
  readonly cabi_realloc: (old: number, oldLength: number, alignment: number, length: number) => number
  readonly cabi_post_run: (result: number) => void
}

/** `core` is what `flatten` returned. `report` is what the guest says about itself. */
export const seal = (core: Uint8Array): { readonly state: State; readonly report: unknown } => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(core)))
  const response = ask(exports, { op: "seal" })
  const answer = JSON.parse(response)
  if (answer.ok === undefined) throw new Error(`the guest cannot be sealed: ${response}`)
  return { state: takeState(exports), report: answer.ok }
}

/** One request to an instance that is not metered yet, and the response as text. */
export const ask = (instance: Record<string, unknown>, request: object): string => {
  const exports = instance as unknown as FlatExports
  const bytes = new TextEncoder().encode(JSON.stringify(request))
  const pointer = exports.cabi_realloc(0, 0, 1, bytes.length)
  new Uint8Array(exports.memory.buffer).set(bytes, pointer)
  const result = exports.run(pointer, bytes.length)
  const view = new DataView(exports.memory.buffer)
  const start = view.getUint32(result, true)
  const response = new TextDecoder().decode(
    new Uint8Array(exports.memory.buffer, start, view.getUint32(result + 4, true)),
  )
  exports.cabi_post_run(result)
  return response
}
