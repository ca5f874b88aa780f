/** Operation `inspect`: what a program's syntax tree says. Nothing is executed. */
import { analyze } from "eslint-scope"
import { canonicalise } from "./canonical.ts"
import { complexity } from "./complexity.ts"
import { evaluate } from "./intrinsics.ts"
import { operations } from "./operations.ts"
import { lineOf } from "./outcome.ts"
import {
  type FunctionNode,
  isFunction,
  type Node,
  nodesOf,
  parseModule,
  type Program,
  ProgramError,
  staticKey,
  type TopLevel,
} from "./parser.ts"
import { returnsValue } from "./returns.ts"
import { globalNames, type Scopes } from "./scopes.ts"
import { toStatements } from "./script.ts"
import { bracketNotation } from "./tree.ts"

interface InspectRequest {
  readonly program: string
}

/** Answer of `{"op": "inspect", "program"}` as JSON. */
export const inspect = ({ program }: InspectRequest): string => {
  try {
    // eslint-scope asks for ranges.
    const tree = parseModule(program, { ranges: true })
    compile(program)
    return JSON.stringify({ ok: { syntax: null, ...facts(tree) } })
  } catch (error) {
    if (error instanceof ProgramError) return broken(error)
    // The engine's stack ends before the tree does.
    if (error instanceof RangeError) return broken(new ProgramError("nested too deeply", null))
    throw error
  }
}

const broken = ({ line, message }: ProgramError): string =>
  JSON.stringify({ ok: { syntax: { message: message.slice(0, 200), line } } })

/**
 * Some errors only the engine finds. The parser has read the text, so the function that encloses it stays
 * closed.
 */
const compile = (program: string): void => {
  try {
    evaluate(`"use strict";(function () {${toStatements(program)}\n})`)
  } catch (error) {
    if (error instanceof SyntaxError) throw new ProgramError(error.message, lineOf(error))
    throw error
  }
}

const facts = (tree: Program) => {
  const nodes = nodesOf(tree)
  const scopes: Scopes = analyze(tree as never, { ecmaVersion: 2022, sourceType: "module" })
  const globals = globalNames(scopes)
  // These read the tree as it was written; `canonicalise` renames and removes.
  const written = {
    functions: tree.body.flatMap((statement) => topLevelFunctions(statement, scopes)),
    topLevel: tree.body.map(({ type }, index) => declarationOf(tree.body[index]!)?.type ?? type),
    imports: sortedSet(nodes.flatMap(importedFrom)),
    calls: sortedSet(nodes.flatMap(called)),
    names: globals,
    attributes: sortedSet(nodes.flatMap(attributesOf)),
    operations: sortedSet(operations(nodes, new Set(globals))),
    complexity: complexity(tree, nodes),
  }
  const { text, tree: canonicalTree } = canonicalise(tree, nodes, scopes, new Set(written.attributes))
  return { ...written, canonical: text, tree: bracketNotation(canonicalTree) }
}

const sortedSet = (texts: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(texts)].sort()

/** What a top-level `export` in front of a declaration exports; the statement itself where there is none. */
const declarationOf = (statement: TopLevel): Node | null => {
  if (statement.type === "ExportNamedDeclaration") return statement.declaration ?? null
  return statement.type === "ExportDefaultDeclaration" ? statement.declaration : statement
}

// --------------------------------------------------------------------------------------------- functions

/** `function g() {…}`, and `const g = …` with a function or an arrow. */
const topLevelFunctions = (statement: TopLevel, scopes: Scopes) => {
  const declared = declarationOf(statement)
  if (declared?.type === "FunctionDeclaration" && declared.id !== null) {
    return [describeFunction(declared.id.name, declared, scopes)]
  }
  if (declared?.type !== "VariableDeclaration") return []
  return declared.declarations.flatMap(({ id, init }) =>
    id.type === "Identifier" && init && isFunction(init) ? [describeFunction(id.name, init, scopes)] : [],
  )
}

const describeFunction = (name: string, node: FunctionNode, scopes: Scopes) => {
  const named = node.params.filter(({ type }) => type !== "RestElement")
  return {
    name,
    params: named.map(parameterName),
    varargs: named.length < node.params.length || usesArguments(node, scopes),
    returns: returnsValue(node),
  }
}

/** A name; `{}` or `[]` for a pattern. */
const parameterName = (parameter: Node): string => {
  switch (parameter.type) {
    case "AssignmentPattern":
      return parameterName(parameter.left)
    case "Identifier":
      return parameter.name
    case "ObjectPattern":
      return "{}"
    default:
      return "[]"
  }
}

const usesArguments = (node: FunctionNode, scopes: Scopes): boolean => {
  const scope = scopes.acquire(node as never)
  return (scope?.set.get("arguments")?.references.length ?? 0) > 0
}

// ------------------------------------------------------------------------------------------------- names

/**
 * What `import(…)` names; `<computed>` where it is no literal. Import declarations and `import.meta` are no
 * syntax here.
 */
const importedFrom = (node: Node): ReadonlyArray<string> =>
  node.type === "ImportExpression" ? [staticKey(node.source, true) ?? "<computed>"] : []

const called = (node: Node): ReadonlyArray<string> => {
  if (node.type === "CallExpression" || node.type === "NewExpression") return [dotted(node.callee)]
  return node.type === "TaggedTemplateExpression" ? [dotted(node.tag)] : []
}

/**
 * `a.b.c` as written, also for `a["b"].c` and `a?.b.c`; what is not a name stands as its kind:
 * `<CallExpression>.at`.
 */
const dotted = (node: Node): string => {
  switch (node.type) {
    case "MemberExpression":
      return `${dotted(node.object)}.${staticKey(node.property, node.computed) ?? "<computed>"}`
    case "ChainExpression":
      return dotted(node.expression)
    case "Identifier":
      return node.name
    case "ThisExpression":
      return "this"
    case "Super":
      return "super"
    default:
      return `<${node.type}>`
  }
}

/**
 * Names under which properties are read: by a member access or by a pattern. Computed ones count where the
 * text is plain.
 */
const attributesOf = (node: Node): ReadonlyArray<string> => {
  const name = (key: Node, computed: boolean): ReadonlyArray<string> => {
    const known = staticKey(key, computed)
    return known === null ? [] : [known]
  }
  if (node.type === "MemberExpression") return name(node.property, node.computed)
  if (node.type !== "ObjectPattern") return []
  return node.properties.flatMap((property) =>
    property.type === "Property" ? name(property.key, property.computed) : [],
  )
}
