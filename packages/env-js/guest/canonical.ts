/**
 * The canonical text of a program: equal for programs that differ only in comments, formatting and names.
 *
 * Variables, parameters, functions and classes become `v0`, `v1`, … in the order in which the text meets
 * them. Names stay where they can be seen from outside: the entry function `f`, globals, properties, private
 * members, labels. A program that reads a property `name` keeps the names of what functions and classes are
 * bound to.
 *
 * Equal texts mean equal behaviour, apart from what quotes the program's own text: `String(f)`, and the
 * wording of messages about a name. The reverse is not promised.
 */
import { generate } from "astring"
import { isFunction, type Node, type Program, type TopLevel } from "./parser.ts"
import { type Binding, bindings, type Scopes } from "./scopes.ts"

const ENTRY = "f"

/**
 * The text and its tree, which is `tree` changed. `nodes` are all of it, `attributes` the names under which
 * it reads properties.
 */
export const canonicalise = (
  tree: Program,
  nodes: ReadonlyArray<Node>,
  scopes: Scopes,
  attributes: ReadonlySet<string>,
): { readonly text: string; readonly tree: Program } => {
  const all = bindings(scopes)
  const stays = new Set([ENTRY, ...(scopes.globalScope?.through ?? []).map(nameOf)])
  if (attributes.has("name")) for (const binding of all.filter(namesCode)) stays.add(binding.name)
  rename(all, stays)
  for (const node of nodes) plain(node)
  tree.body = tree.body.flatMap(withoutExport).filter((statement) => !isDirective(statement))
  return { text: generate(tree).trim(), tree }
}

const nameOf = ({ identifier }: { readonly identifier: unknown }): string =>
  (identifier as { readonly name: string }).name

const rename = (all: ReadonlyArray<Binding>, stays: ReadonlySet<string>): void => {
  let count = 0
  for (const { name, occurrences } of all) {
    if (stays.has(name)) continue
    while (stays.has(`v${count}`)) count += 1
    for (const occurrence of occurrences) occurrence.name = `v${count}`
    count += 1
  }
}

/** Whether a function or class takes its name from this variable. */
const namesCode = ({ variables }: Binding): boolean =>
  variables
    .flatMap(({ defs }) => defs)
    .some(({ node, type }) => {
      if (type === "FunctionName" || type === "ClassName") return true
      const bound = node as unknown as Node
      if (bound.type !== "VariableDeclarator" || !bound.init) return false
      return isFunction(bound.init) || bound.init.type === "ClassExpression"
    })

/** One way of writing for what can be written in several: literals, and `{ a }` for `{ a: a }`. */
const plain = (node: Node): void => {
  if (node.type === "Property") node.shorthand = false
  if (node.type !== "Literal" || node.regex) return
  const { value } = node
  if (typeof value === "number" && !Number.isFinite(value)) return
  delete node.raw
}

/** Declarations without `export`; what only exports is nothing. */
const withoutExport = (statement: TopLevel): Array<TopLevel> => {
  if (statement.type === "ExportNamedDeclaration" && !statement.source) {
    return statement.declaration ? [statement.declaration] : []
  }
  if (statement.type !== "ExportDefaultDeclaration") return [statement]
  const { declaration } = statement
  const named = declaration.type === "FunctionDeclaration" || declaration.type === "ClassDeclaration"
  return named && declaration.id !== null ? [declaration as TopLevel] : [statement]
}

const isDirective = (statement: TopLevel): boolean =>
  statement.type === "ExpressionStatement" &&
  statement.directive !== undefined &&
  statement.directive !== null
