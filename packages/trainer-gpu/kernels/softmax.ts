/** Softmax of attention rows, log-probabilities of targets and their gradient, and the choice of a token. */
import { at, exp, maxLanes, mulAdd, sumLanes } from "./simd"

/** Fills the padding of a row before a maximum and a sum: below any logit of finite weights, and its exp is 0. */
const LOWEST: f32 = -1e30

/** In place, p[0…n): softmax(scale · p), scale > 0. p[n…end) becomes 0; end, at least n, is a multiple of 4. */
export function softmaxRow(p: usize, n: i32, end: i32, scale: f32): void {
  fillTail(p, n, LOWEST)
  const bytes = (<usize>((n + 3) & ~3)) << 2
  const top = f32x4.splat(maximum(p, bytes))
  const scales = f32x4.splat(scale)
  let sum = f32x4.splat(0)
  for (let j: usize = 0; j < bytes; j += 16) {
    const e = exp(f32x4.mul(f32x4.sub(v128.load(p + j), top), scales))
    sum = f32x4.add(sum, e)
    v128.store(p + j, e)
  }
  fillTail(p, n, 0)
  const inverse = f32x4.splat(1 / sumLanes(sum))
  for (let j: usize = 0; j < bytes; j += 16) v128.store(p + j, f32x4.mul(v128.load(p + j), inverse))
  for (let j = (n + 3) & ~3; j < end; j += 4) v128.store(at(p, j), f32x4.splat(0))
}

/**
 * For each row of logits [rows, n], rows `stride` (a multiple of 4, ≥ n) apart: logprobs[i] = log softmax at
 * targets[i]; entropies[i] = −Σ p log p, in nats. The logits become probabilities, 0 from n to `stride`.
 */
export function targetLogprobs(
  rows: i32,
  n: i32,
  stride: i32,
  logits: usize,
  targets: usize,
  logprobs: usize,
  entropies: usize,
): void {
  const bytes = (<usize>((n + 3) & ~3)) << 2
  for (let i = 0; i < rows; i++) {
    const p = at(logits, i * stride)
    fillTail(p, n, LOWEST)
    const top = maximum(p, bytes)
    const tops = f32x4.splat(top)
    const shifted = load<f32>(at(p, load<i32>(at(targets, i)))) - top
    let sum = f32x4.splat(0)
    let dot = f32x4.splat(0)
    for (let j: usize = 0; j < bytes; j += 16) {
      const shift = f32x4.sub(v128.load(p + j), tops)
      const e = exp(shift)
      sum = f32x4.add(sum, e)
      dot = mulAdd(dot, e, shift)
      v128.store(p + j, e)
    }
    const total = sumLanes(sum)
    const logTotal = <f32>NativeMath.log(<f64>total)
    store<f32>(at(logprobs, i), shifted - logTotal)
    store<f32>(at(entropies, i), logTotal - sumLanes(dot) / total)
    const inverse = f32x4.splat(1 / total)
    for (let j: usize = 0; j < bytes; j += 16) v128.store(p + j, f32x4.mul(v128.load(p + j), inverse))
    fillTail(p, n, 0)
    for (let j = (n + 3) & ~3; j < stride; j += 4) v128.store(at(p, j), f32x4.splat(0))
  }
}

/**
 * In place, probabilities of `targetLogprobs` become the gradient of Σ slopes[i] · logprobs[i]:
 * dlogits[i, j] = slopes[i] · (1[j = targets[i]] − p[i, j]).
 */
export function targetLogprobsGradient(
  rows: i32,
  stride: i32,
  p: usize,
  targets: usize,
  slopes: usize,
): void {
  const bytes = (<usize>stride) << 2
  for (let i = 0; i < rows; i++) {
    const slope = load<f32>(at(slopes, i))
    const negative = f32x4.splat(-slope)
    const target = at(p, load<i32>(at(targets, i)))
    const chosen = slope * (1 - load<f32>(target))
    for (let j: usize = 0; j < bytes; j += 16) v128.store(p + j, f32x4.mul(v128.load(p + j), negative))
    store<f32>(target, chosen)
    p += bytes
  }
}

/**
 * As `targetLogprobsGradient`, with the gradient of Σ bonuses[i] · entropies[i] added:
 * dlogits[i, j] −= bonuses[i] · p[i, j] · (log p[i, j] + entropies[i]).
 */
export function regularizedGradient(
  rows: i32,
  n: i32,
  stride: i32,
  p: usize,
  targets: usize,
  slopes: usize,
  bonuses: usize,
  entropies: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const slope = load<f32>(at(slopes, i))
    const bonus = load<f32>(at(bonuses, i))
    const entropy = load<f32>(at(entropies, i))
    const chosen = load<i32>(at(targets, i))
    for (let j = 0; j < n; j++) {
      const entry = at(p, j)
      const probability = load<f32>(entry)
      // p log p is 0 where p is.
      const spread = probability > 0 ? probability * (<f32>NativeMath.log(<f64>probability) + entropy) : 0
      const target: f32 = j == chosen ? 1 : 0
      store<f32>(entry, slope * (target - probability) - bonus * spread)
    }
    p += (<usize>stride) << 2
  }
}

/**
 * The token chosen from the probabilities softmax(logits / temperature), for `uniform` in [0, 1): the first whose
 * cumulative probability exceeds it. Temperature 0 takes the largest logit, the first of equals. `scratch` holds n
 * elements, rounded up to 4; the logits stay as they are.
 */
export function chooseToken(n: i32, logits: usize, temperature: f32, uniform: f64, scratch: usize): i32 {
  fillTail(logits, n, LOWEST)
  const bytes = (<usize>((n + 3) & ~3)) << 2
  const top = maximum(logits, bytes)
  if (temperature == 0) {
    let first = 0
    while (load<f32>(at(logits, first)) != top) if (++first == n) return 0
    return first
  }
  const tops = f32x4.splat(top)
  const inverse = f32x4.splat(1 / temperature)
  for (let j: usize = 0; j < bytes; j += 16) {
    v128.store(scratch + j, exp(f32x4.mul(f32x4.sub(v128.load(logits + j), tops), inverse)))
  }
  let total: f64 = 0
  for (let j = 0; j < n; j++) total += <f64>load<f32>(at(scratch, j))
  const threshold = uniform * total
  let cumulative: f64 = 0
  let last = 0
  for (let j = 0; j < n; j++) {
    const p = <f64>load<f32>(at(scratch, j))
    cumulative += p
    if (cumulative > threshold) return j
    if (p > 0) last = j
  }
  return last
}

function maximum(p: usize, bytes: usize): f32 {
  let top = f32x4.splat(LOWEST)
  for (let j: usize = 0; j < bytes; j += 16) top = f32x4.max(top, v128.load(p + j))
  return maxLanes(top)
}

function fillTail(p: usize, n: i32, value: f32): void {
  const end = (n + 3) & ~3
  for (let j = n; j < end; j++) store<f32>(at(p, j), value)
}
