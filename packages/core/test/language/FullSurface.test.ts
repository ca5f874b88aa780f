import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import fc from "fast-check"
import type { FormatError } from "../../src/Environment.ts"
import { fullSurface, readBlocks } from "../../src/language/FullSurface.ts"
import type { Language } from "../../src/language/Language.ts"
import type { DeductionTask, InductionTask, LanguageTask } from "../../src/language/Task.ts"
import { type Value, encode, int, list, parse, string } from "../../src/Value.ts"

/** A language whose literals are canonical JSON. */
const language: Language = {
  id: "toy",
  name: "Toy",
  entry: "f",
  modules: ["math", "re"],
  equality: "python",
  parseValue: (text) => Result.mapError(parse(text), ({ message }) => message),
  parseArguments: (text) =>
    Result.map(
      Result.mapError(parse(text), ({ message }) => message),
      (value) => [value],
    ),
  renderValue: encode,
  renderArguments: (values) => values.map(encode).join(", "),
  checkProgram: () => null,
}

const surface = fullSurface(language)

const common = { program: "def f(a, b): swap", canonical: "", region: "", measures: {} }
const input: ReadonlyArray<Value> = [int(1), string("two")]
const deduction: DeductionTask = {
  _tag: "deduction",
  ...common,
  input,
  output: list([string("two"), int(1)]),
}
const tasks: ReadonlyArray<LanguageTask> = [
  deduction,
  { ...deduction, _tag: "abduction" },
  { _tag: "error", ...common, input, exception: "KeyError" },
  {
    _tag: "induction",
    ...common,
    pairs: [1, 2, 3, 4].map((n) => ({ input: [int(n)], output: int(n * 11) })),
    shown: 2,
    message: "Multiply.",
  } satisfies InductionTask,
]

const promptText = (prompt: ReturnType<typeof surface.solvePrompt>): string =>
  prompt.map(({ content }) => content).join("\n")

const success = <A>(result: Result.Result<A, FormatError>): A => Result.getOrThrow(result)
const refusal = (result: Result.Result<unknown, FormatError>): string =>
  Result.match(result, { onSuccess: () => "no refusal", onFailure: ({ message }) => message })

const respond = (answer: string, thought = "hm") => `<think>${thought}</think>\n<answer>${answer}</answer>`
const block = (tag: string, content: string) => `\`\`\`${tag}\n${content}\n\`\`\``

describe("proposer prompts", () => {
  it("show a form that is itself read as a proposal", () => {
    for (const kind of ["deduction", "abduction", "error", "induction"] as const) {
      const references = kind === "induction" ? tasks.slice(0, 1) : []
      const text = promptText(surface.proposePrompt(kind, references))
      const form = text.slice(text.indexOf("<think>\n"))
      const { inputs, message } = success(surface.parseProposal(kind, form, references))
      assert.lengthOf(inputs, kind === "induction" ? 10 : 1)
      assert.strictEqual(message, kind === "induction" ? "the hint" : "")
      // Nothing beside the tags and blocks that a response has.
      assert.match(
        form,
        /^<think>\nyour reasoning\n<\/think>\n<answer>\n(?:```\w+\n[\w ]+\n```\n)+<\/answer>$/u,
      )
    }
  })

  it("name the modules that may be imported, if any", () => {
    assert.include(promptText(surface.proposePrompt("deduction", [])), "no others: `math`, `re`.")
    const none = fullSurface({ ...language, modules: [] })
    assert.include(promptText(none.proposePrompt("deduction", [])), "It imports nothing.")
  })
})

describe("solver prompts", () => {
  const [one, other, error, induction] = tasks.map((task) => promptText(surface.solvePrompt(task))) as [
    string,
    string,
    string,
    string,
  ]

  it("show what the solver may see", () => {
    assert.include(one, block("toy", "def f(a, b): swap"))
    assert.include(one, block("input", '1, "two"'))
    assert.include(other, block("output", '["two",1]'))
    assert.include(error, block("input", '1, "two"'))
    assert.include(induction, `${block("input", "1")}\n${block("output", "11")}`)
    assert.include(induction, block("message", "Multiply."))
  })

  it("hide what is asked", () => {
    assert.notInclude(one, '["two",1]')
    assert.notInclude(other, '1, "two"')
    assert.notInclude(error, "KeyError")
    assert.notInclude(induction, "swap")
    assert.notInclude(induction, "33")
  })

  it("say in which form to answer", () => {
    for (const [text, tag] of [
      [one, "output"],
      [other, "input"],
      [error, "output"],
      [induction, "toy"],
    ] as const) {
      for (const part of ["<think>", "</think>", "<answer>", "</answer>", `\`\`\`${tag}`])
        assert.include(text, part)
    }
  })

  it("fence programs that hold fences", () => {
    const program = "x = '''\n```output\n[9]\n```\n'''\n````"
    const text = promptText(surface.solvePrompt({ ...deduction, program }))
    assert.include(text, `\`\`\`\`\`toy\n${program}\n\`\`\`\`\``)
  })
})

describe("proposer prompts", () => {
  it("show every reference, with its outcome", () => {
    for (const kind of ["deduction", "abduction", "error"] as const) {
      const text = promptText(surface.proposePrompt(kind, tasks))
      for (const part of ["Task 1", "Task 4", '["two",1]', "KeyError", "11"]) assert.include(text, part)
      assert.include(text, "```toy")
      assert.include(text, "```input")
    }
  })

  it("do without references", () => {
    const text = promptText(surface.proposePrompt("deduction", []))
    assert.notInclude(text, "Earlier tasks")
    assert.notMatch(text, /\n{3}/)
  })

  it("of induction show the program and no outcome of it", () => {
    const text = promptText(surface.proposePrompt("induction", [deduction]))
    assert.include(text, "swap")
    assert.notInclude(text, '["two",1]')
    assert.include(text, "```message")
  })
})

describe("answers", () => {
  const read = (text: string) => surface.parseAnswer("deduction", text)

  it("stand in the block of the kind", () => {
    const payloads = { deduction: "output", abduction: "input", induction: "toy", error: "output" } as const
    for (const [kind, tag] of Object.entries(payloads) as ReadonlyArray<[keyof typeof payloads, string]>) {
      assert.strictEqual(success(surface.parseAnswer(kind, respond(block(tag, "[1]")))), "[1]")
      assert.strictEqual(
        success(surface.parseAnswer(kind, respond(`Here:\n${block(tag, "[1]")}\nDone.`))),
        "[1]",
      )
    }
  })

  it("may do without a fence, or with one that has no tag, where nothing else is in question", () => {
    assert.strictEqual(success(read(respond(" [1,\n 2] \n"))), " [1,\n 2]")
    assert.strictEqual(success(read(respond(`The value is\n${block("", "[1]")}`))), "[1]")
    assert.include(refusal(read(respond(block("", "[1]") + "\n" + block("", "[2]")))), "found 0")
    assert.include(refusal(read(respond(block("toy", "[1]")))), "expected one ```output block, found 0")
  })

  it("are refused where there is more than one, or nothing", () => {
    assert.include(refusal(read(respond(block("output", "[1]") + "\n" + block("output", "[1]")))), "found 2")
    assert.include(refusal(read(respond(""))), "empty answer")
    assert.include(refusal(read(respond(block("output", " \n ")))), "empty")
    assert.include(refusal(read(respond("```output\n[1]"))), "does not end")
    assert.include(refusal(read(respond("```output\n[1]```"))), "does not end")
  })

  it("count only behind the end of the thought, the last one there", () => {
    const answer = (payload: string) => `<answer>${block("output", payload)}</answer>`
    assert.strictEqual(
      success(read(`<think>${answer("1")}</think>${answer("2")} or rather ${answer("3")}`)),
      "3",
    )
    assert.strictEqual(success(read(`the prompt opened the thought</think> ${answer("2")}`)), "2")
    assert.strictEqual(success(read(`<think>a</think>${answer("1")}</think>${answer("2")}`)), "2")
    assert.include(refusal(read(answer("1"))), "</think>")
    assert.include(refusal(read(`<think>${answer("1")}`)), "</think>")
    assert.include(refusal(read(`<think>${answer("1")}</think> no more`)), "</answer>")
    assert.include(refusal(read("<think></think></answer>")), "<answer>")
    assert.include(refusal(read("<think></think></answer><answer>")), "<answer>")
    assert.include(refusal(read("<think></think><answer>[1]")), "</answer>")
  })

  it("keep the indentation of programs, and end where a fence as long as the first ends", () => {
    const program = "\n  def f(a):\n      return '''\n```\n'''"
    const text = `\`\`\`\`toy\n${program}\n\n\`\`\`\``
    assert.strictEqual(success(surface.parseAnswer("induction", respond(text))), program.slice(1))
  })

  it("read back what is written around a payload", () => {
    const awkward = fc.string({
      unit: fc.constantFrom(
        "<answer>",
        "</answer>",
        "</think>",
        "<think>",
        "```",
        "`",
        "\n",
        " ",
        "a",
        "\\",
        '"',
      ),
    })
    fc.assert(
      fc.property(fc.oneof(fc.string(), awkward), (text) => {
        const payload = encode(string(text))
        const written = success(read(surface.answer("deduction", payload)))
        // `\x3c` is how these characters are written in strings of every language here; JSON spells it `\u003c`.
        assert.strictEqual(written.replaceAll("\\x3c", "<"), payload)
      }),
    )
    const program = "def f(a):\n    return '</answer>'"
    assert.strictEqual(
      success(surface.parseAnswer("induction", surface.answer("induction", program))),
      program,
    )
  })
})

describe("proposals", () => {
  const read = (text: string) => surface.parseProposal("deduction", text, [])
  const program = block("toy", "def f(a): it")

  it("are one program and one input", () => {
    const draft = success(read(respond(`${program}\nand\n${block("input", "[1,\n2]")}`)))
    assert.deepStrictEqual(draft, { program: "def f(a): it", inputs: ["[1,\n2]"], message: "" })
    assert.include(refusal(read(respond(program))), "```input")
    assert.include(refusal(read(respond(block("input", "1")))), "```toy")
    assert.include(refusal(read(respond(`${program}\n${program}\n${block("input", "1")}`))), "found 2")
    assert.include(
      refusal(read(respond(`${program}\n${block("input", "1")}\n${block("input", "2")}`))),
      "found 2",
    )
    assert.include(refusal(read(`${program}\n${block("input", "1")}`)), "</think>")
  })

  it("of induction are inputs and a message for the given program", () => {
    const text = respond([block("input", "1"), block("input", "2"), block("message", "Twice.")].join("\n"))
    assert.deepStrictEqual(success(surface.parseProposal("induction", text, [deduction])), {
      program: deduction.program,
      inputs: ["1", "2"],
      message: "Twice.",
    })
    const incomplete = surface.parseProposal("induction", respond(block("input", "1")), [deduction])
    assert.include(refusal(incomplete), "```message")
    assert.include(refusal(surface.parseProposal("induction", respond("x"), [deduction])), "```input")
    assert.throws(() => surface.parseProposal("induction", text, []), "exactly one program")
  })
})

describe("readBlocks", () => {
  it("gives the content of the one block of each tag, in the order asked for", () => {
    const text = respond([block("rows", "1"), block("other", "x"), block("query", " a\n b")].join("\n"))
    assert.deepStrictEqual(success(readBlocks(text, ["query", "rows"])), [" a\n b", "1"])
    assert.match(refusal(readBlocks(text, ["query", "schema"])), /one ```schema block, found 0/)
    const twice = respond([block("rows", "1"), block("rows", "2")].join("\n"))
    assert.match(refusal(readBlocks(twice, ["rows"])), /found 2/)
    assert.strictEqual(refusal(readBlocks(block("rows", "1"), ["rows"])), "no </think>")
  })
})

describe("hostile texts", () => {
  it("are read or refused at once, whatever their length", () => {
    const many = 200_000
    for (const text of [
      "<answer>",
      "</answer>",
      "</think>",
      "<think>",
      "`",
      "```\n",
      "```output\n",
      "\n",
      "</think><answer>",
    ]) {
      for (const kind of ["deduction", "induction"] as const) {
        surface.parseAnswer(kind, text.repeat(many))
        surface.parseAnswer(kind, respond(text.repeat(many)))
        surface.parseProposal(kind, respond(text.repeat(many)), [deduction])
        surface.measureResponse(text.repeat(many))
      }
    }
  })

  it("tell who thought", () => {
    assert.deepStrictEqual(surface.measureResponse(respond("1")), { thinks: 1 })
    assert.deepStrictEqual(surface.measureResponse(respond("1", " \n")), { thinks: 0 })
    assert.deepStrictEqual(surface.measureResponse("<answer>1</answer>"), { thinks: 0 })
  })
})
