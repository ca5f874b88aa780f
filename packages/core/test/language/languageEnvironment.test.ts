import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { type OpenTaskKind, ProposalRejected, open } from "../../src/Environment.ts"
import type { ExecutionRequest } from "../../src/Executor.ts"
import { fullSurface } from "../../src/language/FullSurface.ts"
import type { Domain } from "../../src/language/Language.ts"
import { languageEnvironment } from "../../src/language/languageEnvironment.ts"
import type { LanguageTask, ProgramDraft } from "../../src/language/Task.ts"
import { float, int } from "../../src/Value.ts"
import { type StackExecutorOptions, stackDomain, stackExecutor, stackLanguage } from "./stackLanguage.ts"

interface World extends Partial<StackExecutorOptions> {
  readonly domain?: Partial<Domain>
  readonly strict?: boolean
}

const environmentOf = ({ domain, onRun = () => {}, strict = false, unanswered = () => false }: World = {}) =>
  open(
    languageEnvironment({
      id: "stack",
      title: "Stack",
      language: stackLanguage,
      domain: { ...stackDomain, ...domain },
      surfaces: [fullSurface(stackLanguage)],
      kinds: ["deduction", "abduction", "induction", "error"],
      suites: Effect.succeed([]),
      strict,
      layer: stackExecutor({ onRun, unanswered }),
    }),
  )

type KindId = LanguageTask["_tag"]
const kindOf = (id: KindId, world: World = {}) =>
  Effect.map(environmentOf(world), ({ kinds }) => kinds.get(id) as OpenTaskKind)

const draft = (program: string, ...inputs: ReadonlyArray<string>): ProgramDraft => ({
  program,
  inputs,
  message: "",
})

/** The task a draft becomes, or why it becomes none. */
const validated = Effect.fnUntraced(function* (id: KindId, given: ProgramDraft, world: World = {}) {
  const kind = yield* kindOf(id, world)
  return (yield* kind
    .validate(given)
    .pipe(
      Effect.catchTag("ProposalRejected", ({ message, reason }) => Effect.succeed(`${reason}: ${message}`)),
    )) as LanguageTask | string
})

/** Verdict on an answer to the task of a draft. */
const judged = Effect.fnUntraced(function* (
  id: KindId,
  given: ProgramDraft,
  answer: string,
  world: World = {},
) {
  const kind = yield* kindOf(id, world)
  const task = yield* kind.validate(given)
  return yield* kind.verify(task, { text: answer })
})

describe("partial credit", () => {
  it.effect(
    "induction: the share of hidden pairs that a program reproduces, whatever it does on shown ones",
    () =>
      Effect.gen(function* () {
        const kind = yield* kindOf("induction")
        // Hidden: 2 → 4 and 3 → 9.
        const task = yield* kind.validate(draft("dup *", "0", "1", "2", "3"))
        const shares = yield* Effect.forEach(
          ["dup *", "dup +", "dup", "4", "9 reciprocal", "object"],
          (text) => kind.partial(task, { text }),
        )
        assert.deepStrictEqual(shares, [1, 1 / 2, 0, 1 / 2, 0, 0])
      }),
  )

  it.effect("the other kinds have nothing between right and wrong", () =>
    Effect.gen(function* () {
      for (const id of ["deduction", "abduction", "error"] as const) {
        const kind = yield* kindOf(id)
        const task = yield* kind.validate(draft("dup *", "3"))
        assert.strictEqual(yield* kind.partial(task, { text: "8" }), 0)
      }
    }),
  )

  it.effect("a fault is no share", () =>
    Effect.gen(function* () {
      let answering = true
      const kind = yield* kindOf("induction", { unanswered: () => !answering })
      const task = yield* kind.validate(draft("dup *", "0", "1", "2", "3"))
      answering = false
      const { _tag } = yield* Effect.flip(kind.partial(task, { text: "dup +" }))
      assert.strictEqual(_tag, "HostTimeout")
    }),
  )
})

describe("validation", () => {
  it.effect("runs the program for the gold output", () =>
    Effect.gen(function* () {
      for (const kind of ["deduction", "abduction"] as const) {
        assert.deepStrictEqual(yield* validated(kind, draft("dup * # square", "7")), {
          _tag: kind,
          program: "dup * # square",
          canonical: "dup *",
          region: "* dup",
          measures: { words: 2 },
          input: [int(7)],
          output: int(49),
        })
      }
    }),
  )

  it.effect.each<readonly [string, ProgramDraft, string]>([
    ["syntax", draft("dup cube", "7"), "syntax: what is cube?"],
    ["a rule of the language", draft("1 2 3 4 5 6 7", "7"), "long: 7 words, at most 6"],
    ["no input", draft("dup *"), "inputs: expected one input, got 0"],
    ["two inputs", draft("dup *", "1", "2"), "inputs: expected one input, got 2"],
    ["no literal", draft("dup *", "seven"), "input: seven is no argument"],
    ["an exception", draft("reciprocal", "0"), "exception: ZeroDivisionError: division by zero"],
    ["fuel", draft("spin", "0"), "fuel: out of fuel"],
    ["no representable output", draft("object", "0"), "unrepresentable: an object"],
    ["another output on another clock", draft("clock", "0"), "nondeterministic: two runs differ: 1 and 2"],
  ])("refuses %s", ([, given, reason]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* validated("deduction", given), reason)
      assert.strictEqual(yield* validated("abduction", given), reason)
    }),
  )

  it.effect("runs every program under both conditions, on the same arguments", () =>
    Effect.gen(function* () {
      const runs: Array<ExecutionRequest> = []
      yield* validated("deduction", draft("dup *", "7"), { onRun: (request) => runs.push(request) })
      assert.deepStrictEqual(
        runs.map(({ arguments: given, conditions, entry }) => [entry, given, conditions]),
        [
          ["f", [int(7)], "reference"],
          ["f", [int(7)], "perturbed"],
        ],
      )
    }),
  )

  it.effect("evaluates constructor expressions alone, and only their value goes on", () =>
    Effect.gen(function* () {
      const runs: Array<ExecutionRequest> = []
      const task = yield* validated("deduction", draft("dup *", "twice(3)"), {
        onRun: (request) => runs.push(request),
      })
      assert.deepInclude(task, { input: [int(6)], output: int(36) })
      assert.isFalse(runs.some(({ program }) => program.includes("twice")))
    }),
  )

  it.effect("asks the domain last, with the observed call", () =>
    Effect.gen(function* () {
      const admit: Domain["admit"] = (program, calls) =>
        Effect.fail(
          new ProposalRejected({
            reason: "domain",
            message: `${program} of ${calls.map(({ output }) => stackLanguage.renderValue(output)).join()}`,
          }),
        )
      const world = { domain: { admit } }
      assert.strictEqual(yield* validated("deduction", draft("dup *", "7"), world), "domain: dup * of 49")
      assert.strictEqual(yield* validated("deduction", draft("spin", "7"), world), "fuel: out of fuel")
      assert.strictEqual(
        yield* validated("induction", draft("dup *", "1", "2"), world),
        "domain: dup * of 1,4",
      )
    }),
  )

  it.effect("induction: a pair for each input, some of them hidden", () =>
    Effect.gen(function* () {
      const task = yield* validated("induction", draft("dup *", "1", "2", "3"))
      assert.deepInclude(task, {
        _tag: "induction",
        pairs: [
          { input: [int(1)], output: int(1) },
          { input: [int(2)], output: int(4) },
          { input: [int(3)], output: int(9) },
        ],
        shown: 1,
      })
      const refused = (...inputs: ReadonlyArray<string>) => validated("induction", draft("dup *", ...inputs))
      assert.strictEqual(yield* refused("1"), "inputs: expected 2 to 4 different inputs, got 1 among 1")
      assert.strictEqual(
        yield* refused("1", "2", "1"),
        "inputs: expected 2 to 4 different inputs, got 2 among 3",
      )
      assert.strictEqual(
        yield* refused("1", "2", "3", "4", "5"),
        "inputs: expected 2 to 4 different inputs, got 5 among 5",
      )
      assert.strictEqual(
        yield* validated("induction", draft("reciprocal", "1", "0")),
        "exception: ZeroDivisionError: division by zero",
      )
    }),
  )

  it.effect("error: the exception's name, or NoError; other failures are no task", () =>
    Effect.gen(function* () {
      const exception = Effect.fnUntraced(function* (program: string, input: string) {
        const task = yield* validated("error", draft(program, input))
        return typeof task === "string" ? task : task._tag === "error" ? task.exception : task._tag
      })
      assert.strictEqual(yield* exception("reciprocal", "0"), "ZeroDivisionError")
      assert.strictEqual(yield* exception("list 1 +", "0"), "TypeError")
      assert.strictEqual(yield* exception("reciprocal", "5"), "NoError")
      assert.strictEqual(yield* exception("spin", "5"), "fuel: out of fuel")
      assert.strictEqual(yield* exception("clock 1 + reciprocal", "5"), "NoError")
    }),
  )

  it.effect("a fault of the infrastructure is an error, whichever call it hits", () =>
    Effect.gen(function* () {
      for (const operation of ["run", "inspect", "evaluateArguments"] as const) {
        const kind = yield* kindOf("deduction", { unanswered: (asked) => asked === operation })
        const error = yield* Effect.flip(kind.validate(draft("dup *", "twice(3)")))
        assert.strictEqual(error._tag, "HostTimeout")
      }
    }),
  )
})

describe("verdicts", () => {
  const square = draft("dup *", "3")

  it.effect.each<readonly [string, string, string]>([
    ["9", "correct", ""],
    ["9.0", "correct", ""],
    ["8", "wrong", "the output is 9"],
    ["[9]", "wrong", "the output is 9"],
    ["nine", "badFormat", "nine is no value"],
  ])("deduction: %s", ([answer, verdict, reason]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* judged("deduction", square, answer), { verdict, reason })
    }),
  )

  it.effect("deduction: a constructor expression is a value too, unless it computes", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* judged("deduction", draft("1 +", "5"), "boxed(6)")).verdict, "correct")
      assert.strictEqual((yield* judged("deduction", draft("1 +", "5"), "twice(3)")).verdict, "badFormat")
    }),
  )

  it.effect("strict equality tells kinds apart", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* judged("deduction", square, "9.0", { strict: true })).verdict, "wrong")
      assert.strictEqual((yield* judged("deduction", square, "9", { strict: true })).verdict, "correct")
    }),
  )

  it.effect.each<readonly [string, string, string]>([
    ["3", "correct", ""],
    ["-3", "correct", ""],
    ["2", "wrong", "this input gives 4"],
    ["[3]", "wrong", "on this input: TypeError: not a number"],
    ["three", "badFormat", "three is no argument"],
  ])("abduction: any input that gives the output; %s", ([answer, verdict, reason]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* judged("abduction", square, answer), { verdict, reason })
    }),
  )

  const pairs = draft("dup *", "0", "1", "2", "3")
  it.effect.each<readonly [string, string, string]>([
    ["dup *", "correct", ""],
    ["dup * float", "correct", ""],
    // Right on the shown pairs 0 and 1, wrong on the hidden ones.
    ["dup +  1 *", "wrong", "on 3 it gives 6, not 9"],
    ["4", "wrong", "on 3 it gives 4, not 9"],
    ["list dup *", "wrong", "on 2: TypeError: not a number"],
    ["spin", "wrong", "on 2: out of fuel"],
    ["object", "wrong", "on 2: an object"],
    ["cube", "badFormat", "syntax: what is cube?"],
    ["1 2 3 4 5 6 7", "badFormat", "long: 7 words, at most 6"],
  ])("induction: every hidden pair counts; %s", ([answer, verdict, reason]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* judged("induction", pairs, answer), { verdict, reason })
    }),
  )

  it.effect.each<readonly [string, string]>([
    ["ZeroDivisionError", "correct"],
    [" zerodivisionerror\n", "correct"],
    ["NoError", "wrong"],
    ["ZeroDivision", "wrong"],
  ])("error: %s", ([answer, verdict]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* judged("error", draft("reciprocal", "0"), answer)).verdict, verdict)
    }),
  )

  it.effect("a fault of the infrastructure is no verdict", () =>
    Effect.gen(function* () {
      let lost = false
      for (const [id, given, answer] of [
        ["deduction", square, "twice(4)"],
        ["abduction", square, "3"],
        ["induction", pairs, "dup *"],
      ] as const) {
        lost = false
        const kind = yield* kindOf(id, { unanswered: () => lost })
        const task = yield* kind.validate(given)
        lost = true
        assert.strictEqual((yield* Effect.flip(kind.verify(task, { text: answer })))._tag, "HostTimeout")
      }
    }),
  )

  it.effect("the gold response of every kind is correct, through prompt, response and checkpoint form", () =>
    Effect.gen(function* () {
      const { kinds } = yield* environmentOf()
      for (const [id, given] of [
        ["deduction", draft("dup * float list", "3")],
        ["abduction", square],
        ["induction", pairs],
        ["error", draft("reciprocal", "0")],
      ] as const) {
        const kind = kinds.get(id) as OpenTaskKind
        const task = yield* kind.validate(given)
        const saved: unknown = JSON.parse(
          JSON.stringify(yield* Schema.encodeUnknownEffect(kind.taskSchema)(task)),
        )
        const restored = yield* Schema.decodeUnknownEffect(kind.taskSchema)(saved)
        assert.deepStrictEqual(restored, task)
        const answer = yield* Effect.fromResult(kind.parseAnswer(kind.goldResponse(restored, "full"), "full"))
        assert.strictEqual((yield* kind.verify(restored, answer)).verdict, "correct", id)
        assert.isAbove(kind.solvePrompt(restored, "full").length, 0)
      }
    }),
  )
})

describe("tasks", () => {
  it.effect("of induction are duplicates by their shown and by their hidden inputs, in any order", () =>
    Effect.gen(function* () {
      const kind = yield* kindOf("induction")
      const identityOf = (...inputs: ReadonlyArray<string>) =>
        Effect.map(kind.validate(draft("dup *", ...inputs)), (task) => kind.identity(task))
      // The first half is shown.
      const identity = yield* identityOf("1", "2", "3", "4")
      assert.strictEqual(yield* identityOf("2", "1", "3", "4"), identity)
      assert.strictEqual(yield* identityOf("1", "2", "4", "3"), identity)
      for (const other of [
        ["3", "4", "1", "2"],
        ["1", "3", "2", "4"],
        ["1", "2", "3", "5"],
        ["1", "2", "3"],
      ]) {
        assert.notStrictEqual(yield* identityOf(...other), identity)
      }
    }),
  )

  it.effect("are duplicates by canonical program and input, and a family by program", () =>
    Effect.gen(function* () {
      const kind = yield* kindOf("deduction")
      const [one, commented, other] = yield* Effect.forEach(
        [draft("dup *", "3"), draft("dup   * # again", "3"), draft("dup *", "4")],
        (given) => kind.validate(given),
      )
      assert.strictEqual(kind.identity(one), kind.identity(commented))
      assert.notStrictEqual(kind.identity(one), kind.identity(other))
      assert.strictEqual(kind.family(one), kind.family(other))
      assert.strictEqual(kind.region(one), "* dup")
      assert.deepStrictEqual(kind.measureTask(one), { words: 2 })
      assert.strictEqual(yield* kind.distance(one, commented), 0)
      // One of the three nodes that each tree has is another: 2·1 / (3 + 3 + 1).
      const renamed = yield* kind.validate(draft("dup +", "3"))
      assert.closeTo(yield* kind.distance(one, renamed), 2 / 7, 1e-12)
    }),
  )

  it.effect(
    "are held out with all that contains what is held out: the program, or it with one of its inputs",
    () =>
      Effect.gen(function* () {
        const split: Domain["split"] = (program, [input]) =>
          program.includes("+") ? "dev" : input?.kind === "int" && input.value === 7n ? "test" : "train"
        const { kinds } = yield* environmentOf({ domain: { split } })
        const splitOf = Effect.fnUntraced(function* (id: KindId, given: ProgramDraft) {
          const kind = kinds.get(id) as OpenTaskKind
          return kind.split(yield* kind.validate(given))
        })
        for (const id of ["deduction", "abduction", "error"] as const) {
          assert.strictEqual(yield* splitOf(id, draft("dup *", "3")), "train")
          assert.strictEqual(yield* splitOf(id, draft("dup *", "7")), "test")
          assert.strictEqual(yield* splitOf(id, draft("dup +", "3")), "dev")
        }
        assert.strictEqual(yield* splitOf("induction", draft("dup *", "3", "4")), "train")
        assert.strictEqual(yield* splitOf("induction", draft("dup *", "3", "7")), "test")
        assert.strictEqual(yield* splitOf("induction", draft("dup +", "3", "4")), "dev")
      }),
  )

  it.effect("reveal the program with each of their inputs, the same text in every kind", () =>
    Effect.gen(function* () {
      const { kinds } = yield* environmentOf()
      const revealed = Effect.fnUntraced(function* (id: KindId, given: ProgramDraft) {
        const kind = kinds.get(id) as OpenTaskKind
        return kind.reveals(yield* kind.validate(given))
      })
      const [three = ""] = yield* revealed("deduction", draft("dup *", "3"))
      const [four = ""] = yield* revealed("abduction", draft("dup   * # square", "4"))
      assert.notStrictEqual(three, four)
      assert.deepStrictEqual(yield* revealed("error", draft("dup *", "3")), [three])
      assert.deepStrictEqual(yield* revealed("induction", draft("dup *", "3", "4")), [three, four])
      assert.notInclude(yield* revealed("deduction", draft("dup +", "3")), three)
    }),
  )

  it.effect("exist only of the kinds that were asked for", () =>
    Effect.gen(function* () {
      const { kinds } = yield* open(
        languageEnvironment({
          id: "stack",
          title: "Stack",
          language: stackLanguage,
          domain: stackDomain,
          surfaces: [fullSurface(stackLanguage)],
          kinds: ["abduction"],
          suites: Effect.succeed([]),
          strict: false,
          layer: stackExecutor({ onRun: () => {}, unanswered: () => false }),
        }),
      )
      assert.deepStrictEqual([...kinds.keys()], ["abduction"])
    }),
  )

  it.effect("compare numbers by the language's equality in induction as well", () =>
    Effect.gen(function* () {
      const kind = yield* kindOf("induction")
      const task = yield* kind.validate(draft("float", "1", "2"))
      assert.deepInclude(task, {
        pairs: [
          { input: [int(1)], output: float(1) },
          { input: [int(2)], output: float(2) },
        ],
      })
      assert.strictEqual((yield* kind.verify(task, { text: "1 *" })).verdict, "correct")
    }),
  )
})
