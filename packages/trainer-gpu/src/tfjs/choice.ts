/** The choice of a token, as the kernels of the `wasm` engine make it: same seed, same draws (`kernels/random.ts`). */

/** Output number `index` of SplitMix64 started at `seed`, its upper 53 bits over 2⁵³. */
export const uniform = (seed: number, index: number): number => {
  const word = (value: bigint) => BigInt.asUintN(64, value)
  let z = word(BigInt(seed) + (BigInt(index) + 1n) * 0x9e3779b97f4a7c15n)
  z = word((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n)
  z = word((z ^ (z >> 27n)) * 0x94d049bb133111ebn)
  z ^= z >> 31n
  return Number(z >> 11n) / 2 ** 53
}

/**
 * The first token whose cumulative probability under softmax(logits / temperature) exceeds `draw` in [0, 1);
 * temperature 0 takes the largest logit, the first of equals. With its log-probability at temperature 1.
 */
export const chooseToken = (
  logits: Float32Array,
  temperature: number,
  draw: number,
): { readonly token: number; readonly logprob: number } => {
  const top = logits.reduce((largest, logit) => Math.max(largest, logit), -Infinity)
  // Without a largest logit (NaN weights) there is no likeliest token.
  const token =
    temperature === 0 ? Math.max(0, logits.indexOf(top)) : drawToken(logits, top, temperature, draw)
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0)
  return { token, logprob: (logits[token] as number) - top - Math.log(total) }
}

const drawToken = (logits: Float32Array, top: number, temperature: number, draw: number): number => {
  const scores = Float64Array.from(logits, (logit) => Math.exp((logit - top) / temperature))
  const threshold = draw * scores.reduce((sum, score) => sum + score, 0)
  let cumulative = 0
  const token = scores.findIndex((score) => (cumulative += score) > threshold)
  // Only where the draw is 1 but for rounding.
  return token >= 0
    ? token
    : Math.max(
        0,
        scores.findLastIndex((score) => score > 0),
      )
}
