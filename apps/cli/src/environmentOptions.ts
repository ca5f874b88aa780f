/** The options that an environment takes, for people: read off their Schema. */
import { Option, Schema } from "effect"

export interface OptionFacts {
  readonly name: string
  /** In the words of JSON Schema, e.g. `integer`. */
  readonly type: string
  /** Empty where the Schema has none. */
  readonly description: string
  readonly required: boolean
  /** What it is without it; absent where an environment cannot be made of no options at all. */
  readonly default?: unknown
}

interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
}

const typeOf = (schema: JsonSchema): string => {
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" or ")
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ")
  return schema.type ?? "any"
}

const descriptionOf = ({ allOf = [], description }: JsonSchema): string =>
  description ?? allOf.find((part) => part.description !== undefined)?.description ?? ""

export const describeOptions = (options: Schema.Codec<unknown, unknown>): ReadonlyArray<OptionFacts> => {
  const { properties = {}, required = [] } = Schema.toJsonSchemaDocument(options).schema as JsonSchema
  const defaults = Option.getOrElse(
    Option.flatMap(Schema.decodeOption(options)({}), Schema.encodeUnknownOption(options)),
    () => ({}),
  ) as Readonly<Record<string, unknown>>
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    type: typeOf(schema),
    description: descriptionOf(schema),
    required: required.includes(name),
    ...(Object.hasOwn(defaults, name) ? { default: defaults[name] } : {}),
  }))
}
