/**
 * One attempt to get out of the sandbox, to change it for the next program, or to pass off as a result what is none.
 * All call `f([3, 1, 2])`.
 */
export interface Attempt {
  readonly name: string
  readonly program: string
  readonly expected: Expected
}

/**
 * What comes of an attempt: a value as JavaScript text, or `!` and the name of the exception or the kind of failure.
 * Several where the limit that is hit first is no matter of safety.
 */
export type Expected = string | ReadonlyArray<string>

export const attempts = (
  group: string,
  table: Readonly<Record<string, readonly [program: string, expected: Expected]>>,
): ReadonlyArray<Attempt> =>
  Object.entries(table).map(([name, [program, expected]]) => ({
    name: `${group}: ${name}`,
    program,
    expected,
  }))

/** A program of several lines, with its backslashes, without the indentation of this file. */
export const script = (text: TemplateStringsArray): string => {
  const lines = String.raw(text).replace(/^\n/, "").trimEnd().split("\n")
  const indent = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)))
  return lines.map((line) => line.slice(indent)).join("\n")
}

/** A program whose `f` has this body. */
export const f = (body: string): string => `function f(a) {\n${body}\n}`

/** A program whose `f` does something first and returns this afterwards. */
export const after = (deed: string, result: string): string => f(`${deed}\nreturn ${result}`)

/** A program that asks for the types of names, of which there should be none. */
export const typesOf = (...names: ReadonlyArray<string>): readonly [string, string] => [
  f(`return [${names.map((name) => `typeof ${name}`).join(", ")}].join()`),
  JSON.stringify(names.map(() => "undefined").join()),
]

/** How the attempt to make code from text ends. */
export const refusedCode = "!EvalError"

/** How the attempt to return what has no canonical form ends. */
export const nothing = "!unrepresentable"
