/**
 * Causal self-attention of packed sequences: P = softmax(Q Kᵀ / √hd) over the past, out = P V, per head.
 *
 * Sequences lie one after the other in the rows of qkv: [rows, 3d] (queries, keys, values; head h at h·hd). Tiles
 * compute four rows, so the last tile of a sequence also writes the first rows of the next one. Sequences are
 * taken in order, each overwrites what spilled into it, and the buffers end with spare rows.
 *
 * The scores of a row are the sums over hd in order, its output the sum over the past in order: decoding, which
 * sees one row at a time, adds up in the same order and gives the same bits.
 */
import { packPanels, packRows, tile } from "./gemm"
import { at, mulAdd, sumLanes } from "./simd"
import { softmaxRow } from "./softmax"

/** Elements of P for one sequence and head: rows in fours, each row as long as whole panels of eight keys. */
function probabilitySize(length: i32): i32 {
  return ((length + 3) & ~3) * ((length + 7) & ~7)
}

/**
 * starts: [sequences + 1] (i32), first row of each sequence and the end of the last. qkv: [rows, 3d]; out: [rows, d];
 * probabilities: for each sequence and head in order [⌈length⌉₄, ⌈length⌉₈]; scratch: elements for
 * hd · ⌈longest⌉₈ + 4 · max(hd, ⌈longest⌉₈).
 */
export function attention(
  sequences: i32,
  starts: usize,
  heads: i32,
  hd: i32,
  qkv: usize,
  out: usize,
  probabilities: usize,
  scratch: usize,
): void {
  const d = heads * hd
  const d3 = 3 * d
  const scale: f32 = 1 / sqrt<f32>(<f32>hd)
  let p = probabilities
  for (let s = 0; s < sequences; s++) {
    const first = load<i32>(at(starts, s))
    const length = load<i32>(at(starts, s + 1)) - first
    const pRow = (length + 7) & ~7
    const packed = at(scratch, hd * pRow)
    for (let h = 0; h < heads; h++) {
      const q = at(qkv, first * d3 + h * hd)
      const v = at(q, 2 * d)
      packPanels(hd, length, at(q, d), 1, d3, scratch)
      for (let i = 0; i < length; i += 4) {
        const row = at(p, i * pRow)
        packRows(hd, at(q, i * d3), d3, packed)
        for (let j = 0; j < i + 4; j += 8) tile(hd, packed, 4, at(scratch, j * hd), 8, 0, at(row, j), pRow)
        for (let r = 0; r < 4; r++) softmaxRow(at(row, r * pRow), i + r + 1, i + 4, scale)
        const past = min(i + 4, length)
        packRows(past, row, pRow, packed)
        for (let j = 0; j < hd; j += 8) {
          tile(past, packed, 4, at(v, j), d3, 0, at(out, (first + i) * d + h * hd + j), d)
        }
      }
      p = at(p, probabilitySize(length))
    }
  }
}

/**
 * Gradient dqkv: [rows, 3d] from dout: [rows, d], with P of the forward pass. With dP = dout · Vᵀ:
 * dS = P ∘ (dP − rowsum(P ∘ dP)) / √hd, dQ = dS K, dK = dSᵀ Q, dV = Pᵀ dout.
 * scratch: as for `attention`, and ⌈longest⌉₄ · ⌈longest⌉₈ elements more.
 */
export function attentionGradient(
  sequences: i32,
  starts: usize,
  heads: i32,
  hd: i32,
  qkv: usize,
  probabilities: usize,
  dout: usize,
  dqkv: usize,
  scratch: usize,
): void {
  const d = heads * hd
  const d3 = 3 * d
  const scale: f32 = 1 / sqrt<f32>(<f32>hd)
  let p = probabilities
  for (let s = 0; s < sequences; s++) {
    const first = load<i32>(at(starts, s))
    const length = load<i32>(at(starts, s + 1)) - first
    const pRow = (length + 7) & ~7
    const packed = at(scratch, hd * pRow)
    const ds = at(packed, 4 * max(hd, pRow))
    for (let h = 0; h < heads; h++) {
      const q = at(qkv, first * d3 + h * hd)
      const k = at(q, d)
      const v = at(q, 2 * d)
      const dq = at(dqkv, first * d3 + h * hd)
      const dO = at(dout, first * d + h * hd)
      packPanels(hd, length, v, 1, d3, scratch)
      for (let i = 0; i < length; i += 4) {
        packRows(hd, at(dO, i * d), d, packed)
        for (let j = 0; j < i + 4; j += 8) {
          tile(hd, packed, 4, at(scratch, j * hd), 8, 0, at(ds, i * pRow + j), pRow)
        }
        for (let r = i; r < i + 4; r++) scoreGradientRow(at(p, r * pRow), at(ds, r * pRow), i + 4, scale)
        const past = min(i + 4, length)
        packRows(past, at(ds, i * pRow), pRow, packed)
        for (let j = 0; j < hd; j += 8) tile(past, packed, 4, at(k, j), d3, 0, at(dq, i * d3 + j), d3)
      }
      for (let i = 0; i < length; i += 4) {
        const diagonal = i * pRow + i
        for (let j = 0; j < hd; j += 8) {
          const dk = at(dq, i * d3 + d + j)
          tile(length - i, at(ds, diagonal), pRow, at(q, i * d3 + j), d3, 0, dk, d3)
          tile(length - i, at(p, diagonal), pRow, at(dO, i * d + j), d, 0, at(dk, d), d3)
        }
      }
      p = at(p, probabilitySize(length))
    }
  }
}

/** In place, dP becomes dS on one row of n elements (a multiple of 4; beyond the diagonal P is 0, and so is dS). */
function scoreGradientRow(p: usize, dp: usize, n: i32, scale: f32): void {
  const bytes = (<usize>n) << 2
  let dot = f32x4.splat(0)
  for (let j: usize = 0; j < bytes; j += 16) dot = mulAdd(dot, v128.load(p + j), v128.load(dp + j))
  const mean = f32x4.splat(sumLanes(dot))
  const scales = f32x4.splat(scale)
  for (let j: usize = 0; j < bytes; j += 16) {
    const centred = f32x4.sub(v128.load(dp + j), mean)
    v128.store(dp + j, f32x4.mul(f32x4.mul(v128.load(p + j), centred), scales))
  }
}
