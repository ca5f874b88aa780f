/**
 * Programs of the nano language: a row of statements on one variable, in three forms.
 *
 *     compact   a=a[1:];a=[x+2 for x in a]          what a nano policy reads and writes
 *     source    def f(a):                           what runs: ordinary Python
 *                   a=a[1:]
 *                   a=[x+2 for x in a]
 *                   return a
 *     shape     a=a[1:];a=[x+ for x in a]           the compact form without its constants
 */
import { beginsStatement, isInteger, isMarker, render, splitAt, tokenize } from "./vocabulary.ts"

/** Statements in compact form, at least one. */
export type Program = ReadonlyArray<string>

export const compact = (program: Program): string => program.join(";")

const opening = "def f(a):\n"
const indent = "    "
const closing = "    return a"

export const source = (program: Program): string =>
  `${opening}${program.map((statement) => `${indent}${statement}\n`).join("")}${closing}`

/** Reads the compact form: statements that each begin with an assignment to `a`; whether they run is not asked. */
export const fromTokens = (tokens: ReadonlyArray<string>): Program | null => {
  const statements = splitAt(tokens, ";")
  const wellFormed = statements.every(
    ([head, ...rest]) => head !== undefined && beginsStatement(head) && !rest.some(isMarker),
  )
  return wellFormed ? statements.map(render) : null
}

export const fromCompact = (text: string): Program | null => {
  const tokens = tokenize(text)
  return tokens === null ? null : fromTokens(tokens)
}

/** Reads the source form exactly as `source` writes it. */
export const fromSource = (text: string): Program | null => {
  if (!text.startsWith(opening) || !text.endsWith(`\n${closing}`)) return null
  const lines = text.slice(opening.length, -closing.length - 1).split("\n")
  const program = fromCompact(lines.map((line) => line.slice(indent.length)).join(";"))
  return program !== null && source(program) === text ? program : null
}

/** What coverage counts by: programs that differ in constants only have the same shape. */
export const shape = (program: Program): string =>
  program
    .map((statement) => (tokenize(statement) ?? []).filter((token) => !isInteger(token)).join(""))
    .join(";")

/** Length in tokens, separators included. */
export const tokenCount = (program: Program): number => tokenize(compact(program))?.length ?? 0

/**
 * The canonical text that the executor gives the program's source: names in order of appearance, formatted as
 * `ast.unparse` does. Suites are read without an executor, and identities must agree.
 */
export const canonical = (program: Program): string => {
  let names = 1
  const statements = program.map((statement) => {
    // Only comprehensions have a variable of their own.
    const variable = statement.includes(" for ") ? `v${names++}` : "x"
    const renamed = statement.replaceAll(/\bx\b/g, variable).replaceAll(/\ba\b/g, "v0")
    return renamed.replace("=", " = ").replace(/(?<=v\d+)([+*>-])/, " $1 ")
  })
  return `def f(v0):\n${statements.map((statement) => `${indent}${statement}\n`).join("")}${indent}return v0`
}
