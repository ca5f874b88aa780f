/** Lua, as `languageEnvironment` needs to know it. */
import { Value } from "@azr/core"
import * as rules from "@azr/core/language"
import { Result } from "effect"
import { examples } from "./examples.ts"

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "))
const globals = words(
  "assert coroutine error getmetatable ipairs math next pairs pcall rawequal rawget rawlen rawset select setmetatable string table " +
    "tonumber tostring type utf8 xpcall",
)
const keywords = words(
  "and break do else elseif end false for function goto if in local nil not or repeat return then true until while",
)

const float = (value: number): string => {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "0/0" : value > 0 ? "math.huge" : "-math.huge"
  const text = Object.is(value, -0) ? "-0" : String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
/** JSON's escapes are Lua's but for the one of code points. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(/\\(?:u(....)|.)/g, (escape, hex) => (hex ? `\\u{${hex}}` : escape))

const render = (value: Value.Value): string => {
  switch (value.kind) {
    case "null":
      return "nil"
    case "bool":
      return String(value.value)
    case "int":
      return value.value === -(2n ** 31n) ? "math.mininteger" : String(value.value)
    case "float":
      return float(value.value)
    case "string":
      return quoted(value.value)
    case "list":
      return `{${value.items.map(render).join(", ")}}`
    case "dict":
      return `{${value.entries.map(([key, item]) => `${renderKey(key)} = ${render(item)}`).join(", ")}}`
    default:
      throw new RangeError(`Lua has no ${value.kind}`)
  }
}
const renderKey = (key: Value.Value): string =>
  key.kind === "string" && /^[A-Za-z_]\w*$/.test(key.value) && !keywords.has(key.value)
    ? key.value
    : `[${render(key)}]`

/** The guest reads literals, with the parser that reads programs. */
const readByTheExecutor = () => Result.fail("not read here")

export const lua: rules.Language = {
  id: "lua",
  name: "Lua",
  entry: "f",
  modules: [],
  equality: "numeric",
  parseValue: readByTheExecutor,
  parseArguments: readByTheExecutor,
  renderValue: render,
  renderArguments: (values) => values.map(render).join(", "),
  checkProgram: rules.firstViolation([
    rules.namesAllowed(({ names }) => names.find((name) => !globals.has(name))),
    rules.attributesAllowed((attribute) => /^(?:random|randomseed|dump)$/.test(attribute)),
    rules.onlyDefines(new Set(["FunctionDeclaration", "LocalStatement"]), ""),
    rules.definesEntry("f"),
  ]),
  definition: { line: /^function f\(/, beside: /^(?:--.*|end)$/, mention: String.raw`(?<![\w.:])f(?!\w)` },
  examples,
}
