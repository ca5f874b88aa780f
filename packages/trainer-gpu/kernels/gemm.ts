/**
 * Matrix products. Every element of a product is one sum, taken in order of the inner index, whatever the shapes
 * around it: a row gives the same bits alone (decoding) and among thousands (training).
 *
 * One register tile of 4 × 8, `tile`, does all the work. It reads both factors four and eight consecutive numbers at
 * a time. Weights are kept that way, in *panels* [⌈n/8⌉][k][8]; rows of activations are packed by fours just before
 * they are used, which costs a few percent and makes the tile half as fast again.
 *
 * Rows are computed in fours. The last tile of an activation therefore reads and writes up to three rows too many;
 * buffers have room for them, rows never mix, and whoever owns such a row writes it later or never reads it.
 */
import { at, mulAdd } from "./simd"

/** Rows that are packed at once, so that they stay in the first-level cache while all panels pass: 16 kB of them. */
const BLOCK_BYTES: i32 = 16384
/** Rows whose products are summed in registers before they are added to a weight's gradient. */
const GRADIENT_ROWS: i32 = 64

/**
 * Packs B (k × n), with B[i, j] = source[i·rowStep + j·columnStep], into panels [⌈n/8⌉][k][8]. Columns from n on are 0.
 */
export function packPanels(
  k: i32,
  n: i32,
  source: usize,
  rowStep: i32,
  columnStep: i32,
  panels: usize,
): void {
  let out = panels
  for (let j = 0; j < n; j += 8) {
    for (let i = 0; i < k; i++) {
      for (let c = 0; c < 8; c++) {
        store<f32>(out, j + c < n ? load<f32>(at(source, i * rowStep + (j + c) * columnStep)) : 0)
        out += 4
      }
    }
  }
}

/** Packs four rows of k elements, `row` elements apart, column after column: out [k][4]. */
export function packRows(k: i32, a: usize, row: i32, out: usize): void {
  let a1 = at(a, row)
  let a2 = at(a1, row)
  let a3 = at(a2, row)
  let rest = k
  for (; rest >= 4; rest -= 4) {
    transpose(v128.load(a), v128.load(a1), v128.load(a2), v128.load(a3), out, 16)
    a += 16
    a1 += 16
    a2 += 16
    a3 += 16
    out += 64
  }
  for (; rest > 0; rest--) {
    store<f32>(out, load<f32>(a))
    store<f32>(out, load<f32>(a1), 4)
    store<f32>(out, load<f32>(a2), 8)
    store<f32>(out, load<f32>(a3), 12)
    a += 4
    a1 += 4
    a2 += 4
    a3 += 4
    out += 16
  }
}

/** Stores the columns of a 4 × 4 block, `step` bytes apart. */
function transpose(r0: v128, r1: v128, r2: v128, r3: v128, out: usize, step: usize): void {
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5)
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
  v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2))
  v128.store(out + step, v128.shuffle<i64>(low01, low23, 1, 3))
  v128.store(out + 2 * step, v128.shuffle<i64>(high01, high23, 0, 2))
  v128.store(out + 3 * step, v128.shuffle<i64>(high01, high23, 1, 3))
}

/**
 * y = x · B (+ addend). x: [rows, k]; B: panels of k × n, n a multiple of 8; y and addend: [rows, n]. `addend` 0
 * means none; it may be y itself. scratch: max(16 kB, 32·k bytes).
 */
export function linear(
  rows: i32,
  k: i32,
  n: i32,
  x: usize,
  panels: usize,
  addend: usize,
  y: usize,
  scratch: usize,
): void {
  const block = max(8, (BLOCK_BYTES / (k << 2)) & ~3)
  for (let first = 0; first < rows; first += block) {
    const end = min(rows, first + block)
    for (let i = first; i < end; i += 4) packRows(k, at(x, i * k), k, at(scratch, (i - first) * k))
    for (let j = 0; j < n; j += 8) {
      const panel = at(panels, j * k)
      for (let i = first; i < end; i += 4) {
        const c = i * n + j
        tile(k, at(scratch, (i - first) * k), 4, panel, 8, addend ? at(addend, c) : 0, at(y, c), n)
      }
    }
  }
}

/** dw += dyᵀ · x. dy: [rows, nOut], nOut a multiple of 4; x: [rows, nIn], nIn a multiple of 8; dw: [nOut, nIn]. */
export function weightGradient(rows: i32, nOut: i32, nIn: i32, dy: usize, x: usize, dw: usize): void {
  for (let first = 0; first < rows; first += GRADIENT_ROWS) {
    const count = min(rows - first, GRADIENT_ROWS)
    for (let j = 0; j < nIn; j += 8) {
      const b = at(x, first * nIn + j)
      for (let i = 0; i < nOut; i += 4) {
        const c = at(dw, i * nIn + j)
        tile(count, at(dy, first * nOut + i), nOut, b, nIn, c, c, nIn)
      }
    }
  }
}

/** C[4 × 8] = Aᵀ · B (+ addend): A [k, 4], B [k, 8], rows `aRow` and `bRow` elements apart; C's rows `cRow` apart. */
export function tile(
  k: i32,
  a: usize,
  aRow: i32,
  b: usize,
  bRow: i32,
  addend: usize,
  c: usize,
  cRow: i32,
): void {
  const aStep = (<usize>aRow) << 2
  const bStep = (<usize>bRow) << 2
  let c00 = f32x4.splat(0)
  let c01 = c00
  let c10 = c00
  let c11 = c00
  let c20 = c00
  let c21 = c00
  let c30 = c00
  let c31 = c00
  for (let rest = k; rest > 0; rest--) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    let s = v128.load32_splat(a)
    c00 = mulAdd(c00, s, b0)
    c01 = mulAdd(c01, s, b1)
    s = v128.load32_splat(a, 4)
    c10 = mulAdd(c10, s, b0)
    c11 = mulAdd(c11, s, b1)
    s = v128.load32_splat(a, 8)
    c20 = mulAdd(c20, s, b0)
    c21 = mulAdd(c21, s, b1)
    s = v128.load32_splat(a, 12)
    c30 = mulAdd(c30, s, b0)
    c31 = mulAdd(c31, s, b1)
    a += aStep
    b += bStep
  }
  storeRow(c, addend, c00, c01)
  storeRow(at(c, cRow), addend ? at(addend, cRow) : 0, c10, c11)
  storeRow(at(c, 2 * cRow), addend ? at(addend, 2 * cRow) : 0, c20, c21)
  storeRow(at(c, 3 * cRow), addend ? at(addend, 3 * cRow) : 0, c30, c31)
}

function storeRow(c: usize, addend: usize, low: v128, high: v128): void {
  if (addend) {
    low = f32x4.add(low, v128.load(addend))
    high = f32x4.add(high, v128.load(addend, 16))
  }
  v128.store(c, low)
  v128.store(c, high, 16)
}
