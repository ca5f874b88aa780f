/**
 * Attention while decoding: one new row a sequence, over a cache of the keys and values of its past.
 *
 * A sequence has a slot in the cache of each layer. Keys: [slot][head][capacity/8][hd][8], panels of eight keys, as
 * `attention` packs them; values: [slot][head][capacity][hd]. The capacity is a multiple of 8.
 */
import { at, mulAdd } from "./simd"
import { softmaxRow } from "./softmax"

/** Copies keys and values of rows first … first + length − 1 of qkv into positions 0 … length − 1 of a slot. */
export function fillCache(
  first: i32,
  length: i32,
  heads: i32,
  hd: i32,
  qkv: usize,
  slot: i32,
  capacity: i32,
  keys: usize,
  values: usize,
): void {
  for (let t = 0; t < length; t++) {
    append(at(qkv, (first + t) * 3 * heads * hd), t, heads, hd, slot, capacity, keys, values)
  }
}

/** Copies the first `length` positions of slot `from` to slot `to`. */
export function copyCache(
  from: i32,
  to: i32,
  length: i32,
  heads: i32,
  hd: i32,
  capacity: i32,
  keys: usize,
  values: usize,
): void {
  const bytes = (<usize>(((length + 7) & ~7) * hd)) << 2
  for (let h = 0; h < heads; h++) {
    const source = (from * heads + h) * capacity * hd
    const target = (to * heads + h) * capacity * hd
    memory.copy(at(keys, target), at(keys, source), bytes)
    memory.copy(at(values, target), at(values, source), bytes)
  }
}

/**
 * For each of `rows` sequences: appends its key and value at position positions[i] of slot slots[i] and attends over
 * positions 0 … positions[i]. qkv: [rows, 3d]; out: [rows, d]; scratch: `capacity` elements.
 */
export function decodeAttention(
  rows: i32,
  slots: usize,
  positions: usize,
  heads: i32,
  hd: i32,
  capacity: i32,
  qkv: usize,
  keys: usize,
  values: usize,
  out: usize,
  scratch: usize,
): void {
  const d = heads * hd
  const scale: f32 = 1 / sqrt<f32>(<f32>hd)
  for (let i = 0; i < rows; i++) {
    const slot = load<i32>(at(slots, i))
    const t = load<i32>(at(positions, i))
    const row = at(qkv, i * 3 * d)
    append(row, t, heads, hd, slot, capacity, keys, values)
    for (let h = 0; h < heads; h++) {
      const past = (slot * heads + h) * capacity * hd
      const q = at(row, h * hd)
      for (let j = 0; j <= t; j += 8) scorePanel(hd, q, at(keys, past + j * hd), at(scratch, j))
      softmaxRow(scratch, t + 1, (t + 4) & ~3, scale)
      const o = at(out, i * d + h * hd)
      for (let j = 0; j < hd; j += 8) weightedSum(t + 1, hd, scratch, at(values, past + j), at(o, j))
    }
  }
}

/** scores[8] = q · panel[hd][8], summed over hd in order. */
function scorePanel(hd: i32, q: usize, panel: usize, scores: usize): void {
  let low = f32x4.splat(0)
  let high = low
  for (let k = 0; k < hd; k++) {
    const s = v128.load32_splat(q)
    low = mulAdd(low, s, v128.load(panel))
    high = mulAdd(high, s, v128.load(panel, 16))
    q += 4
    panel += 32
  }
  v128.store(scores, low)
  v128.store(scores, high, 16)
}

/** out[8] = Σ over n positions of p[j] · values[j][0…8), in order. */
function weightedSum(n: i32, hd: i32, p: usize, values: usize, out: usize): void {
  let low = f32x4.splat(0)
  let high = low
  const step = (<usize>hd) << 2
  for (let j = 0; j < n; j++) {
    const s = v128.load32_splat(p)
    low = mulAdd(low, s, v128.load(values))
    high = mulAdd(high, s, v128.load(values, 16))
    p += 4
    values += step
  }
  v128.store(out, low)
  v128.store(out, high, 16)
}

function append(
  row: usize,
  t: i32,
  heads: i32,
  hd: i32,
  slot: i32,
  capacity: i32,
  keys: usize,
  values: usize,
): void {
  const d = heads * hd
  for (let h = 0; h < heads; h++) {
    const past = (slot * heads + h) * capacity * hd
    const k = at(row, d + h * hd)
    const panel = at(keys, past + (t & ~7) * hd + (t & 7))
    for (let j = 0; j < hd; j++) store<f32>(at(panel, j * 8), load<f32>(at(k, j)))
    memory.copy(at(values, past + t * hd), at(row, 2 * d + h * hd), (<usize>hd) << 2)
  }
}
