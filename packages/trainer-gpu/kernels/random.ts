/**
 * Counter-based uniform numbers: draw `index` of the stream `seed` is output number `index` of SplitMix64 (Steele,
 * Lea & Flood 2014) started at `seed`, its upper 53 bits over 2⁵³. There is no state, so what a sequence draws
 * depends on nothing but its own seed and length.
 */
export function uniform(seed: f64, index: i32): f64 {
  let z = <u64>seed + (<u64>index + 1) * 0x9e3779b97f4a7c15
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb
  z = z ^ (z >> 31)
  return <f64>(z >> 11) / 9007199254740992.0
}
