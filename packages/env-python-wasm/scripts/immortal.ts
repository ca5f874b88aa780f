/**
 * Makes the objects of a sealed image immortal, as CPython calls objects whose references it does not count (PEP 683).
 *
 * Counting a reference is a write, and what a program writes to, the host has to restore: without this a short program
 * dirties a quarter more pages. Nothing in an image is ever freed, so nothing is lost. The objects are found by a
 * program that runs in a second instance, in the same state as the one that was sealed.
 */
import { ask, type State, type WasmMemory, WebAssembly } from "@azr/wasm-host/build"

/** Lists the addresses of all objects that can be reached from one that the collector knows, or from a code object. */
const survey = `
import math

def f():
    gc = math.__loader__.load_module('gc')
    gc.unfreeze()
    pending, found, code = gc.get_objects(), {}, type(f.__code__)
    while pending:
        item = pending.pop()
        if id(item) in found: continue
        found[id(item)] = item
        pending += gc.get_referents(item)
        if type(item) is code:  # which the collector does not look into
            pending += [item.co_consts, item.co_names, item.co_varnames, item.co_name, item.co_qualname, item.co_filename]
            pending += [item.co_linetable, item.co_exceptiontable]
    return [address for address, item in found.items() if type(item) is not bytearray]  # one is a reserve, to be freed
`

/** An object starts with its count of references and the address of its type, 32 bits each. */
const TYPE_OFFSET = 4
/** What CPython sets the count of an immortal object to on 32-bit platforms. */
const IMMORTAL = 5 * 2 ** 28
/** No mortal object of the image has as many, and no address is as small: freed memory holds an address there, or 0. */
const MOST_REFERENCES = 100_000
/** Far fewer found than there are: the survey does not fit this CPython any more. */
const FEWEST_OBJECTS = 10_000

/** `state` is what sealing `core` left. */
export const immortal = (core: Uint8Array, state: State): State => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(core)))
  ask(exports, { op: "seal" })
  const request = { op: "run", program: survey, entry: "f", args: [], entropy: 0, outputBytes: 2 ** 26 }
  const response = ask(exports, request)
  const { ok: addresses } = JSON.parse(response)
  if (!Array.isArray(addresses)) throw new Error(`the objects cannot be listed: ${response}`)

  const memory = state.memory.slice()
  const sealed = new DataView(memory.buffer)
  const surveyed = new DataView((exports["memory"] as WasmMemory).buffer)
  let changed = 0
  for (const address of addresses as ReadonlyArray<number>) {
    if (address + 2 * TYPE_OFFSET > memory.length) continue
    const references = sealed.getUint32(address, true)
    // What the survey itself made is not there in the sealed state: its place is free, or holds something else.
    if (references === 0 || references > MOST_REFERENCES) continue
    if (sealed.getUint32(address + TYPE_OFFSET, true) !== surveyed.getUint32(address + TYPE_OFFSET, true))
      continue
    sealed.setUint32(address, IMMORTAL, true)
    changed += 1
  }
  if (changed < FEWEST_OBJECTS)
    throw new Error(`only ${changed} objects of ${addresses.length} could be made immortal`)
  return { ...state, memory }
}
