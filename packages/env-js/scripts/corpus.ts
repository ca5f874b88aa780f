/**
 * The programs of `corpus/`: JavaScript files of blocks, each a title, the argument lists to call `f` with, and the
 * program.
 *
 *     //# doubling
 *     //> 1
 *     //> [2, 3]
 *     function f(a) { return a + a }
 *
 * A line `//! reason` says why engines may differ.
 */
import { readFileSync, readdirSync } from "node:fs"

export interface CorpusProgram {
  /** The title as a comment, then the source text. */
  readonly program: string
  readonly title: string
  /** Argument lists. */
  readonly inputs: ReadonlyArray<string>
  /** Why engines may differ; null where they must not. */
  readonly difference: string | null
}

const folder = new URL("../corpus/", import.meta.url)

export const corpusPrograms = (): ReadonlyArray<CorpusProgram> =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".js"))
    .toSorted()
    .flatMap((name) =>
      readFileSync(new URL(name, folder), "utf8")
        .split(/^\/\/# /m)
        .slice(1)
        .map(block),
    )

const block = (text: string): CorpusProgram => {
  const [title = "", ...lines] = text.trimEnd().split("\n")
  const marked = (mark: string) =>
    lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length))
  const program = lines.filter((line) => !/^\/\/[>!] /.test(line)).join("\n")
  const [difference = null] = marked("//! ")
  return { title, inputs: marked("//> "), difference, program: `// ${title}\n${program}` }
}
