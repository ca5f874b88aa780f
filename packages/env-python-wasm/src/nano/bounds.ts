/** Sizes of nano tasks. With them every task and its thought fit into the context of a nano policy. */
export const mostStatements = 6
/** Program length in tokens, separators included. */
export const mostTokens = 26
/** Integers in a proposed input, at least one. */
export const longestInput = 7
/** Integers in any value that a statement leaves behind. */
export const longestList = 10
/** Input/output pairs of an induction task, and how many of them its prompt shows. */
export const inductionPairs = 4
export const shownPairs = 3
