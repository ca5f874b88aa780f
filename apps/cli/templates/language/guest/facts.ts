/** What is said of a program without running it: names for the rules, a canonical form for duplicates, measures, a tree. */
import type { GuestFacts } from "@azr/wasm-host/guest"
import type { Node } from "../src/syntax.ts"

const nodesOf = (node: Node): ReadonlyArray<Node> => [node, ...node.parts.flatMap(nodesOf)]

const distinct = (texts: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(texts)]

const isOperand = ({ kind }: Node): boolean =>
  ["Number", "String", "Boolean", "Name", "Parameter"].includes(kind)

/** A tree in bracket notation, `{Kind text{…}{…}}`. */
const bracketed = (kind: string, text: string, parts: ReadonlyArray<string>): string =>
  `{${kind}${text === "" ? "" : ` ${text.replaceAll(/[\\{}]/g, "\\$&")}`}${parts.join("")}}`

/** The program without the names that its author chose: functions but the entry are f0, f1, …, what they bind v0, v1, … */
const canonicalTree = (program: Node): string => {
  const helpers = program.parts.filter(({ text }) => text !== "f").map(({ text }) => text)
  const functionName = (name: string) => (helpers.includes(name) ? `f${helpers.indexOf(name)}` : name)
  const write = (node: Node, bound: ReadonlyArray<string>): string => {
    const text = node.text
    switch (node.kind) {
      case "Definition": {
        const names = node.parts.slice(0, -1).map((parameter) => parameter.text)
        return bracketed(
          node.kind,
          functionName(text),
          node.parts.map((part) => write(part, names)),
        )
      }
      case "Let": {
        const [value, body] = node.parts as [Node, Node]
        return bracketed(node.kind, `v${bound.length}`, [write(value, bound), write(body, [...bound, text])])
      }
      case "Name":
      case "Parameter": {
        const at = bound.lastIndexOf(text)
        return bracketed(node.kind, at < 0 ? text : `v${at}`, [])
      }
      case "String":
        return bracketed(node.kind, JSON.stringify(text), [])
      default: {
        const label = node.kind === "Call" ? functionName(text) : text
        return bracketed(
          node.kind,
          label,
          node.parts.map((part) => write(part, bound)),
        )
      }
    }
  }
  return write(program, [])
}

/** Names that an expression reads and nothing around it binds, functions that are called among them. */
const freeNames = (node: Node, bound: ReadonlySet<string>): ReadonlyArray<string> => {
  switch (node.kind) {
    case "Definition": {
      const names = new Set([...bound, ...node.parts.slice(0, -1).map(({ text }) => text)])
      return freeNames(node.parts.at(-1) as Node, names)
    }
    case "Let": {
      const [value, body] = node.parts as [Node, Node]
      return [...freeNames(value, bound), ...freeNames(body, new Set([...bound, node.text]))]
    }
    default: {
      const own =
        node.kind === "Name" || node.kind === "Call" ? [node.text].filter((name) => !bound.has(name)) : []
      return [...own, ...node.parts.flatMap((part) => freeNames(part, bound))]
    }
  }
}

/** Cognitive complexity: each branch counts one and what it is nested in, each `and` and `or` one. */
const cognitive = (node: Node, nesting: number): number => {
  const inner = node.kind === "If" ? nesting + 1 : nesting
  const own = node.kind === "If" ? 1 + nesting : node.text === "and" || node.text === "or" ? 1 : 0
  return node.parts.reduce((sum, part) => sum + cognitive(part, inner), own)
}

export const factsOf = (program: Node): GuestFacts => {
  const nodes = nodesOf(program).slice(1)
  const operands = nodes.filter(isOperand)
  const operators = nodes.filter((node) => !isOperand(node))
  const defined = new Set(program.parts.map(({ text }) => text))
  const tree = canonicalTree(program)
  const labels = (some: ReadonlyArray<Node>) => distinct(some.map(({ kind, text }) => `${kind} ${text}`))
  return {
    functions: program.parts.map(({ parts, text }) => ({
      name: text,
      params: parts.slice(0, -1).map((parameter) => parameter.text),
      varargs: false,
      // An expression always has a value, or fails.
      returns: true,
    })),
    topLevel: program.parts.map(({ kind }) => kind),
    imports: [],
    calls: distinct(nodes.filter(({ kind }) => kind === "Call").map(({ text }) => text)),
    names: distinct(freeNames(program, defined)),
    attributes: [],
    canonical: tree,
    operations: nodes.flatMap(({ kind, text }) =>
      kind === "Call"
        ? [defined.has(text) ? "local()" : `${text}()`]
        : kind === "Operator" || kind === "Unary"
          ? [text]
          : kind === "If" || kind === "Let" || kind === "Index"
            ? [kind]
            : [],
    ),
    complexity: {
      cognitive: cognitive(program, 0),
      operators: operators.length,
      operands: operands.length,
      distinctOperators: labels(operators).length,
      distinctOperands: labels(operands).length,
    },
    tree,
  }
}
