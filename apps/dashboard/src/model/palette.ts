/** One look for each kind of task and each part of a step: a colour, and a dash for those who do not see the colour. */
export interface Look {
  /** A custom property of styles.css. */
  readonly color: string
  /** Lengths of strokes and gaps in pixels; empty for a solid line. */
  readonly dash: ReadonlyArray<number>
}

const looks: Readonly<Record<string, Look>> = {
  deduction: { color: "--deduction", dash: [] },
  abduction: { color: "--abduction", dash: [7, 3] },
  induction: { color: "--induction", dash: [2, 3] },
  error: { color: "--error", dash: [8, 3, 2, 3] },
}

/** Looks of kinds that are no language's. */
const others: ReadonlyArray<Look> = [
  { color: "--other", dash: [4, 4] },
  { color: "--other-2", dash: [12, 3] },
  { color: "--other-3", dash: [2, 5] },
  { color: "--other-4", dash: [10, 3, 2, 3, 2, 3] },
]

/** The look of one of the kinds of a run. */
export const lookOf = (kind: string, kinds: ReadonlyArray<string>): Look => {
  const place = kinds.filter((each) => looks[each] === undefined).indexOf(kind)
  return looks[kind] ?? (others[Math.max(0, place) % others.length] as Look)
}

/** Looks of what has no colour of its own, in the order of the list: runs laid over each other, executors. */
const looksInOrder: ReadonlyArray<Look> = [...Object.values(looks), ...others.slice(0, 1)]

export const lookAt = (index: number): Look => looksInOrder[index % looksInOrder.length] as Look

/** From a name of styles.css to what a canvas can draw with. */
export const resolveColor = (element: Element, name: string): string => {
  const probe = document.createElement("span")
  probe.style.color = `var(${name})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
