/**
 * From a program, the text of a module without imports, to the script that is evaluated.
 *
 *     "use strict";<program>
 *     let __entry__ = typeof f === "function" ? f : undefined; __entry__
 *
 * Nothing encloses the program, so there is nothing it could close. What stands open at its end (a bracket, a
 * comment, a template, an operator, an `if` without a statement) makes the whole a syntax error, because a
 * `let` on a line of its own can only begin a statement at the top level; and then the value of the script is
 * that of its last statement. In strict mode the script's variables are its own, as a module's are.
 *
 * Three things differ between a module and a script. `export` in front of a declaration is left out; `<!--`
 * is no comment in a module and gets a space; `-->` at the start of a line is an error in a module. All three
 * are rare, so the parser reads only programs in which such characters occur at all.
 */
import { getLineInfo, tokTypes } from "acorn"
import { parseModule, ProgramError, type Token, type TopLevel } from "./parser.ts"

/** Searching for them is many times faster than a pattern that finds any of them. */
const COMMENT = "<!--"
const DIFFER = ["export", COMMENT, "-->"]
const HASHBANG = "#!"
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** Throws a ProgramError. */
export const toScript = (program: string, entry: string): string => {
  if (!IDENTIFIER.test(entry)) throw new TypeError(`not the name of a function: ${entry}`)
  const lookup = `typeof ${entry} === "function" ? ${entry} : undefined`
  return `"use strict";${toStatements(program)}\nlet __entry__ = ${lookup}; __entry__`
}

/**
 * The statements of a module without imports as those of a strict script, line for line. Throws a
 * ProgramError.
 */
export const toStatements = (program: string): string => {
  const text = program.startsWith(HASHBANG) ? `//${program.slice(HASHBANG.length)}` : program
  if (!DIFFER.some((part) => text.includes(part))) return text
  const tokens: Array<Token> = []
  const { body } = parseModule(text, text.includes(COMMENT) ? { onToken: tokens } : {})
  const imported = body.find(isImport)
  if (imported !== undefined) {
    throw new ProgramError("there is nothing to import from", getLineInfo(text, imported.start).line)
  }
  const edits = [...body.flatMap(withoutExport), ...tokens.flatMap((token) => splitComment(text, token))]
  const pieces: Array<string> = []
  let copied = 0
  for (const { end, start, text: replacement } of edits.toSorted((a, b) => a.start - b.start)) {
    const lines = text.slice(start, end).replace(NOT_A_NEW_LINE, "")
    pieces.push(text.slice(copied, start), replacement, lines)
    copied = end
  }
  return pieces.join("") + text.slice(copied)
}

const NOT_A_NEW_LINE = /[^\n\r\u2028\u2029]/g

/** What stands in place of a range of the text. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** What a script has in place of a top-level statement's `export`. */
const withoutExport = (statement: TopLevel): ReadonlyArray<Edit> => {
  const { end, start } = statement
  switch (statement.type) {
    case "ExportNamedDeclaration":
      return [{ start, end: statement.declaration?.start ?? end, text: "" }]
    case "ExportDefaultDeclaration": {
      const { declaration } = statement
      const declares = declaration.type === "FunctionDeclaration" || declaration.type === "ClassDeclaration"
      if (declares && declaration.id !== null) return [{ start, end: declaration.start, text: "" }]
      return [
        { start, end: declaration.start, text: "const __default__ = " },
        { start: end, end, text: ";" },
      ]
    }
    default:
      return []
  }
}

/** `import …` and `export … from`. */
const isImport = (statement: TopLevel): boolean =>
  statement.type === "ImportDeclaration" ||
  statement.type === "ExportAllDeclaration" ||
  (statement.type === "ExportNamedDeclaration" && statement.source != null)

/** A space inside the operators `<`, `!` and `--` where together they would begin a comment. */
const splitComment = (text: string, { start, type }: Token): ReadonlyArray<Edit> =>
  type === tokTypes.relational && text.startsWith(COMMENT, start)
    ? [{ start: start + 1, end: start + 1, text: " " }]
    : []
