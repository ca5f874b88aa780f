/**
 * Additive embeddings: row i is the sum over tables t of table_t[index_t[i]]. The first table is the token's, the
 * second the position's, the others hold structural features.
 */
import { at } from "./simd"

/** tables: addresses [count] (u32); indices: [count][capacity] (i32); out: [rows, d]. d is a multiple of 4. */
export function embed(
  rows: i32,
  d: i32,
  count: i32,
  tables: usize,
  indices: usize,
  capacity: i32,
  out: usize,
): void {
  const rowBytes = (<usize>d) << 2
  for (let i = 0; i < rows; i++) {
    const y = out + <usize>i * rowBytes
    memory.copy(y, tableRow(tables, indices, capacity, 0, i, d), rowBytes)
    for (let t = 1; t < count; t++) {
      const x = tableRow(tables, indices, capacity, t, i, d)
      for (let j: usize = 0; j < rowBytes; j += 16) {
        v128.store(y + j, f32x4.add(v128.load(y + j), v128.load(x + j)))
      }
    }
  }
}

/** The gradient row of the output is added to the row of every table that was read, in order of the rows. */
export function embedGradient(
  rows: i32,
  d: i32,
  count: i32,
  gradients: usize,
  indices: usize,
  capacity: i32,
  dout: usize,
): void {
  const rowBytes = (<usize>d) << 2
  for (let i = 0; i < rows; i++) {
    const dy = dout + <usize>i * rowBytes
    for (let t = 0; t < count; t++) {
      const g = tableRow(gradients, indices, capacity, t, i, d)
      for (let j: usize = 0; j < rowBytes; j += 16) {
        v128.store(g + j, f32x4.add(v128.load(g + j), v128.load(dy + j)))
      }
    }
  }
}

function tableRow(tables: usize, indices: usize, capacity: i32, table: i32, row: i32, d: i32): usize {
  const index = load<i32>(at(indices, table * capacity + row))
  return at(<usize>load<u32>(at(tables, table)), index * d)
}
