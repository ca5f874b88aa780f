/** One attempt to get out of the sandbox, or to get out of it what is not the program's own result. */
export interface Attempt {
  readonly name: string
  /** Defines `f`, which is called with 1. */
  readonly program: string
  /**
   * How the call ends: `value <Value JSON>`, `exception <class>`, or the kind of the failure. Null where
   * memory is corrupted: the same every time in one image, but another image may end it otherwise.
   */
  readonly outcome: string | null
}

type Row = readonly [program: string, outcome: string | null]

/** Attempts by name, all on one theme. */
export const attempts = (theme: string, rows: Readonly<Record<string, Row>>): ReadonlyArray<Attempt> =>
  Object.entries(rows).map(([name, [program, outcome]]) => ({ name: `${theme}: ${name}`, program, outcome }))

/** A Python program, backslashes and all, without the indentation of the file it stands in. */
export const python = (text: TemplateStringsArray, ...values: ReadonlyArray<string>): string => {
  const lines = String.raw(text, ...values)
    .replace(/^\n/, "")
    .trimEnd()
    .split("\n")
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/))
  const indent = Math.min(...indents)
  return lines.map((line) => line.slice(indent)).join("\n")
}

/** A program whose `f` returns one expression. */
export const returning = (expression: string, prelude = ""): string =>
  `${prelude === "" ? "" : `${prelude}\n`}def f(a): return ${expression}`

/** Makes `load`, which loads any module that is compiled into the interpreter, whatever `import` says. */
export const loading = "import math\nload = math.__loader__.load_module"
