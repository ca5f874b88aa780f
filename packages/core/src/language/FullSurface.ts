/**
 * The prompt style for general language models: instructions in words, answers in tags, payloads in fences.
 *
 *     <think> … </think> <answer> ```output ⏎ [1, 2] ⏎ ``` </answer>          (paper, §3.1 and the prompts of its appendix)
 *
 * Only a response is ever parsed, so nothing that a prompt quotes can be graded. What counts is the last answer behind
 * the end of the thought. Parsing looks at every character a fixed number of times.
 */
import { Result } from "effect"
import { FormatError } from "../Environment.ts"
import type { Prompt } from "../PolicyEngine.ts"
import type { Value } from "../Value.ts"
import { asHelper, helperName } from "./composite.ts"
import type { Language } from "./Language.ts"
import type { LanguageKind, ProgramKind, Surface } from "./Surface.ts"
import type { LanguageTask, ProgramDraft } from "./Task.ts"

/** How many inputs an induction proposer is asked for (paper, §3.3.2). The domain decides how many it takes. */
const inputsAsked = 10

export const fullSurface = (language: Language): Surface => ({
  style: "full",
  proposePrompt: (kind, references) =>
    ask(
      kind === "induction"
        ? proposeInductionText(language, references)
        : proposeText(language, kind, examplesText(language, references)),
    ),
  parseProposal: (kind, text, references) => parseProposal(language, kind, text, references),
  composite: {
    proposePrompt: (kind, references) => ask(proposeText(language, kind, helpersText(language, references))),
    parseProposal: (kind, text, references) =>
      Result.map(parseProposal(language, kind, text, []), (draft) => ({
        ...draft,
        helpers: helpersOf(language, references),
      })),
  },
  solvePrompt: (task) => ask(solveText(language, task)),
  parseAnswer: (kind, text) =>
    Result.flatMap(answerBlock(text), (block) => payload(answerTag(language, kind), block)),
  measureResponse: measureThought,
  answer: (kind, content) => answered(answerText(language, kind, content)),
})

const ask = (content: string): Prompt => [{ role: "user", content }]

const answerTag = (language: Language, kind: LanguageKind): string =>
  ({ deduction: "output", abduction: "input", induction: language.id, error: "output" })[kind]

// ---------------------------------------------------------------------------------------------- writing

/** A response in the form that `responseForm` asks for; by default without a thought worth the name. */
export const answered = (blocks: string, thought = "I know the answer."): string =>
  `<think>\n${thought}\n</think>\n<answer>\n${blocks}\n</answer>`

/** The block with the answer to a task of a kind. */
export const answerText = (language: Language, kind: LanguageKind, content: string): string => {
  // In a value these characters stand inside a string, where an escape is the same value and not a tag.
  const safe =
    kind === "induction" ? content : content.replaceAll(/<(?=answer>|\/answer>|\/think>)/g, "\\x3c")
  return fenced(answerTag(language, kind), safe)
}

/** A fenced block; its fence is longer than any row of backticks inside. */
export const fenced = (tag: string, content: string): string => {
  const rows = content.match(/`+/g) ?? []
  const fence = "`".repeat(rows.reduce((length, row) => Math.max(length, row.length + 1), 3))
  return `${fence}${tag}\n${content}\n${fence}`
}

const paragraphs = (...parts: ReadonlyArray<string>): string =>
  parts.filter((part) => part !== "").join("\n\n")

const sentences = (...parts: ReadonlyArray<string>): string => parts.join(" ")

const bullets = (lines: ReadonlyArray<string>): string => lines.map((line) => `- ${line}`).join("\n")

/** How a response has to look, for a prompt: a thought, then an answer made of these blocks. */
export const responseForm = (blocks: ReadonlyArray<string>): string =>
  paragraphs(
    sentences(
      "Think first, between <think> and </think>.",
      "Then write your answer between <answer> and </answer>, in exactly this form:",
    ),
    ["<think>", "your reasoning", "</think>", "<answer>", ...blocks, "</answer>"].join("\n"),
  )

const programRules = ({ entry, modules, name }: Language): ReadonlyArray<string> => [
  sentences(
    `The program is plain ${name}.`,
    `It defines exactly one top-level function \`${entry}\` with at least one parameter;`,
    "helper functions and classes may stand above it.",
  ),
  `\`${entry}\` always ends by returning a value made of numbers, strings, booleans and the usual containers.`,
  sentences(
    "The result depends on the input alone:",
    "no randomness, no clock, no reading or writing, no network, no printing, no code built from strings.",
  ),
  modules.length === 0
    ? "It imports nothing."
    : `It may import from these modules and from no others: ${modules.map((module) => `\`${module}\``).join(", ")}.`,
  "It finishes within a fraction of a second.",
]

const inputRule = ({ entry, name }: Language): string =>
  sentences(
    `An input is what stands between the parentheses of the call \`${entry}(…)\`:`,
    `${name} literals, several arguments separated by commas, strings in quotes.`,
  )

const renderInput = (language: Language, input: ReadonlyArray<Value>): string =>
  fenced("input", language.renderArguments(input))

const renderOutput = (language: Language, output: Value): string =>
  fenced("output", language.renderValue(output))

/** A task as a proposer sees it: the program and one call with its outcome. */
const exampleText = (language: Language, task: LanguageTask): string => {
  const program = fenced(language.id, task.program)
  switch (task._tag) {
    case "deduction":
    case "abduction":
      return [program, renderInput(language, task.input), renderOutput(language, task.output)].join("\n")
    case "error":
      return [program, renderInput(language, task.input), fenced("output", task.exception)].join("\n")
    case "induction": {
      const [pair] = task.pairs
      return pair === undefined
        ? program
        : [program, renderInput(language, pair.input), renderOutput(language, pair.output)].join("\n")
    }
  }
}

const examplesText = (language: Language, references: ReadonlyArray<LanguageTask>): string =>
  references.length === 0
    ? ""
    : paragraphs(
        sentences(
          "Earlier tasks follow.",
          "Yours must differ from every one of them in what it computes, not only in names and numbers.",
        ),
        ...references.map((task, index) => `Task ${index + 1}\n\n${exampleText(language, task)}`),
      )

/** The programs of references under the names that a new program calls them by. */
const helpersOf = (language: Language, references: ReadonlyArray<LanguageTask>): ReadonlyArray<string> =>
  references.map(({ program }, index) => {
    const helper = asHelper(language, program, helperName(index))
    if (helper === null) throw new RangeError(`no helper: ${program}`)
    return helper
  })

const helpersText = (language: Language, references: ReadonlyArray<LanguageTask>): string => {
  const helpers = helpersOf(language, references)
  const names = helpers.map((_, index) => `\`${helperName(index)}\``).join(", ")
  return paragraphs(
    sentences(
      `These functions exist already and will stand above your program: ${names}.`,
      `\`${language.entry}\` has to build on them: your program calls each of them by its name, and neither repeats nor`,
      "redefines one. The solver will see them with it.",
    ),
    fenced(language.id, helpers.join("\n\n")),
  )
}

/** What the solver of a proposed task will have to do, by kind. */
const challenge = (language: Language, kind: ProgramKind): string => {
  const { entry, name } = language
  const start = `Write a ${name} program and an input for it.`
  switch (kind) {
    case "deduction":
      return sentences(
        start,
        `Somebody else will get both, and has to work out by reasoning alone what \`${entry}\` returns.`,
      )
    case "abduction":
      return sentences(
        start,
        "Somebody else will get the program and the output that it gives,",
        "and has to find an input that gives this output.",
      )
    case "error":
      return sentences(
        start,
        "Somebody else will get both, and has to say which exception the call raises, or that it raises none.",
        "The call may fail; that is the point.",
      )
  }
}

const proposeText = (language: Language, kind: ProgramKind, references: string): string =>
  paragraphs(
    challenge(language, kind),
    sentences(
      "A good task takes several steps of careful reasoning,",
      "and a capable solver gets it right about half of the time.",
      "Depth comes from how the steps depend on each other, not from long data or large numbers.",
    ),
    bullets([...programRules(language), inputRule(language)]),
    references,
    responseForm([fenced(language.id, "the program"), fenced("input", "arguments")]),
  )

const proposeInductionText = (language: Language, references: ReadonlyArray<LanguageTask>): string =>
  paragraphs(
    sentences(
      `Below is a ${language.name} program. Write ${inputsAsked} inputs for it and a message.`,
      "Somebody else will see some of the inputs with their outputs, and the message, but not the program,",
      "and has to write a program that does the same on all of them.",
    ),
    ...references.map((task) => fenced(language.id, task.program)),
    bullets([
      inputRule(language),
      `All ${inputsAsked} inputs differ and give an output, and together they show everything the program does.`,
      "The message is a hint in plain words. It does not contain the program and does not give everything away.",
    ]),
    responseForm([
      ...Array.from({ length: inputsAsked }, (_, index) => fenced("input", `arguments of call ${index + 1}`)),
      fenced("message", "the hint"),
    ]),
  )

const solveText = (language: Language, task: LanguageTask): string => {
  const { entry, name } = language
  switch (task._tag) {
    case "deduction":
      return paragraphs(
        `What does \`${entry}\` return for this input? Work it out by reasoning; nothing can be run.`,
        fenced(language.id, task.program),
        renderInput(language, task.input),
        `Give the returned value as a ${name} literal.`,
        responseForm([fenced("output", "the value")]),
      )
    case "abduction":
      return paragraphs(
        sentences(
          `For which input does \`${entry}\` return this output? Any input that does is right.`,
          "Work it out by reasoning; nothing can be run.",
        ),
        fenced(language.id, task.program),
        renderOutput(language, task.output),
        inputRule(language),
        responseForm([fenced("input", "arguments")]),
      )
    case "induction":
      return paragraphs(
        sentences(
          `Write a ${name} program that gives these outputs for these inputs,`,
          "and the right outputs for further inputs that are not shown.",
          "Find the rule; a table of the examples is not one.",
        ),
        ...task.pairs
          .slice(0, task.shown)
          .map(({ input, output }) => `${renderInput(language, input)}\n${renderOutput(language, output)}`),
        task.message === "" ? "" : `A hint:\n\n${fenced("message", task.message)}`,
        bullets(programRules(language)),
        responseForm([fenced(language.id, "the program")]),
      )
    case "error":
      return paragraphs(
        `Which exception does \`${entry}\` raise for this input? Work it out by reasoning; nothing can be run.`,
        fenced(language.id, task.program),
        renderInput(language, task.input),
        "Give the name of the exception's class alone, or `NoError` where the call returns.",
        responseForm([fenced("output", "the name")]),
      )
  }
}

// ---------------------------------------------------------------------------------------------- reading

type Format<A> = Result.Result<A, FormatError>

const refuse = (message: string): Result.Result<never, FormatError> =>
  Result.fail(new FormatError({ message }))

const endOfThought = "</think>"
const [startOfAnswer, endOfAnswer] = ["<answer>", "</answer>"]

/** What stands before the end of the thought. */
const thoughtOf = (text: string): string => {
  const end = text.lastIndexOf(endOfThought)
  return end < 0 ? "" : text.slice(0, end).replace("<think>", "")
}

/** `thinks`: whether a response thought before it answered, 1 or 0. */
export const measureThought = (text: string): { readonly thinks: 0 | 1 } => ({
  thinks: thoughtOf(text).trim() === "" ? 0 : 1,
})

/** The inside of the last answer behind the last end of a thought. The thought's beginning may stand in the prompt. */
const answerBlock = (text: string): Format<string> => {
  const thoughtEnd = text.lastIndexOf(endOfThought)
  if (thoughtEnd < 0) return refuse("no </think>")
  const rest = text.slice(thoughtEnd + endOfThought.length)
  const end = rest.lastIndexOf(endOfAnswer)
  if (end < 0) return refuse("no </answer> behind </think>")
  const start = rest.lastIndexOf(startOfAnswer, end - 1)
  if (start < 0) return refuse("no <answer> behind </think>")
  return Result.succeed(rest.slice(start + startOfAnswer.length, end))
}

interface Block {
  readonly tag: string
  readonly content: string
}

/** Fenced blocks, in order: a line of at least three backticks and a tag, up to a line of as many backticks or more. */
const blocksOf = (text: string): Format<ReadonlyArray<Block>> => {
  const blocks: Array<Block> = []
  let open: { readonly tag: string; readonly fence: number; readonly lines: Array<string> } | null = null
  for (const line of text.split("\n")) {
    const trimmed = line.trim()
    const fence = backticks(trimmed)
    if (open !== null && fence === trimmed.length && fence >= open.fence) {
      blocks.push({ tag: open.tag, content: open.lines.join("\n") })
      open = null
    } else if (open !== null) {
      open.lines.push(line)
    } else if (fence >= 3) {
      open = { tag: trimmed.slice(fence).trim().toLowerCase(), fence, lines: [] }
    }
  }
  return open === null ? Result.succeed(blocks) : refuse("a fenced block that does not end")
}

const backticks = (line: string): number => {
  let count = 0
  while (line.charAt(count) === "`") count++
  return count
}

/** The only block of a tag. */
const only = (blocks: ReadonlyArray<Block>, tag: string): Format<string> => {
  const found = blocks.filter((block) => block.tag === tag)
  const [block] = found
  if (block === undefined || found.length > 1)
    return refuse(`expected one \`\`\`${tag} block, found ${found.length}`)
  return block.content.trim() === ""
    ? refuse(`an empty \`\`\`${tag} block`)
    : Result.succeed(trimmedEnds(block.content))
}

/** Without blank lines around. Indentation of the first line is part of a program. */
const trimmedEnds = (content: string): string => {
  const lines = content.split("\n")
  const isText = (line: string) => line.trim() !== ""
  return lines
    .slice(lines.findIndex(isText), lines.findLastIndex(isText) + 1)
    .join("\n")
    .trimEnd()
}

/** What was written in the form that `responseForm` asks for: the content of the one block of each tag. */
export const readBlocks = (
  text: string,
  tags: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, FormatError> =>
  Result.flatMap(Result.flatMap(answerBlock(text), blocksOf), (blocks) =>
    Result.all(tags.map((tag) => only(blocks, tag))),
  )

/** A solver's payload: the block of the tag, or the only block if it has no tag, or all of an answer without blocks. */
const payload = (tag: string, answer: string): Format<string> =>
  Result.flatMap(blocksOf(answer), (blocks) => {
    const [single, ...others] = blocks
    if (single === undefined)
      return answer.trim() === "" ? refuse("an empty answer") : Result.succeed(trimmedEnds(answer))
    return single.tag === "" && others.length === 0 ? only(blocks, "") : only(blocks, tag)
  })

const parseProposal = (
  language: Language,
  kind: LanguageKind,
  text: string,
  references: ReadonlyArray<LanguageTask>,
): Format<ProgramDraft> =>
  Result.gen(function* () {
    const blocks = yield* blocksOf(yield* answerBlock(text))
    if (kind !== "induction") {
      return {
        program: yield* only(blocks, language.id),
        inputs: [yield* only(blocks, "input")],
        message: "",
      }
    }
    const [given, ...others] = references
    if (given === undefined || others.length > 0)
      throw new RangeError("inputs are proposed for exactly one program")
    const inputs = blocks.filter((block) => block.tag === "input").map((block) => block.content.trim())
    if (inputs.length === 0) return yield* refuse("no ```input block")
    return { program: given.program, inputs, message: yield* only(blocks, "message") }
  })
