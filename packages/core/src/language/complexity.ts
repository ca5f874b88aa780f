/** Numbers about a program that rewards and curves use. */
import type { Complexity } from "../Executor.ts"

/**
 * Halstead's volume, N log₂ n bits for N operators and operands of n distinct ones (Elements of Software Science, 1977).
 * Zero for a program without any.
 */
export const halsteadVolume = (counts: Complexity): number => {
  const vocabulary = counts.distinctOperators + counts.distinctOperands
  return vocabulary === 0 ? 0 : (counts.operators + counts.operands) * Math.log2(vocabulary)
}
