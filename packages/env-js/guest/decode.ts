/** Values from "Value JSON" (see `encode.ts`): arguments, read before a program runs. */

/**
 * A fresh JavaScript value for parsed Value JSON. Before the program runs. Throws an Error for anything else.
 */
export const decode = (json: unknown): unknown => {
  if (json === null || typeof json === "string" || typeof json === "boolean") return json
  if (typeof json === "number" && Number.isSafeInteger(json)) return json
  if (Array.isArray(json)) return json.map(decode)
  const entries = typeof json === "object" ? Object.entries(json) : []
  const [entry] = entries
  if (entry === undefined || entries.length > 1) throw malformed(json)
  const [tag, content] = entry
  switch (tag) {
    case "float":
      return decodeNumber(content)
    case "undefined":
      return undefined
    case "bigint":
      return BigInt(content)
    case "dict":
      return decodeProperties(content)
    case "map":
      return new Map(content.map((pair: ReadonlyArray<unknown>) => [decode(pair[0]), decode(pair[1])]))
    case "jsset":
      return new Set(content.map(decode))
    default:
      throw malformed(json)
  }
}

const malformed = (json: unknown): Error =>
  new TypeError(`not Value JSON: ${JSON.stringify(json).slice(0, 60)}`)

const names = new Map([
  ["nan", Number.NaN],
  ["inf", Infinity],
  ["-inf", -Infinity],
])

const decodeNumber = (text: string): number => names.get(text) ?? Number(text)

const decodeProperties = (entries: ReadonlyArray<readonly [unknown, unknown]>): object => {
  const properties = {}
  for (const [key, value] of entries) {
    if (typeof key !== "string") throw malformed(key)
    // Assignment would take `__proto__` for more than a key.
    Object.defineProperty(properties, key, {
      value: decode(value),
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return properties
}
