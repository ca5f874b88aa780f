/** Which direct calls of a module can be part of a recursion. */
import { Reader } from "../wasm/binary.ts"
import { Op, readInstruction } from "../wasm/instructions.ts"

/** Indices of the functions that a function body calls directly. */
export const directCalls = (body: Uint8Array): ReadonlyArray<number> => {
  const reader = new Reader(body)
  for (let group = reader.unsigned(); group > 0; group--) {
    reader.unsigned()
    reader.byte()
  }
  const callees = new Set<number>()
  while (!reader.done) {
    const { op, detail } = readInstruction(reader)
    if (op === Op.call) callees.add(detail)
  }
  return [...callees]
}

/**
 * For each node of a graph the number of its strongly connected component (Tarjan 1972, without recursion). A
 * node that is a component of its own is alone with its number, so `calls[n].includes(n)` is a recursion and
 * within one component.
 */
export const stronglyConnected = (edges: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => {
  const index = new Int32Array(edges.length).fill(-1)
  const low = new Int32Array(edges.length)
  const component = Array.from(edges, () => -1)
  const stack: Array<number> = []
  let nextIndex = 0
  let nextComponent = 0
  for (let root = 0; root < edges.length; root++) {
    if (index[root] !== -1) continue
    const path: Array<{ readonly node: number; edge: number }> = [{ node: root, edge: 0 }]
    while (path.length > 0) {
      const top = path[path.length - 1]!
      const { node } = top
      if (top.edge === 0) {
        index[node] = low[node] = nextIndex++
        stack.push(node)
      }
      const target = edges[node]![top.edge++]
      if (target !== undefined) {
        if (index[target] === -1) path.push({ node: target, edge: 0 })
        else if (component[target] === -1) low[node] = Math.min(low[node]!, index[target]!)
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent !== undefined) low[parent.node] = Math.min(low[parent.node]!, low[node]!)
      if (low[node] !== index[node]) continue
      for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
        component[member] = nextComponent
        if (member === node) break
      }
      nextComponent += 1
    }
  }
  return component
}
