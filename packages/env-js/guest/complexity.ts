/**
 * How complex a program is, by two published measures over its syntax tree.
 *
 * Cognitive complexity (G. A. Campbell, SonarSource 2018): breaks in the linear flow count one, those that
 * nest count one more for each level around them; a sequence of like logical operators counts one; so does a
 * jump to a label and a function's call of itself. Functions inside functions nest.
 *
 * Halstead's counts (1977): operands are names and constants; operators are everything that does something
 * with them, each pair of brackets, each keyword phrase (`for of`, `try catch`) being one.
 */
import { childrenOf, isFunction, type Node, type Program } from "./parser.ts"

export interface Complexity {
  readonly cognitive: number
  readonly operators: number
  readonly operands: number
  readonly distinctOperators: number
  readonly distinctOperands: number
}

export const complexity = (tree: Program, nodes: ReadonlyArray<Node>): Complexity => {
  const operators = nodes.flatMap(operatorsOf)
  const operands = nodes.flatMap(operandsOf)
  return {
    cognitive: cognitive(tree, { nesting: 0, functions: [], inFunction: false }),
    operators: operators.length,
    operands: operands.length,
    distinctOperators: new Set(operators).size,
    distinctOperands: new Set(operands).size,
  }
}

// -------------------------------------------------------------------------------------------- cognitive

interface Place {
  readonly nesting: number
  /** Names of the functions around. */
  readonly functions: ReadonlyArray<string>
  readonly inFunction: boolean
}

const cognitive = (node: Node, place: Place): number => {
  const below = (children: ReadonlyArray<Node | null | undefined>, inside = place): number =>
    children.reduce((sum, child) => sum + (child ? cognitive(child, inside) : 0), 0)
  const deeper = { ...place, nesting: place.nesting + 1 }
  switch (node.type) {
    case "IfStatement":
      return 1 + place.nesting + below([node.test]) + branches(node, place)
    case "ConditionalExpression":
      return 1 + place.nesting + below([node.test]) + below([node.consequent, node.alternate], deeper)
    case "SwitchStatement":
      return 1 + place.nesting + below([node.discriminant]) + below(node.cases, deeper)
    case "ForStatement":
      return 1 + place.nesting + below([node.init, node.test, node.update]) + below([node.body], deeper)
    case "ForInStatement":
    case "ForOfStatement":
      return 1 + place.nesting + below([node.left, node.right]) + below([node.body], deeper)
    case "WhileStatement":
    case "DoWhileStatement":
      return 1 + place.nesting + below([node.test]) + below([node.body], deeper)
    case "CatchClause":
      return 1 + place.nesting + below([node.param]) + below([node.body], deeper)
    case "BreakStatement":
    case "ContinueStatement":
      return node.label ? 1 : 0
    case "LogicalExpression":
      return logical(node, place)
    case "CallExpression": {
      const recursive = node.callee.type === "Identifier" && place.functions.includes(node.callee.name)
      return (recursive ? 1 : 0) + below(childrenOf(node))
    }
    case "VariableDeclarator": {
      const name = node.id.type === "Identifier" && node.init && isFunction(node.init) ? node.id.name : null
      return below(childrenOf(node), named(place, name))
    }
    default:
      return below(childrenOf(node), isFunction(node) ? within(node, place) : place)
  }
}

/** The arms of an `if`: `else` and `else if` count one each and do not nest further. */
const branches = (node: Extract<Node, { type: "IfStatement" }>, place: Place): number => {
  const deeper = { ...place, nesting: place.nesting + 1 }
  const then = cognitive(node.consequent, deeper)
  const { alternate } = node
  if (!alternate) return then
  return alternate.type === "IfStatement"
    ? then + 1 + cognitive(alternate.test, place) + branches(alternate, place)
    : then + 1 + cognitive(alternate, deeper)
}

/** One for each run of the same operator in `a && b && c || d`. */
const logical = (node: Extract<Node, { type: "LogicalExpression" }>, place: Place): number => {
  const side = (child: Node): number =>
    child.type === "LogicalExpression" && child.operator === node.operator
      ? logical(child, place) - 1
      : cognitive(child, place)
  return 1 + side(node.left) + side(node.right)
}

const named = (place: Place, name: string | null): Place =>
  name === null ? place : { ...place, functions: [...place.functions, name] }

const within = (node: Node, place: Place): Place => {
  const name =
    node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ? node.id?.name : null
  const nesting = place.inFunction ? place.nesting + 1 : place.nesting
  return { ...named(place, name ?? null), nesting, inFunction: true }
}

// --------------------------------------------------------------------------------------------- Halstead

const PHRASES: Readonly<Record<string, string>> = {
  ArrayExpression: "[,]",
  ArrayPattern: "[,]",
  ArrowFunctionExpression: "=>",
  AwaitExpression: "await",
  BreakStatement: "break",
  CallExpression: "()",
  CatchClause: "catch",
  ClassDeclaration: "class",
  ClassExpression: "class",
  ConditionalExpression: "?:",
  ContinueStatement: "continue",
  DoWhileStatement: "do while",
  ForInStatement: "for in",
  ForOfStatement: "for of",
  ForStatement: "for",
  FunctionDeclaration: "function",
  FunctionExpression: "function",
  IfStatement: "if",
  ImportExpression: "import",
  NewExpression: "new",
  ObjectExpression: "{}",
  ObjectPattern: "{}",
  ReturnStatement: "return",
  RestElement: "...",
  SpreadElement: "...",
  SwitchStatement: "switch",
  TaggedTemplateExpression: "tag``",
  TemplateLiteral: "``",
  ThrowStatement: "throw",
  TryStatement: "try",
  WhileStatement: "while",
  YieldExpression: "yield",
}

const operatorsOf = (node: Node): ReadonlyArray<string> => {
  switch (node.type) {
    case "AssignmentExpression":
    case "BinaryExpression":
    case "LogicalExpression":
      return [node.operator]
    case "UnaryExpression":
    case "UpdateExpression":
      return [node.prefix ? `${node.operator}_` : `_${node.operator}`]
    case "AssignmentPattern":
      return ["="]
    case "VariableDeclaration":
      return [node.kind]
    case "VariableDeclarator":
      return node.init ? ["="] : []
    case "MemberExpression":
      return [node.computed ? "[]" : node.optional ? "?." : "."]
    case "Property":
      return node.shorthand ? [] : [":"]
    case "IfStatement":
      return node.alternate ? ["if", "else"] : ["if"]
    case "TryStatement":
      return node.finalizer ? ["try", "finally"] : ["try"]
    case "SwitchCase":
      return [node.test ? "case" : "default"]
    default: {
      const phrase = PHRASES[node.type]
      return phrase === undefined ? [] : [phrase]
    }
  }
}

const operandsOf = (node: Node): ReadonlyArray<string> => {
  switch (node.type) {
    case "Identifier":
      return [node.name]
    case "PrivateIdentifier":
      return [`#${node.name}`]
    case "Literal":
      return [node.raw ?? String(node.value)]
    case "TemplateElement":
      return node.value.raw === "" ? [] : [JSON.stringify(node.value.raw)]
    case "ThisExpression":
      return ["this"]
    case "Super":
      return ["super"]
    default:
      return []
  }
}
