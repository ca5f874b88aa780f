/**
 * Addresses and four-lane arithmetic that every kernel shares.
 *
 * Kernels take byte addresses (`usize`) into the shared memory and counts of 32-bit elements (`i32`). Multiply-add is
 * the relaxed one: fused, with one rounding, wherever the processor can (x86-64 since 2013, every ARM64), which is worth a
 * fifth to a third of the speed. A processor that cannot rounds twice and gives other last bits.
 */

/** The address of 32-bit element `index` of the array at `base`. */
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2)
}

/** sum + a · b */
export function mulAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.relaxed_madd(a, b, sum)
}

export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  )
}

export function maxLanes(v: v128): f32 {
  return max<f32>(
    max<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  )
}

/**
 * exp(x) for x ≤ 0, within 2 units in the last place; 0 from −87 down, where float32 runs out of exponents.
 *
 * x = n·ln 2 + r with |r| ≤ ln 2 / 2 (ln 2 in two parts, Cody & Waite), then the polynomial of Cephes `expf` for
 * exp(r), then 2ⁿ written into the exponent bits.
 */
export function exp(x: v128): v128 {
  const lowest = f32x4.splat(-87)
  const inRange = f32x4.gt(x, lowest)
  x = f32x4.max(x, lowest)
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)))
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)))
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.1219444e-4)))
  let p = f32x4.splat(1.98756915e-4)
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1))
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(r, r), p), r), f32x4.splat(1))
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23)
  return v128.and(f32x4.mul(p, power), inRange)
}
