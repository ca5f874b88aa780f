/** Whether calling a function ends with a value, as far as its text shows it. */
import { childrenOf, type FunctionNode, isFunction, type Node } from "./parser.ts"

/**
 * Every way through the body ends in `return` with a value or in `throw`, and at least one in the former.
 * What stands before a block's last statement is looked at only for a `return` without a value. Functions
 * that give a promise or a generator return neither.
 */
export const returnsValue = (node: FunctionNode): boolean => {
  if (node.async || node.generator) return false
  if (node.body.type !== "BlockStatement") return true
  const returned = ownReturns(node.body)
  return ends(node.body) && returned.length > 0 && returned.every((argument) => argument)
}

/** For each `return` of a function itself, not of one inside it, whether it has a value. */
const ownReturns = (node: Node): ReadonlyArray<boolean> => {
  if (node.type === "ReturnStatement") return [node.argument != null]
  return childrenOf(node).flatMap((child) => (isFunction(child) ? [] : ownReturns(child)))
}

/** An `if` needs both arms, a `switch` a default, a `try` its block and its handler, or its finally. */
const ends = (node: Node | null | undefined): boolean => {
  switch (node?.type) {
    case "ReturnStatement":
    case "ThrowStatement":
      return true
    case "BlockStatement":
      return ends(node.body.at(-1))
    case "IfStatement":
      return ends(node.consequent) && ends(node.alternate)
    case "TryStatement":
      return ends(node.finalizer) || (ends(node.block) && (node.handler == null || ends(node.handler.body)))
    case "SwitchStatement":
      // A case that does not end falls through to the next one.
      return (
        node.cases.some(({ test }) => test == null) &&
        ends(node.cases.at(-1)?.consequent.at(-1)) &&
        !node.cases.some((branch) => leaves(branch, null))
      )
    case "LabeledStatement":
      return ends(node.body) && !leaves(node.body, node.label.name)
    case "WhileStatement":
    case "DoWhileStatement":
      return node.test.type === "Literal" && Boolean(node.test.value) && !leaves(node.body, null)
    case "ForStatement":
      return node.test == null && !leaves(node.body, null)
    default:
      return false
  }
}

/**
 * Whether a `break` below `node` leaves the statement around it: the nearest loop or switch, or the one
 * called `label`.
 */
const leaves = (node: Node, label: string | null): boolean => {
  if (isFunction(node)) return false
  if (node.type === "BreakStatement") return (node.label?.name ?? null) === label
  const encloses = label === null && BREAKABLE.has(node.type)
  return !encloses && childrenOf(node).some((child) => leaves(child, label))
}

const BREAKABLE = new Set([
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "WhileStatement",
  "DoWhileStatement",
  "SwitchStatement",
])
