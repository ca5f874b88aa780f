/**
 * LayerNorm over the last axis with weight and bias (Ba et al. 2016):
 * y = x̂ ∘ w + b with x̂ = (x − mean) · rstd and rstd = 1/√(variance + 1e-5), population variance.
 */
import { mulAdd, sumLanes } from "./simd"

const EPSILON: f32 = 1e-5

/** x, y: [rows, d]; `stats`: [rows, 2] receives mean and rstd of each row. d is a multiple of 4. */
export function layerNorm(rows: i32, d: i32, x: usize, w: usize, b: usize, y: usize, stats: usize): void {
  const rowBytes = (<usize>d) << 2
  for (let i = 0; i < rows; i++) {
    let sum = f32x4.splat(0)
    for (let j: usize = 0; j < rowBytes; j += 16) sum = f32x4.add(sum, v128.load(x + j))
    const mean = sumLanes(sum) / <f32>d
    const means = f32x4.splat(mean)
    let squares = f32x4.splat(0)
    for (let j: usize = 0; j < rowBytes; j += 16) {
      const centred = f32x4.sub(v128.load(x + j), means)
      squares = mulAdd(squares, centred, centred)
    }
    const rstd: f32 = 1 / sqrt<f32>(sumLanes(squares) / <f32>d + EPSILON)
    const scale = f32x4.splat(rstd)
    for (let j: usize = 0; j < rowBytes; j += 16) {
      const normed = f32x4.mul(f32x4.sub(v128.load(x + j), means), scale)
      v128.store(y + j, mulAdd(v128.load(b + j), normed, v128.load(w + j)))
    }
    store<f32>(stats, mean)
    store<f32>(stats, rstd, 4)
    stats += 8
    x += rowBytes
    y += rowBytes
  }
}

/**
 * Gradients: dw += Σ dy ∘ x̂, db += Σ dy, and with g = dy ∘ w
 * dx += rstd · (g − mean(g) − x̂ · mean(g ∘ x̂)).
 */
export function layerNormGradient(
  rows: i32,
  d: i32,
  x: usize,
  w: usize,
  stats: usize,
  dy: usize,
  dx: usize,
  dw: usize,
  db: usize,
): void {
  const rowBytes = (<usize>d) << 2
  for (let i = 0; i < rows; i++) {
    const means = f32x4.splat(load<f32>(stats))
    const scale = f32x4.splat(load<f32>(stats, 4))
    let sum = f32x4.splat(0)
    let dot = f32x4.splat(0)
    for (let j: usize = 0; j < rowBytes; j += 16) {
      const normed = f32x4.mul(f32x4.sub(v128.load(x + j), means), scale)
      const dyj = v128.load(dy + j)
      const g = f32x4.mul(dyj, v128.load(w + j))
      sum = f32x4.add(sum, g)
      dot = mulAdd(dot, g, normed)
      v128.store(dw + j, mulAdd(v128.load(dw + j), dyj, normed))
      v128.store(db + j, f32x4.add(v128.load(db + j), dyj))
    }
    const meanG = f32x4.splat(sumLanes(sum) / <f32>d)
    const meanDot = f32x4.splat(sumLanes(dot) / <f32>d)
    for (let j: usize = 0; j < rowBytes; j += 16) {
      const normed = f32x4.mul(f32x4.sub(v128.load(x + j), means), scale)
      const g = f32x4.mul(v128.load(dy + j), v128.load(w + j))
      const inner = f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(normed, meanDot))
      v128.store(dx + j, mulAdd(v128.load(dx + j), scale, inner))
    }
    stats += 8
    x += rowBytes
    dy += rowBytes
    dx += rowBytes
  }
}
