/** What the server says about its own interface, as far as the page shows it: OpenAPI 3.1, without what we do not use. */

export interface JsonSchema {
  readonly type?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: JsonSchema | boolean
  /** Of a string that holds JSON. */
  readonly contentSchema?: JsonSchema
  readonly $ref?: string
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: { readonly description?: string }
}

interface Response {
  readonly description: string
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

interface Operation {
  readonly description?: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly responses: Readonly<Record<string, Response>>
}

export interface OpenApi {
  readonly openapi: string
  readonly info: { readonly title: string; readonly description?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

/** A schema in the notation of TypeScript, which is shorter than its own. */
export const shapeOf = (
  schema: JsonSchema,
  schemas: OpenApi["components"]["schemas"],
  indent = "",
): string => {
  const shape = (inner: JsonSchema, at = indent) => shapeOf(inner, schemas, at)
  if (schema.$ref !== undefined) {
    const target = schemas[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)]
    return target === undefined ? schema.$ref : shape(target)
  }
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => shape(each)).join(" | ")
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ")
  if (schema.contentSchema !== undefined) return `JSON of ${shape(schema.contentSchema)}`
  if (schema.type === "array") {
    const item = shape(schema.items ?? {})
    return / \| /u.test(item) && !item.startsWith("{") ? `(${item})[]` : `${item}[]`
  }
  if (schema.type === "object") {
    const deeper = `${indent}  `
    const fields = Object.entries(schema.properties ?? {}).map(
      ([name, field]) =>
        `${deeper}${name}${schema.required?.includes(name) === true ? "" : "?"}: ${shape(field, deeper)}`,
    )
    if (typeof schema.additionalProperties === "object") {
      fields.push(`${deeper}[key: string]: ${shape(schema.additionalProperties, deeper)}`)
    }
    return fields.length === 0 ? "{}" : `{\n${fields.join("\n")}\n${indent}}`
  }
  return schema.type === "integer" ? "integer" : (schema.type ?? "any JSON")
}

/** The command that asks for a path; what it has to be told is in capitals. */
export const curlOf = (origin: string, method: string, path: string): string =>
  `curl -s ${method === "get" ? "" : `-X ${method.toUpperCase()} -H 'x-azr-token: TOKEN' `}${path.endsWith("/stream") ? "-N " : ""}${origin}${path.replaceAll(/\{(\w+)\}/gu, (_, name: string) => name.toUpperCase())}`
