/**
 * What can be said of a Lua program without running it, read off luaparse's tree.
 *
 * The canonical form is the tree in bracket notation, without comments and formatting, its local names replaced by `v0`, `v1`, …
 * in the order in which the text meets them (a name is replaced by one and the same, wherever it is bound). Equal forms mean equal
 * behaviour; the reverse is not promised.
 */
import { type GuestFacts, SyntaxFault } from "@azr/wasm-host/guest"
import luaparse from "luaparse"

type Node = Record<string, unknown> & { readonly type: string }
/** Throws `SyntaxFault`. */
export const factsOf = (program: string): GuestFacts => {
  try {
    const chunk = luaparse.parse(program, { luaVersion: "5.3", comments: false, scope: true })
    return factsOfTree(chunk as unknown as Node)
  } catch (error) {
    const { line, message, name } = error as Error & { readonly line?: number }
    if (name !== "SyntaxError") throw error
    throw new SyntaxFault(message.replace(/^\[[\d:]+\] /, ""), line ?? null)
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string"
const childrenOf = (node: Node): ReadonlyArray<Node> =>
  Object.entries(node).flatMap(([key, value]) =>
    key === "globals" ? [] : Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  )
const below = (node: Node): ReadonlyArray<Node> => [node, ...childrenOf(node).flatMap(below)]
const sorted = (texts: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(texts)].sort()
const list = (value: unknown): ReadonlyArray<Node> => value as ReadonlyArray<Node>

/** `a.b.c` as written, or null for a base that is computed. */
const pathOf = (node: Node): string | null => {
  if (node.type === "Identifier") return String(node["name"])
  if (node.type !== "MemberExpression") return null
  const base = pathOf(node["base"] as Node)
  return base === null ? null : `${base}.${(node["identifier"] as Node)["name"]}`
}

const isCall = ({ type }: Node): boolean => /^(?:String|Table)?CallExpression$/.test(type)

const factsOfTree = (chunk: Node): GuestFacts => {
  const nodes = below(chunk)
  const body = list(chunk["body"])
  // Names of fields and labels are identifiers, too, and bind nothing.
  const fields = new Set(
    nodes.flatMap(({ identifier, key, label, type }) =>
      type === "MemberExpression" ? [identifier] : type === "TableKeyString" ? [key] : [label],
    ),
  )
  const globals = nodes.filter(
    (node) => node.type === "Identifier" && node["isLocal"] !== true && !fields.has(node),
  )
  const bound = new Set<unknown>(
    nodes.flatMap(({ identifier, type, variables }) =>
      type === "FunctionDeclaration"
        ? [identifier]
        : type === "AssignmentStatement"
          ? [...list(variables)]
          : [],
    ),
  )
  const isBound = new Set([...bound].filter(isNode).map((node) => node["name"]))
  const tree = treeOf(chunk, fields)
  return {
    functions: body.flatMap((node) => (node.type === "FunctionDeclaration" ? functionFacts(node) : [])),
    topLevel: body.map(({ type }) => type),
    imports: [],
    calls: sorted(nodes.filter(isCall).flatMap((node) => pathOf(node["base"] as Node) ?? [])),
    names: sorted(globals.map(({ name }) => String(name)).filter((name) => !isBound.has(name))),
    attributes: sorted(
      nodes.flatMap(({ identifier, index, type }) =>
        type === "MemberExpression"
          ? [String((identifier as Node)["name"])]
          : type === "IndexExpression" && (index as Node).type === "StringLiteral"
            ? [String((index as Node)["raw"]).slice(1, -1)]
            : [],
      ),
    ),
    canonical: tree,
    operations: sorted(nodes.flatMap(operationOf)),
    complexity: complexityOf(chunk, nodes),
    tree,
  }
}

const functionFacts = ({ body, identifier, parameters }: Node): GuestFacts["functions"] => {
  const name = isNode(identifier) ? pathOf(identifier) : null
  if (name === null) return []
  const named = list(parameters).filter(({ type }) => type === "Identifier")
  return [
    {
      name,
      params: named.map((parameter) => String(parameter["name"])),
      varargs: named.length < list(parameters).length,
      returns: ends(list(body)),
    },
  ]
}

/** Whether every way through a block ends by returning a value or raising. */
const ends = (block: ReadonlyArray<Node>): boolean => {
  const last = block.at(-1)
  switch (last?.type) {
    case "ReturnStatement":
      return list(last["arguments"]).length > 0
    case "DoStatement":
      return ends(list(last["body"]))
    case "IfStatement": {
      const clauses = list(last["clauses"])
      return clauses.at(-1)?.type === "ElseClause" && clauses.every(({ body }) => ends(list(body)))
    }
    case "CallStatement":
      return pathOf((last["expression"] as Node)["base"] as Node) === "error"
    case "WhileStatement":
      return (
        (last["condition"] as Node)["value"] === true &&
        !below(last).some(({ type }) => type === "BreakStatement" || type === "GotoStatement")
      )
    default:
      return false
  }
}

const treeOf = (chunk: Node, fields: ReadonlySet<unknown>): string => {
  const locals = new Map<unknown, string>()
  const labelOf = (node: Node): string => {
    const { isLocal, name, operator, raw, type, value } = node
    if (type === "Identifier") {
      if (isLocal !== true || fields.has(node)) return ` ${String(name)}`
      if (!locals.has(name)) locals.set(name, `v${locals.size}`)
      return `: ${locals.get(name)}`
    }
    if (type === "NumericLiteral") return ` ${String(raw).toLowerCase()}`
    const detail = operator ?? raw ?? value ?? node["indexer"] ?? (isLocal === true ? "local" : "")
    // Brackets cut several values down to one.
    return ` ${String(detail)}${node["inParens"] === true ? " ()" : ""}`.trimEnd()
  }
  // Lists are nodes of their own: `a, b = 1` and `a = b, 1` are different trees.
  const write = (node: Node): string => {
    const label = `${node.type}${labelOf(node)}`.replace(/[\\{}]/g, "\\$&")
    const children = Object.entries(node).map(([key, value]) =>
      key === "globals"
        ? ""
        : Array.isArray(value)
          ? `{${key}${value.map(write).join("")}}`
          : isNode(value)
            ? write(value)
            : "",
    )
    return `{${label}${children.join("")}}`
  }
  return write(chunk)
}

const operationOf = (node: Node): ReadonlyArray<string> => {
  const { indexer, identifier, operator, type } = node
  if (typeof operator === "string") return [operator]
  if (isCall(node)) {
    const base = node["base"] as Node
    return [
      base["indexer"] === ":"
        ? `:${(base["identifier"] as Node)["name"]}()`
        : `${base["isLocal"] === true ? "local" : (pathOf(base) ?? "computed")}()`,
    ]
  }
  if (indexer === ":" || identifier !== undefined) return []
  return /Statement$|^FunctionDeclaration$|^TableConstructorExpression$/.test(type) ? [type] : []
}

const isBranch = (type: string): boolean =>
  /^(?:If|While|Repeat|ForNumeric|ForGeneric)(?:Statement|Clause)$/.test(type) && type !== "IfStatement"

/**
 * Cognitive complexity: one for each branch and loop and one more for each that it stands in, one for each else, elseif, goto and
 * run of like logical operators. Halstead's counts: operands are names and constants, operators all other nodes.
 */
const complexityOf = (chunk: Node, nodes: ReadonlyArray<Node>): GuestFacts["complexity"] => {
  const cognitive = (node: Node, nesting: number, within: unknown): number => {
    const { operator, type } = node
    const own = isBranch(type)
      ? 1 + nesting
      : /^Else|^Goto/.test(type) || (type === "LogicalExpression" && operator !== within)
        ? 1
        : 0
    const nests = isBranch(type) || type.startsWith("Else") || (type === "FunctionDeclaration" && nesting > 0)
    const inside = type === "LogicalExpression" ? operator : null
    return childrenOf(node).reduce(
      (sum, child) => sum + cognitive(child, nesting + (nests ? 1 : 0), inside),
      own,
    )
  }
  const isOperand = ({ type }: Node): boolean => type === "Identifier" || type.endsWith("Literal")
  const operands = nodes.filter(isOperand).map((node) => String(node["name"] ?? node["raw"]))
  const operators = nodes
    .filter((node) => !isOperand(node))
    .map((node) => `${node.type} ${String(node["operator"])}`)
  return {
    cognitive: cognitive(chunk, 0, null),
    operators: operators.length,
    operands: operands.length,
    distinctOperators: new Set(operators).size,
    distinctOperands: new Set(operands).size,
  }
}
