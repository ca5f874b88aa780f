/** JavaScript tasks with responses as one would wish them, for few-shot prompts: first the identity, with which everything begins (paper, §3.3.1). */
import { Value } from "@azr/core"
import type { WorkedExample } from "@azr/core/language"

const { float: number, list, string, undefinedValue } = Value

const identity = {
  program: "const f = (x) => x",
  input: [string("Hello World")],
  output: string("Hello World"),
}

const ends = {
  program:
    "const f = (numbers) => {\n  const ordered = numbers.toSorted((a, b) => a - b)\n  return ordered[0] + ordered.at(-1)\n}",
  input: [list([number(5), number(3), number(9)])],
  output: number(12),
}

const turned = {
  program: 'const f = (text, n) => text.split("").toReversed().join("") + n',
  input: [string("abc"), number(7)],
  output: string("cba7"),
}

const doubled = (...numbers: ReadonlyArray<number>) => ({
  input: [list(numbers.map((each) => number(each)))],
  output: list(numbers.map((each) => number(2 * each))),
})

export const workedExamples: ReadonlyArray<WorkedExample> = [
  {
    task: { _tag: "deduction", ...identity },
    proposing: "The simplest program returns what it is given. A string is an input for it.",
    solving: 'f returns its argument as it is. The argument is "Hello World", so f returns "Hello World".',
  },
  {
    task: { _tag: "deduction", ...ends },
    proposing:
      "Sorting a list and then adding its first and last number takes several steps, each of which needs the one before.",
    solving:
      "[5, 3, 9] sorted is [3, 5, 9]. Its first number is 3 and its last is 9. 3 + 9 is 12, so f returns 12.",
  },
  {
    task: { _tag: "abduction", ...identity },
    proposing: "The simplest program returns what it is given. From the output one can tell the input.",
    solving:
      'f returns its argument as it is. The output is "Hello World", so the argument is "Hello World".',
  },
  {
    task: { _tag: "abduction", ...turned },
    proposing: "Turning a text around and adding a number at its end can be undone, with some care.",
    solving:
      'The output "cba7" is a text turned around, then a number. With n = 7 the text turned around is "cba", so the text is "abc".',
  },
  {
    task: {
      _tag: "induction",
      program: "const f = (numbers) => numbers.map((n) => n * 2)",
      pairs: [
        doubled(1, 2, 3),
        doubled(5),
        doubled(-4, 10),
        doubled(0.5, 0.25),
        doubled(7, 1),
        doubled(),
        doubled(100),
        doubled(2, 2, 2),
        doubled(-1),
        doubled(6, 9, 12, 15),
      ],
      shown: 5,
      message: "Each number is treated alike.",
    },
    proposing:
      "Lists of several lengths, one of them empty, with negative numbers and fractions, show that each number is doubled.",
    solving: "[1, 2, 3] becomes [2, 4, 6] and [5] becomes [10]: every number is doubled. The others agree.",
  },
  {
    task: {
      _tag: "error",
      program: "const f = (item) => item.name.length",
      input: [undefinedValue],
      exception: "TypeError",
    },
    proposing: "Reading a property of undefined fails before its length is asked for.",
    solving: "item is undefined, and undefined has no properties, so item.name raises TypeError.",
  },
]
