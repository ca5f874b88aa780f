/** What an environment says of itself: ids, kinds, styles, references, seeds. */
import { Result, Schema } from "effect"
import { PromptStyle } from "../../Environment.ts"
import { type UnnumberedClause, broken, clause, ensure, ensureThat } from "./clause.ts"
import { line, show } from "./calls.ts"

const words = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/u
const word = /^[a-z][A-Za-z0-9]*$/u
const isOneLine = (text: string): boolean => text.trim() !== "" && !/[\r\n]/u.test(text)
const repeated = (items: ReadonlyArray<string>): string | undefined =>
  items.find((item, index) => items.indexOf(item) !== index)

export const declarationClauses: ReadonlyArray<UnnumberedClause> = [
  clause(
    "the id is words in lower case joined by -, the title is one line, the version is 1",
    "Runs, metrics and commands name an environment by its id; another version is another contract.",
    function* ({ declared: { apiVersion, id, title } }) {
      yield* ensure(words.test(id), `the id is ${show(id)}`)
      yield* ensure(isOneLine(title), `the title is ${show(title)}`)
      yield* ensure((apiVersion as number) === 1, `apiVersion is ${show(apiVersion)}, this suite tests 1`)
    },
  ),

  clause(
    "there are kinds, and the id of each is a word and its own",
    "Buffers, advantages and metrics are kept by kind.",
    function* ({ opened: { kinds } }) {
      const ids = kinds.map(({ id }) => id)
      yield* ensure(ids.length > 0, "there is no kind")
      for (const id of ids) yield* ensure(word.test(id), `a kind has the id ${show(id)}`)
      yield* ensure(repeated(ids) === undefined, `two kinds have the id ${repeated(ids)}`)
    },
  ),

  clause(
    "there are styles, known ones, none twice",
    "A configuration chooses the style that its policy reads.",
    function* ({ declared: { styles } }) {
      yield* ensure(styles.length > 0, "there is no style")
      const stranger = styles.find((style) => !Schema.is(PromptStyle)(style))
      yield* ensure(
        stranger === undefined,
        `the style ${show(stranger)} is none of ${PromptStyle.literals.join(", ")}`,
      )
      yield* ensure(repeated(styles) === undefined, `the style ${repeated(styles)} is named twice`)
    },
  ),

  clause(
    "references name kinds of the environment, and what is made for a given task names at least one",
    "References are drawn from the buffers of those kinds.",
    function* ({ opened: { kinds } }) {
      for (const { id, references } of kinds) {
        const stranger = references.from.find((name) => !kinds.some((kind) => kind.id === name))
        yield* ensure(stranger === undefined, `${id} refers to tasks of ${stranger}, which is no kind`)
        yield* ensure(
          !references.given || references.from.length > 0,
          `${id} is made for a given task, of no kind`,
        )
      }
    },
  ),

  clause(
    "seeds: not more than asked for, and the same from the same random stream",
    "A run with the same seed must begin with the same buffers.",
    function* ({ opened, seeds }) {
      for (const kind of opened.kinds) {
        for (const count of [0, 1, 7]) {
          const call = line("seeds", kind.id, count, "random")
          const drafts = yield* seeds(kind, count)
          yield* ensure(drafts.length <= count, `it gave ${drafts.length}`, call)
          const again = yield* seeds(kind, count)
          yield* ensureThat(show(drafts) === show(again), () => [
            `it gave ${show(drafts)}, then ${show(again)}`,
            call,
          ])
        }
      }
    },
  ),

  clause(
    "seeds: every kind has some, and each is a task to train on",
    "Without seeds a buffer stays empty, and a first proposal has nothing to differ from.",
    function* ({ opened, options, seeds }) {
      for (const kind of opened.kinds) {
        const drafts = yield* seeds(kind, options.seeds)
        yield* ensure(drafts.length > 0, `${kind.id} has no seeds`, line("seeds", kind.id, options.seeds))
        for (const draft of drafts) {
          const task = yield* kind.validate(draft)
          const call = kind.line("validate", draft)
          if (Result.isFailure(task)) {
            return yield* broken(`a seed was refused: ${task.failure.reason}: ${task.failure.message}`, call)
          }
          const split = yield* kind.split(task.success)
          yield* ensure(split === "train", `a seed is held out for ${split}`, call)
        }
      }
    },
  ),
]
