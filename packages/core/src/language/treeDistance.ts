/**
 * How far two syntax trees are apart: the tree edit distance of K. Zhang and D. Shasha ("Simple fast algorithms for the
 * editing distance between trees and related problems", SIAM J. Comput. 18(6), 1989) with unit costs, and a normalised
 * form of it that is a metric in [0, 1] (Y. Li and C. Zhang, "A metric normalization of tree edit distance", 2011).
 *
 * Trees are texts in bracket notation, `{label{child}{child}}`; a backslash escapes `{`, `}` and itself. Time is the number
 * of pairs of subforests, O(n·m·min(depth, leaves)²) in nodes; where that is too many, both trees are cut to their first
 * nodes in document order.
 */

/** Nodes of a tree that are looked at; half of them, and half again, while there are more pairs than `mostPairs`. */
const largestTree = 2048
/** A tenth of a second. */
const mostPairs = 2e7

/** A tree by its nodes in postorder. */
interface Tree {
  readonly labels: ReadonlyArray<string>
  /** For each node the postorder number of its leftmost leaf. */
  readonly leftmost: ReadonlyArray<number>
  /** Roots of the subtrees whose distances are computed for their own sake: one for each leftmost leaf, ascending. */
  readonly keyRoots: ReadonlyArray<number>
}

/** Fewest insertions, deletions and renamings of nodes that turn one tree into the other. */
export const treeDistance = (left: string, right: string): number => distance(...comparable(left, right))

/** 2d / (|a| + |b| + d): 0 for equal trees, 1 when one of them is empty. */
export const normalizedTreeDistance = (left: string, right: string): number => {
  const [a, b] = comparable(left, right)
  const edits = distance(a, b)
  return edits === 0 ? 0 : (2 * edits) / (a.labels.length + b.labels.length + edits)
}

/** Both trees, cut to the same number of nodes where they are too large to be compared whole. */
const comparable = (left: string, right: string): readonly [Tree, Tree] => {
  for (let limit = largestTree; ; limit = Math.floor(limit / 2)) {
    const [a, b] = [parse(left, limit), parse(right, limit)]
    if (subforests(a) * subforests(b) <= mostPairs) return [a, b]
  }
}

/** How many prefixes of subforests a tree has that distances are computed for. */
const subforests = ({ keyRoots, leftmost }: Tree): number =>
  keyRoots.reduce((sum, root) => sum + root - leftmost[root]! + 1, 0)

const distance = (a: Tree, b: Tree): number => {
  const [rows, columns] = [a.labels.length, b.labels.length]
  if (rows === 0 || columns === 0) return Math.max(rows, columns)
  /** Distance of the subtrees at two nodes. */
  const subtrees = new Int32Array(rows * columns)
  /** Distance of the forests before two nodes; one row and column more than nodes, for the empty forest. */
  const forests = new Int32Array((rows + 1) * (columns + 1))
  const width = columns + 1
  for (const rootA of a.keyRoots) {
    for (const rootB of b.keyRoots) {
      const firstA = a.leftmost[rootA]!
      const firstB = b.leftmost[rootB]!
      forests[firstA * width + firstB] = 0
      for (let i = firstA; i <= rootA; i++) {
        forests[(i + 1) * width + firstB] = forests[i * width + firstB]! + 1
      }
      for (let j = firstB; j <= rootB; j++) {
        forests[firstA * width + j + 1] = forests[firstA * width + j]! + 1
      }
      for (let i = firstA; i <= rootA; i++) {
        const leftA = a.leftmost[i]!
        for (let j = firstB; j <= rootB; j++) {
          const leftB = b.leftmost[j]!
          const changed = Math.min(forests[i * width + j + 1]!, forests[(i + 1) * width + j]!) + 1
          if (leftA === firstA && leftB === firstB) {
            const renamed = forests[i * width + j]! + (a.labels[i] === b.labels[j] ? 0 : 1)
            const best = Math.min(changed, renamed)
            forests[(i + 1) * width + j + 1] = best
            subtrees[i * columns + j] = best
          } else {
            const matched = forests[leftA * width + leftB]! + subtrees[i * columns + j]!
            forests[(i + 1) * width + j + 1] = Math.min(changed, matched)
          }
        }
      }
    }
  }
  return subtrees[rows * columns - 1]!
}

/** Total: any text is some tree. What stands outside of brackets is dropped. */
const parse = (text: string, limit: number): Tree => {
  const labels: Array<string> = []
  const leftmost: Array<number> = []
  const open: Array<{ label: string; first: number | null }> = []
  let nodes = 0
  const close = (): void => {
    const node = open.pop()
    if (node === undefined) return
    const first = node.first ?? labels.length
    leftmost.push(first)
    labels.push(node.label)
    const parent = open.at(-1)
    if (parent !== undefined) parent.first ??= first
  }
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    if (character === "}") close()
    else if (character === "{") {
      if (nodes++ === limit) break
      open.push({ label: "", first: null })
    } else {
      const node = open.at(-1)
      if (node !== undefined) node.label += character === "\\" ? text.charAt(++index) : character
    }
  }
  while (open.length > 0) close()
  const last = new Map(leftmost.map((leaf, node) => [leaf, node]))
  return { labels, leftmost, keyRoots: [...last.values()].toSorted((a, b) => a - b) }
}
