/** The few statistics that measurements are summed up by. Pure. */

/** The value below which the fraction `p` of the numbers lies (nearest rank). NaN without numbers. */
export const percentile = (numbers: ReadonlyArray<number>, p: number): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(Math.ceil(p * sorted.length) - 1, 0)] ?? Number.NaN
}

export const median = (numbers: ReadonlyArray<number>): number => percentile(numbers, 0.5)

/** Least-squares slope of y over x; 0 where the points do not say. */
export const slope = (points: ReadonlyArray<readonly [x: number, y: number]>): number => {
  const mean = (pick: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length
  const meanX = mean(([x]) => x)
  const meanY = mean(([, y]) => y)
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return variance > 0 ? covariance / variance : 0
}
