/** Programs as syntax trees, by acorn, in ESTree's terms. Nothing is executed. */
import {
  type AnyNode,
  type ModuleDeclaration,
  type Options,
  parse,
  type Program,
  type Statement,
  type Token,
} from "acorn"

export type Node = AnyNode
export type TopLevel = Statement | ModuleDeclaration

/** Why a text is no program. */
export class ProgramError {
  readonly message: string
  readonly line: number | null

  constructor(message: string, line: number | null) {
    this.message = message
    this.line = line
  }
}

const ECMA_VERSION = 2023
/** acorn ends its messages with the place. */
const PLACE = / \(\d+:\d+\)$/

/** A text as a module of ES2023, without `await` at the top level. Throws a ProgramError. */
export const parseModule = (text: string, options: Partial<Options> = {}): Program => {
  try {
    return parse(text, {
      ecmaVersion: ECMA_VERSION,
      sourceType: "module",
      allowAwaitOutsideFunction: false,
      ...options,
    })
  } catch (error) {
    if (error instanceof SyntaxError) {
      const { loc } = error as { readonly loc?: { readonly line: number } }
      throw new ProgramError(error.message.replace(PLACE, ""), loc?.line ?? null)
    }
    if (error instanceof RangeError) throw new ProgramError("nested too deeply", null)
    throw error
  }
}

export type { Program, Token }

const isNode = (value: unknown): value is Node =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as { readonly type?: unknown }).type === "string"

/** The nodes right below a node, in the order of the text. `{ a }` has the value `a` below it and no key. */
export const childrenOf = (node: Node): ReadonlyArray<Node> => {
  const children: Array<Node> = []
  let ordered = true
  const add = (value: unknown): void => {
    if (!isNode(value)) return
    ordered &&= (children.at(-1)?.start ?? 0) <= value.start
    children.push(value)
  }
  const shorthand = node.type === "Property" && node.shorthand
  for (const key of Object.keys(node)) {
    const value: unknown = node[key as keyof Node]
    if (typeof value !== "object" || key === "range" || (shorthand && key === "key")) continue
    if (Array.isArray(value)) value.forEach(add)
    else add(value)
  }
  return ordered ? children : children.sort((left, right) => left.start - right.start)
}

/** A node and all below it, each before its children. */
export const nodesOf = (root: Node): ReadonlyArray<Node> => {
  const nodes: Array<Node> = []
  const visit = (node: Node): void => {
    nodes.push(node)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(root)
  return nodes
}

export type FunctionNode = Extract<
  Node,
  { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }
>

export const isFunction = (node: Node): node is FunctionNode =>
  node.type === "FunctionDeclaration" ||
  node.type === "FunctionExpression" ||
  node.type === "ArrowFunctionExpression"

/** The name that a property or method is asked for by, where the text says it. */
export const staticKey = (key: Node, computed: boolean): string | null => {
  if (key.type === "Identifier") return computed ? null : key.name
  if (key.type === "PrivateIdentifier") return `#${key.name}`
  if (key.type === "Literal") return typeof key.value === "string" || !computed ? String(key.value) : null
  if (key.type === "TemplateLiteral" && key.expressions.length === 0) {
    return key.quasis[0]?.value.cooked ?? null
  }
  return null
}
