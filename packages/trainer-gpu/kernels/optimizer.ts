/** Reduction of the gradient lanes and AdamW. Counts are multiples of 4. */
import { mulAdd } from "./simd"

/**
 * Adds lanes 1 … lanes − 1 into lane 0, in order, and clears them. The arrays of `count` elements lie `laneBytes`
 * apart. Returns the sum of squares of the result.
 */
export function reduceLanes(count: i32, lanes: i32, laneBytes: usize, gradient: usize): f64 {
  const bytes = (<usize>count) << 2
  const zero = f32x4.splat(0)
  let squares = f64x2.splat(0)
  for (let j: usize = 0; j < bytes; j += 16) {
    let sum = v128.load(gradient + j)
    let address = gradient + j
    for (let lane = 1; lane < lanes; lane++) {
      address += laneBytes
      sum = f32x4.add(sum, v128.load(address))
      v128.store(address, zero)
    }
    v128.store(gradient + j, sum)
    const low = f64x2.promote_low_f32x4(sum)
    const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(sum, sum, 1, 0))
    squares = f64x2.add(squares, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)))
  }
  return f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1)
}

/**
 * One AdamW update of p with g ← gradientScale · gradient, which is cleared afterwards (Loshchilov & Hutter 2019):
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
 * p ← (1 − lr · decay) · p − lr · (m / correction1) / (√(v / correction2) + ε), with correctionᵢ = 1 − βᵢᵗ.
 */
export function adamW(
  count: i32,
  p: usize,
  gradient: usize,
  m: usize,
  v: usize,
  gradientScale: f64,
  lr: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  decay: f64,
  correction1: f64,
  correction2: f64,
): void {
  const bytes = (<usize>count) << 2
  const zero = f32x4.splat(0)
  const scale = f32x4.splat(<f32>gradientScale)
  const b1 = f32x4.splat(<f32>beta1)
  const b2 = f32x4.splat(<f32>beta2)
  const rest1 = f32x4.splat(<f32>(1 - beta1))
  const rest2 = f32x4.splat(<f32>(1 - beta2))
  const keep = f32x4.splat(<f32>(1 - lr * decay))
  const rate = f32x4.splat(<f32>(lr / correction1))
  const inverse2 = f32x4.splat(<f32>(1 / correction2))
  const eps = f32x4.splat(<f32>epsilon)
  for (let j: usize = 0; j < bytes; j += 16) {
    const g = f32x4.mul(v128.load(gradient + j), scale)
    const mj = mulAdd(f32x4.mul(v128.load(m + j), b1), g, rest1)
    const vj = mulAdd(f32x4.mul(v128.load(v + j), b2), f32x4.mul(g, g), rest2)
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(vj, inverse2)), eps)
    const step = f32x4.div(f32x4.mul(rate, mj), root)
    v128.store(p + j, f32x4.sub(f32x4.mul(v128.load(p + j), keep), step))
    v128.store(m + j, mj)
    v128.store(v + j, vj)
    v128.store(gradient + j, zero)
  }
}
