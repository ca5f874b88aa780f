/** Squared ReLU (So et al. 2021): y = max(x, 0)². Counts are multiples of 4. */

export function squaredRelu(count: i32, x: usize, y: usize): void {
  const zero = f32x4.splat(0)
  const bytes = (<usize>count) << 2
  for (let j: usize = 0; j < bytes; j += 16) {
    const positive = f32x4.max(v128.load(x + j), zero)
    v128.store(y + j, f32x4.mul(positive, positive))
  }
}

/** In place: dy becomes dx = dy · 2 · max(x, 0). */
export function squaredReluGradient(count: i32, x: usize, dy: usize): void {
  const zero = f32x4.splat(0)
  const two = f32x4.splat(2)
  const bytes = (<usize>count) << 2
  for (let j: usize = 0; j < bytes; j += 16) {
    const slope = f32x4.mul(two, f32x4.max(v128.load(x + j), zero))
    v128.store(dy + j, f32x4.mul(v128.load(dy + j), slope))
  }
}
