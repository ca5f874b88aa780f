/**
 * What a program does, by name and without order or count: a key for the semantic region it lies in.
 *
 * Kinds of nodes (`ForOfStatement`, `SpreadElement`), operators (`+`, `&&=`), global functions called
 * (`parseInt()`), functions of global objects called (`Math.max()`), classes made (`new Map()`), methods
 * called (`.push()`). Functions of the program itself are `local()`.
 */
import { type Node, staticKey } from "./parser.ts"

const KINDS = new Set([
  "ArrayPattern",
  "ArrowFunctionExpression",
  "AwaitExpression",
  "ClassDeclaration",
  "ClassExpression",
  "ConditionalExpression",
  "DoWhileStatement",
  "ForInStatement",
  "ForOfStatement",
  "ForStatement",
  "FunctionExpression",
  "IfStatement",
  "ObjectPattern",
  "RestElement",
  "SpreadElement",
  "SwitchStatement",
  "TemplateLiteral",
  "ThrowStatement",
  "TryStatement",
  "WhileStatement",
  "YieldExpression",
])

export const operations = (nodes: ReadonlyArray<Node>, globals: ReadonlySet<string>): ReadonlyArray<string> =>
  nodes.flatMap((node) => operation(node, globals) ?? [])

const operation = (node: Node, globals: ReadonlySet<string>): string | null => {
  switch (node.type) {
    case "CallExpression":
      return callOf(node.callee, globals)
    case "NewExpression":
      return `new ${isGlobal(node.callee, globals) ? node.callee.name : "local"}()`
    case "BinaryExpression":
    case "LogicalExpression":
    case "UnaryExpression":
    case "UpdateExpression":
      return node.operator
    case "AssignmentExpression":
      return node.operator === "=" ? null : node.operator
    case "MemberExpression":
      return node.computed ? "[]" : null
    case "Literal":
      return node.regex ? "RegExp" : null
    default:
      return KINDS.has(node.type) ? node.type : null
  }
}

const isGlobal = (node: Node, globals: ReadonlySet<string>): node is Extract<Node, { type: "Identifier" }> =>
  node.type === "Identifier" && globals.has(node.name)

const callOf = (callee: Node, globals: ReadonlySet<string>): string => {
  if (callee.type === "Identifier") return globals.has(callee.name) ? `${callee.name}()` : "local()"
  if (callee.type !== "MemberExpression") return "computed()"
  const method = staticKey(callee.property, callee.computed)
  if (method === null) return "computed()"
  const { object } = callee
  return object.type === "Identifier" && globals.has(object.name)
    ? `${object.name}.${method}()`
    : `.${method}()`
}
