// A guest in AssemblyScript that misbehaves on request: the first word says how. Compiled by `guest.ts`.

const NUMBER_AT: usize = 60000 // between the static data and the heap
let counter: i32 = 0
let heap: usize = 65536

export function cabi_realloc(_old: usize, _oldLength: usize, _alignment: usize, length: usize): usize {
  const start = heap
  heap += length
  return start
}

export function cabi_post_run(_result: usize): void {
  counter += 1000
}

export function run(pointer: usize, length: usize): usize {
  const text = String.UTF8.decodeUnsafe(pointer, length)
  const space = text.indexOf(" ")
  const word = space < 0 ? text : text.substring(0, space)
  const rest = space < 0 ? "" : text.substring(space + 1)
  if (word == "forge") return forge(rest)
  if (word == "raw") return raw(rest)
  return answer(act(word, rest))
}

/** An answer that lies anywhere: the pointer to it, where it starts, its length. */
function forge(text: string): usize {
  const numbers = text.split(" ")
  const result = <usize>U32.parseInt(numbers[0])
  store<u32>(result, U32.parseInt(numbers[1]))
  store<u32>(result + 4, U32.parseInt(numbers[2]))
  return result
}

/** An answer of the bytes that the text has in hexadecimal. */
function raw(text: string): usize {
  const length = text.length / 2
  for (let index = 0; index < length; index++) {
    store<u8>(heap + 64 + index, <u8>I32.parseInt(text.substring(2 * index, 2 * index + 2), 16))
  }
  store<u32>(heap, heap + 64)
  store<u32>(heap + 4, length)
  return heap
}

function answer(text: string): usize {
  const start = heap + 64
  const length = String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, start)
  store<u32>(heap, start)
  store<u32>(heap + 4, length)
  return heap
}

function act(word: string, rest: string): string {
  if (word == "echo") return rest
  if (word == "count") return count()
  if (word == "work") return work(I32.parseInt(rest)).toString()
  if (word == "spin") while (true) counter += 1
  if (word == "recurse") return direct(0).toString()
  if (word == "recurseIndirectly") return indirectly(0).toString()
  if (word == "trap") unreachable()
  if (word == "scribble") scribble(I32.parseInt(rest))
  if (word == "divide") return (counter / I32.parseInt(rest)).toString()
  if (word == "grow") return memory.grow(I32.parseInt(rest)).toString() + " " + memory.size().toString()
  if (word == "growOrTrap") if (memory.grow(I32.parseInt(rest)) < 0) unreachable()
  if (word == "fill") return fill(I32.parseInt(rest)).toString()
  if (word == "copy") return copy(I32.parseInt(rest)).toString()
  if (word == "write") return write(I32.parseInt(rest)).toString()
  if (word == "read") return load<u64>(I32.parseInt(rest)).toString()
  return "unknown"
}

/** How often this instance was called, by its memory and by its global. */
function count(): string {
  store<u32>(NUMBER_AT, load<u32>(NUMBER_AT) + 1)
  counter += 1
  return load<u32>(NUMBER_AT).toString() + " " + counter.toString()
}

function work(n: i32): i32 {
  let sum = 0
  for (let i = 0; i < n; i++) for (let j = 0; j < 10; j++) sum = (sum * 31 + i + j) % 1000003
  return sum
}

function direct(n: i32): i32 {
  return n < 0 ? 0 : direct(n + 1) + 1
}

function indirectly(n: i32): i32 {
  return call(indirectly, n + 1) + 1
}

function call(next: (n: i32) => i32, n: i32): i32 {
  return next(n)
}

/** Overwrites every so many bytes of the memory that the guest has, with all else that it knows, and stops halfway. */
function scribble(step: i32): void {
  memory.grow(5)
  counter = -1
  for (let address = 8; address < memory.size() * 65536 - 8; address += step) store<u64>(address, ~0)
  heap = 0
  unreachable()
}

function fill(length: i32): i32 {
  memory.fill(131072, 7, length)
  return load<u8>(131072 + length - 1)
}

function copy(length: i32): i32 {
  store<u8>(131072 + length - 1, 9)
  memory.copy(131072 + length, 131072, length)
  return load<u8>(131072 + 2 * length - 1)
}

function write(address: i32): u64 {
  store<u64>(address, 0x1f020304050607)
  return load<u64>(address)
}
