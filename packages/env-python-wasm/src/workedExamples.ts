/** Python tasks with responses as one would wish them, for few-shot prompts: first the identity, with which everything begins (paper, §3.3.1). */
import { Value } from "@azr/core"
import type { WorkedExample } from "@azr/core/language"

const { int, list, string } = Value

const identity = {
  program: "def f(x):\n    return x",
  input: [string("Hello World")],
  output: string("Hello World"),
}

const ends = {
  program: "def f(numbers):\n    ordered = sorted(numbers)\n    return ordered[0] + ordered[-1]",
  input: [list([int(5), int(3), int(9)])],
  output: int(12),
}

const turned = {
  program: "def f(text, n):\n    return text[::-1] + str(n)",
  input: [string("abc"), int(7)],
  output: string("cba7"),
}

const doubled = (...numbers: ReadonlyArray<number>) => ({
  input: [list(numbers.map((number) => int(number)))],
  output: list(numbers.map((number) => int(2 * number))),
})

export const workedExamples: ReadonlyArray<WorkedExample> = [
  {
    task: { _tag: "deduction", ...identity },
    proposing: "The simplest program returns what it is given. A string is an input for it.",
    solving: "f returns its argument as it is. The argument is 'Hello World', so f returns 'Hello World'.",
  },
  {
    task: { _tag: "deduction", ...ends },
    proposing:
      "Sorting a list and then adding its first and last number takes several steps, each of which needs the one before.",
    solving:
      "sorted([5, 3, 9]) is [3, 5, 9]. Its first number is 3 and its last is 9. 3 + 9 is 12, so f returns 12.",
  },
  {
    task: { _tag: "abduction", ...identity },
    proposing: "The simplest program returns what it is given. From the output one can tell the input.",
    solving:
      "f returns its argument as it is. The output is 'Hello World', so the argument is 'Hello World'.",
  },
  {
    task: { _tag: "abduction", ...turned },
    proposing: "Turning a text around and adding a number at its end can be undone, with some care.",
    solving:
      "The output 'cba7' is a text turned around, then a number. With n = 7 the text turned around is 'cba', so the text is 'abc'.",
  },
  {
    task: {
      _tag: "induction",
      program: "def f(numbers):\n    return [n * 2 for n in numbers]",
      pairs: [
        doubled(1, 2, 3),
        doubled(5),
        doubled(-4, 10),
        doubled(0, 0),
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
      "Lists of several lengths, one of them empty, with negative numbers and zero, show that each number is doubled.",
    solving: "[1, 2, 3] becomes [2, 4, 6] and [5] becomes [10]: every number is doubled. The others agree.",
  },
  {
    task: {
      _tag: "error",
      program: "def f(items, i):\n    return items[i] + 1",
      input: [list([int(1), int(2)]), int(5)],
      exception: "IndexError",
    },
    proposing: "Reading behind the end of a list fails before anything is added.",
    solving: "items has the positions 0 and 1. Position 5 is not there, so items[5] raises IndexError.",
  },
]
