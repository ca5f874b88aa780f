/** Results of V8 as canonical JSON, by the rules of the guest: what is data has a form, everything else has none. */
import { Value } from "@azr/core"
import { types } from "node:util"

export class Unrepresentable extends Error {}

/** `objectPrototype` is that of the realm that made the value. Throws where the value has no canonical form. */
export const canonical = (value: unknown, objectPrototype: object): Value.Json => {
  const open = new Set<object>()
  const write = (item: unknown, depth: number): Value.Json => {
    if (depth > Value.maxDepth) throw new Unrepresentable("nested too deep")
    switch (typeof item) {
      case "undefined":
        return { undefined: true }
      case "boolean":
        return item
      case "number":
        return Value.toJson(Value.float(item))
      case "bigint":
        return { bigint: String(item) }
      case "string":
        if (!item.isWellFormed()) throw new Unrepresentable("a lone surrogate")
        return item
      case "object":
        break
      default:
        throw new Unrepresentable(`a ${typeof item} is no value`)
    }
    if (item === null) return null
    if (open.has(item)) throw new Unrepresentable("a cycle")
    open.add(item)
    const json = container(item, (part) => write(part, depth + 1))
    open.delete(item)
    return json
  }

  const container = (item: object, each: (part: unknown) => Value.Json): Value.Json => {
    if (types.isProxy(item)) throw new Unrepresentable("a proxy")
    if (types.isMap(item)) return { map: [...item].map((entry) => entry.map(each)) }
    if (types.isSet(item)) return { jsset: [...item].map(each) }
    if (Array.isArray(item)) {
      if (Object.keys(item).length !== item.length) throw new Unrepresentable("a sparse array")
      return item.map(each)
    }
    const prototype: unknown = Object.getPrototypeOf(item)
    if (prototype !== objectPrototype && prototype !== null)
      throw new Unrepresentable("an instance of a class")
    return { dict: Object.entries(item).map(([key, part]) => [key, each(part)]) }
  }

  return write(value, 0)
}
