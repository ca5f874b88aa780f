/** A configuration as a list of its leaves, and what differs between several. */
export type Leaves = ReadonlyMap<string, string>

export const leavesOf = (value: unknown, path = ""): Leaves => {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return new Map([[path, JSON.stringify(value) ?? "absent"]])
  }
  if (Array.isArray(value) && value.every((each) => typeof each !== "object"))
    return new Map([[path, JSON.stringify(value)]])
  return new Map(
    Object.entries(value).flatMap(([key, inner]) => [
      ...leavesOf(inner, path === "" ? key : `${path}.${key}`),
    ]),
  )
}

export interface Difference {
  readonly path: string
  /** A value for each configuration; null where it has none. */
  readonly values: ReadonlyArray<string | null>
}

export const differences = (configs: ReadonlyArray<unknown>): ReadonlyArray<Difference> => {
  const all = configs.map((config) => leavesOf(config))
  return [...new Set(all.flatMap((leaves) => [...leaves.keys()]))]
    .map((path) => ({ path, values: all.map((leaves) => leaves.get(path) ?? null) }))
    .filter(({ values }) => new Set(values).size > 1)
}
