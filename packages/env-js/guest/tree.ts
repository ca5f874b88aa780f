/**
 * A syntax tree in bracket notation, `{Program{ReturnStatement{Identifier v0}}}`, as the literature on tree
 * edit distance writes it. A node's label is its ESTree type, and after a space its name, operator, kind or
 * constant where it has one; `{`, `}` and `\` in labels are escaped by `\`.
 */
import { childrenOf, type Node } from "./parser.ts"

const SPECIAL = /[\\{}]/g

export const bracketNotation = (node: Node): string => {
  const detail = detailOf(node)
  const label = detail === null ? node.type : `${node.type} ${detail.replace(SPECIAL, "\\$&")}`
  return `{${label}${childrenOf(node).map(bracketNotation).join("")}}`
}

const detailOf = (node: Node): string | null => {
  switch (node.type) {
    case "Identifier":
    case "PrivateIdentifier":
      return node.name
    case "Literal":
      return constant(node)
    case "TemplateElement":
      return node.value.raw
    case "AssignmentExpression":
    case "BinaryExpression":
    case "LogicalExpression":
    case "UnaryExpression":
      return node.operator
    case "UpdateExpression":
      return node.prefix ? `${node.operator} prefix` : node.operator
    case "VariableDeclaration":
      return node.kind
    case "MethodDefinition":
    case "Property":
      return node.kind === "get" || node.kind === "set" ? node.kind : null
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return [node.async ? "async" : [], node.generator ? "generator" : []].flat().join(" ") || null
    case "MemberExpression":
      return node.computed ? "[]" : null
    default:
      return null
  }
}

const constant = (node: Extract<Node, { type: "Literal" }>): string => {
  if (node.regex) return `/${node.regex.pattern}/${node.regex.flags}`
  if (typeof node.bigint === "string") return `${node.bigint}n`
  return typeof node.value === "string" ? JSON.stringify(node.value) : String(node.value)
}
