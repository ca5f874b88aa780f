/**
 * Turns on QuickJS's stack limit, so that endless recursion is a RangeError which a program can catch.
 *
 * QuickJS compares its stack pointer with a limit in the memory of its runtime on every call. Compiled for
 * WASI it sets that limit to zero, none, and has no function that would change it. The word is in the
 * snapshot, though, right after the address of the stack's top; it is found by what it does: of the words
 * that look like it, exactly one turns a deep recursion from a trap into an answer.
 */
import { type WasmMemory, type WasmModule, WebAssembly } from "../webAssembly.ts"
import { ask } from "./seal.ts"
import { type State, freeze } from "./snapshot.ts"

/** The stack grows down from 1 MiB to zero. What is below the limit is for functions that do not check. */
const STACK_TOP = 1 << 20
const STACK_LIMIT = 1 << 16

/** Near the top while the word is looked for, so that the stack of the build's own process lasts. */
const PROBE_LIMIT = STACK_TOP - (1 << 17)

const WORD = 4
/**
 * `state` with the limit set. `core` is what `flatten` returned; `probe` is a request that recurses in the engine until that ends
 * by an error, and answers `{"ok": <the error's name>}`.
 */
export const limitStack = (core: Uint8Array, state: State, probe: object): State => {
  const snapshot = new WebAssembly.Module(new Uint8Array(freeze(core, state)))
  const found = candidates(state.memory).filter((address) => isLimitedBy(snapshot, address, probe))
  const [address, ...others] = found
  if (address === undefined || others.length > 0) {
    throw new Error(`${found.length} words of the snapshot limit the engine's stack, expected one`)
  }
  const memory = state.memory.slice()
  setLimit(memory.buffer, address, STACK_LIMIT)
  return { ...state, memory }
}

/**
 * Zero words after an address near the stack's top that itself follows a zero: the size, top and limit of no
 * limit.
 */
const candidates = (memory: Uint8Array): ReadonlyArray<number> => {
  const words = new Uint32Array(memory.slice().buffer)
  const found: Array<number> = []
  for (let index = STACK_TOP / WORD; index < words.length; index++) {
    const [size, top, limit] = words.subarray(index - 2, index + 1)
    if (size === 0 && limit === 0 && top! > STACK_TOP - STACK_LIMIT && top! < STACK_TOP)
      found.push(index * WORD)
  }
  return found
}

const setLimit = (memory: ArrayBuffer, address: number, limit: number): void =>
  new DataView(memory).setUint32(address, limit, true)

const isLimitedBy = (snapshot: WasmModule, address: number, probe: object): boolean => {
  const { exports } = new WebAssembly.Instance(snapshot)
  setLimit((exports["memory"] as WasmMemory).buffer, address, PROBE_LIMIT)
  try {
    return JSON.parse(ask(exports, probe)).ok === "RangeError"
  } catch {
    return false
  }
}
