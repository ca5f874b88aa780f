import { RandomStreams } from "@azr/core"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Result } from "effect"
import { PythonExecutor, pythonNano } from "../../src/index.ts"
import { trace } from "../../src/nano/interpreter.ts"
import { type PretrainingExample, drawExample, recipes } from "../../src/nano/pretraining.ts"
import { fromCompact } from "../../src/nano/program.ts"
import { splitOf } from "../../src/nano/split.ts"
import { nanoFromText, renderNano } from "../../src/nano/values.ts"
import { render, tokenize } from "../../src/nano/vocabulary.ts"

const draw = (recipe: keyof typeof recipes, count: number): ReadonlyArray<PretrainingExample> => {
  const random = new RandomStreams.RandomStreams(5).get(recipe)
  return Array.from({ length: count }, () => drawExample(recipes[recipe], random))
}

const partsOf = ({ completion, prompt }: PretrainingExample) => {
  const [marker = "", code = "", , input = ""] =
    /^(\S+) (.*?)(?: [IO] (\S+))? ?([IOP])$/.exec(prompt)?.slice(1) ?? []
  return { marker, code, input, completion }
}

const depth = (code: string): number => code.split(";").length

describe.each(["f1", "h1"] as const)("recipe %s", (id) => {
  const recipe = recipes[id]
  const examples = draw(id, 30_000)
  const solving = examples.filter(({ prompt }) => /^[DAS] /.test(prompt))
  const proposing = examples.filter(({ prompt }) => prompt.startsWith("P"))

  it("is the same stream of examples again", () => {
    assert.deepStrictEqual(draw(id, 100), examples.slice(0, 100))
  })

  it("writes texts of the vocabulary", () => {
    for (const { completion, prompt } of examples) {
      const text = `${prompt} ${completion}`
      const tokens = tokenize(text)
      assert(tokens !== null, text)
      assert.strictEqual(render(tokens), text)
      // Prompt, completion and <eos> fit into the context with the largest position offset.
      assert.isAtMost(tokens.length + 1 + recipe.training.positionOffset, 160)
    }
  })

  it("mixes solving and proposing, and the kinds of both", () => {
    assert.lengthOf(proposing, examples.length - solving.length)
    // Rejected examples are drawn anew, roles and kinds with them, so only what is rejected alike keeps its proportion.
    assert.closeTo(solving.length / examples.length, recipe.solve, 0.03)
    const count = (marker: string) => examples.filter(({ prompt }) => prompt.startsWith(`${marker} `)).length
    assert.closeTo(count("D") / count("A"), 5 / 3, 0.1)
    assert.closeTo(count("PD") / count("PA"), 2, 0.2)
    assert.isAbove(count("S"), 0.1 * solving.length)
    assert.isAbove(count("PI"), 0.2 * proposing.length)
  })

  it.each([
    ["D", "<think>"],
    ["A", "<undo>"],
  ])("thinks by its shares, and teaches the habit: %s", (task, thought) => {
    const tasks = solving.filter(({ prompt }) => prompt.startsWith(`${task} `))
    for (const [index, share] of recipe.thoughts.entries()) {
      const level = tasks.filter((example) => depth(partsOf(example).code) === index + 1)
      const thinking = level.filter(({ completion }) => completion.startsWith(thought))
      assert.isAbove(level.length, 500)
      assert.closeTo(thinking.length / level.length, share, 0.03, `depth ${index + 1}`)
      const choosing = level.filter(({ maskFirst }) => !maskFirst)
      const chosen = choosing.filter(({ completion }) => completion.startsWith(thought))
      if (share === 1) assert.lengthOf(choosing, 0)
      else assert.closeTo(chosen.length / choosing.length, recipe.habit, 0.03, `depth ${index + 1}`)
    }
    const others = examples.filter(({ prompt }) => !/^[DA] /.test(prompt))
    assert.isFalse(others.some(({ maskFirst }) => maskFirst))
  })

  it("labels are right, and thoughts are the values after each statement", () => {
    for (const example of solving.filter(({ prompt }) => prompt.startsWith("D "))) {
      const [code = "", input = ""] = example.prompt.slice(2, -2).split(" I ")
      const values = trace(fromCompact(code) ?? [], nanoFromText(input) ?? 0) ?? []
      const answer = `<ans> ${renderNano(values.at(-1) ?? [])}`
      const thought = `<think> ${values.map(renderNano).join(";")} ${answer}`
      assert.include([answer, thought], example.completion, example.prompt)
    }
  })

  it("what undoes a program leads back to an input that gives its output", () => {
    for (const { completion, prompt } of solving.filter((example) => example.prompt.startsWith("A "))) {
      const [code = "", output = ""] = prompt.slice(2, -2).split(" O ")
      const program = fromCompact(code) ?? []
      const [thought = "", answer = ""] = completion.split("<ans> ")
      const values = trace(program, nanoFromText(answer) ?? 0) ?? []
      assert.strictEqual(renderNano(values.at(-1) ?? []), output, prompt)
      const before = [answer, ...values.slice(0, -1).map(renderNano)].toReversed().join(";")
      assert.include(["", `<undo> ${before} `], thought, prompt)
    }
  })

  it("proposes programs of its depths, half of them continuing their reference", () => {
    const proposals = proposing.filter(({ prompt }) => !prompt.startsWith("PI"))
    const depths = [0, 0, 0]
    let continued = 0
    let deep = 0
    for (const { completion, prompt } of proposals) {
      const program = completion.split(" I ")[0] ?? ""
      const reference = prompt.slice(3, -2)
      depths[depth(program) - 1] = (depths[depth(program) - 1] ?? 0) + 1
      if (depth(program) === 1) continue
      deep++
      if (program.startsWith(`${reference};`) && depth(program) === depth(reference) + 1) continued++
    }
    assert.closeTo((depths[0] ?? 0) / proposals.length, recipe.proposeStatements[0], 0.06)
    if (id === "f1") assert.closeTo(continued / deep, 0.5, 0.06)
  })

  it("holds out what is held out", () => {
    for (const { completion, prompt } of examples) {
      const marker = prompt.split(" ")[0]
      const programs = prompt.startsWith("S ")
        ? [completion]
        : `${prompt} ${completion}`.match(/a=[^IOP]*(?= )/g)
      for (const code of programs ?? []) {
        const program = fromCompact(code)
        assert(program !== null, code)
        assert.strictEqual(splitOf(program, null), "train", `${prompt} ${completion}`)
      }
      if (marker === "D") {
        const [code = "", input = ""] = prompt.slice(2, -2).split(" I ")
        assert.strictEqual(splitOf(fromCompact(code) ?? [], nanoFromText(input)), "train")
      }
      if (marker === "S") {
        for (const [, input = ""] of prompt.matchAll(/ I (\S+) O/g)) {
          assert.strictEqual(splitOf(fromCompact(completion) ?? [], nanoFromText(input)), "train", prompt)
        }
      }
      if (marker === "PI") {
        const program = fromCompact(prompt.slice(3, -2)) ?? []
        for (const input of completion.split(" I ")) {
          assert.strictEqual(splitOf(program, nanoFromText(input)), "train", prompt)
        }
      }
    }
  })
})

layer(PythonExecutor.layer)("examples as an environment sees them", (test) => {
  test.effect("proposals parse and are valid tasks; answers parse", () =>
    Effect.gen(function* () {
      const kinds = new Map(pythonNano.kinds.map((kind) => [kind.id, kind]))
      const markers = {
        PD: "deduction",
        PA: "abduction",
        D: "deduction",
        A: "abduction",
        S: "induction",
      } as const
      let valid = 0
      yield* Effect.forEach(
        draw("f1", 600),
        Effect.fnUntraced(function* ({ completion, prompt }) {
          const marker = prompt.split(" ")[0] as keyof typeof markers | "PI"
          if (marker === "PI") return
          const kind = kinds.get(markers[marker])
          assert(kind !== undefined)
          if (marker === "PD" || marker === "PA") {
            const task = yield* kind.validate(
              Result.getOrThrow(kind.parseProposal(completion, [], "compact")),
            )
            assert.strictEqual(kind.split(task), "train")
            valid++
          } else {
            assert.isTrue(Result.isSuccess(kind.parseAnswer(completion, "compact")), completion)
          }
        }),
        { concurrency: 32 },
      )
      assert.isAbove(valid, 40)
    }),
  )
})
