/** Languages and executors that break the contract, each in one way, made of the stack language. */
import { Effect, Layer, Result } from "effect"
import {
  type ExecutionRequest,
  Executor,
  ExecutorSettings,
  HostTimeout,
  type Outcome,
} from "../../../src/Executor.ts"
import type { LanguageEnvironment } from "../../../src/language/languageEnvironment.ts"
import { float, int } from "../../../src/Value.ts"
import { stackLanguage } from "../../language/stackLanguage.ts"
import { plainStackExecutor, stackEnvironment } from "../stackEnvironment.ts"

/** One mistake that a language or its executor can make. */
export interface LanguageMistake {
  /** A part of the titles of the clauses that must notice; no other may. */
  readonly clauses: ReadonlyArray<string>
  readonly what: string
  readonly make: () => LanguageEnvironment
}

type Service = Executor["Service"]

/** The stack language on an executor that differs. */
const executor = (changed: (good: Service, workers: number) => Partial<Service>): LanguageEnvironment =>
  stackEnvironment({
    layer: Layer.effect(
      Executor,
      Effect.gen(function* () {
        const good = yield* Executor
        const { workers } = yield* ExecutorSettings
        return { ...good, ...changed(good, workers ?? 0) }
      }),
    ).pipe(Layer.provide(plainStackExecutor)),
  })

/** Changes what runs give. */
const outcomes = (changed: (outcome: Outcome, request: ExecutionRequest) => Outcome): LanguageEnvironment =>
  executor((good) => ({
    run: (request) => Effect.map(good.run(request), (outcome) => changed(outcome, request)),
  }))

/** Changes failures of one kind. */
const failing = (kind: string, changed: (failed: Extract<Outcome, { _tag: "Failed" }>) => Outcome) =>
  outcomes((outcome) =>
    outcome._tag === "Failed" && outcome.failure.kind === kind ? changed(outcome) : outcome,
  )

/** As an address of the machine reads; written so that no file of this repository holds one. */
const home = ["", "home", "ada", "stack"].join("/")

export const languageMistakes: ReadonlyArray<LanguageMistake> = [
  {
    clauses: ["a value is written"],
    what: "numbers that lose their point",
    make: () =>
      stackEnvironment({
        language: {
          renderValue: (value) =>
            stackLanguage
              .renderValue(value.kind === "float" ? { ...value, kind: "float" } : value)
              .replace(/\.0$/u, ""),
        },
      }),
  },
  {
    clauses: ["argument lists are written"],
    what: "arguments that run together",
    make: () =>
      stackEnvironment({
        language: { renderArguments: (values) => values.map(stackLanguage.renderValue).join("") },
      }),
  },
  {
    clauses: ["what is no literal"],
    what: "a reader that takes a call for its argument",
    make: () =>
      stackEnvironment({
        language: {
          parseArguments: (text) => stackLanguage.parseArguments(text.replace(/^f\((.*)\)$/u, "$1")),
        },
      }),
  },
  {
    clauses: ["what is no literal"],
    what: "an executor that runs what it should read",
    make: () =>
      executor((good) => ({
        evaluateArguments: (text) =>
          text === "spin" ? Effect.succeed([int(0)]) : good.evaluateArguments(text),
      })),
  },
  {
    clauses: ["what is no literal"],
    what: "a reader that noise crashes",
    make: () =>
      stackEnvironment({
        language: {
          parseValue: (text) =>
            text.includes("⟨") ? Result.succeed(int(BigInt(text))) : stackLanguage.parseValue(text),
        },
      }),
  },
  {
    clauses: ["the identity returns every value"],
    what: "whole numbers that come back as integers",
    make: () =>
      outcomes((outcome, { program }) =>
        outcome._tag === "Returned" && program === "dup" && outcome.value.kind === "float"
          ? { ...outcome, value: float(Math.trunc(outcome.value.value)) }
          : outcome,
      ),
  },
  {
    clauses: ["equality"],
    what: "the equality of another language",
    make: () => stackEnvironment({ language: { equality: "javascript" } }),
  },
  {
    clauses: ["a loop without end"],
    what: "a loop that is given up before its fuel is spent",
    make: () => failing("fuel", (failed) => ({ ...failed, fuel: Math.floor(failed.fuel / 2) })),
  },
  {
    clauses: ["a loop without end"],
    what: "a loop that harms the next program",
    make: () => {
      let harmed = 0
      return outcomes((outcome, { limits }) => {
        if (outcome._tag === "Failed" && outcome.failure.kind === "fuel" && limits.fuel === 20_000_000)
          harmed = 1
        const fuel = outcome.fuel + (outcome._tag === "Returned" ? harmed : 0)
        if (outcome._tag === "Returned") harmed = 0
        return { ...outcome, fuel }
      })
    },
  },
  {
    clauses: ["hoarding ends"],
    what: "hoarding that is told as a crash",
    make: () => failing("memory", (failed) => ({ ...failed, failure: { ...failed.failure, kind: "trap" } })),
  },
  {
    clauses: ["recursion without end"],
    what: "recursion that is told as an exception",
    make: () =>
      failing("stack", (failed) => ({ ...failed, failure: { ...failed.failure, kind: "exception" } })),
  },
  {
    clauses: ["a result longer"],
    what: "a limit of outputs that is not the request's",
    make: () =>
      executor((good) => ({
        run: (request) => good.run({ ...request, limits: { ...request.limits, outputBytes: 65_536 } }),
      })),
  },
  {
    clauses: ["as much fuel"],
    what: "fuel that is looked at every other word",
    make: () =>
      executor((good) => ({
        run: (request) =>
          Effect.map(
            good.run({ ...request, limits: { ...request.limits, fuel: request.limits.fuel + 1 } }),
            (outcome) => ({ ...outcome, fuel: Math.min(outcome.fuel, request.limits.fuel) }),
          ),
      })),
  },
  {
    clauses: ["a program of two million"],
    what: "a long program that is taken for a fault",
    make: () =>
      executor((good) => ({
        run: (request) =>
          request.program.length > 1_000_000
            ? Effect.fail(new HostTimeout({ executor: "stack", milliseconds: 1 }))
            : good.run(request),
      })),
  },
  {
    clauses: ["the same each time, in any order"],
    what: "messages that tell what ran before",
    make: () => {
      let previous = ""
      return executor((good) => ({
        run: (request) =>
          Effect.map(good.run(request), (outcome): Outcome => {
            const before = previous
            previous = request.program
            return outcome._tag === "Failed" && request.program === "flood" && before === "recurse"
              ? { ...outcome, fuel: outcome.fuel + 1 }
              : outcome
          }),
      }))
    },
  },
  {
    clauses: ["what runs at once"],
    what: "a state that many programs at once share",
    make: () => {
      let running = 0
      return executor((good) => ({
        run: (request) =>
          Effect.gen(function* () {
            running += 1
            yield* Effect.yieldNow
            const outcome = yield* good.run(request)
            const crowd = running
            yield* Effect.yieldNow
            running -= 1
            return crowd > 20 ? { ...outcome, fuel: outcome.fuel + 1 } : outcome
          }),
      }))
    },
  },
  {
    clauses: ["perturbed conditions"],
    what: "exceptions that are other ones under perturbed conditions",
    make: () =>
      outcomes((outcome, { conditions }) =>
        outcome._tag === "Failed" && conditions === "perturbed" && outcome.failure.kind === "exception"
          ? { ...outcome, failure: { ...outcome.failure, name: "Perturbed" } }
          : outcome,
      ),
  },
  {
    clauses: ["perturbed conditions", "never becomes a task"],
    what: "a clock that stands still",
    make: () => executor((good) => ({ run: (request) => good.run({ ...request, conditions: "reference" }) })),
  },
  {
    clauses: ["told by its kind"],
    what: "a function that is missing told as a crash",
    make: () =>
      outcomes((outcome, { entry }) =>
        outcome._tag === "Failed" && entry !== "f"
          ? { ...outcome, failure: { ...outcome.failure, kind: "trap" } }
          : outcome,
      ),
  },
  {
    clauses: ["told by its kind"],
    what: "exceptions without their class",
    make: () =>
      failing("exception", (failed) => ({ ...failed, failure: { ...failed.failure, name: "Error" } })),
  },
  {
    clauses: ["what a program prints"],
    what: "output that is not captured",
    make: () => outcomes((outcome) => ({ ...outcome, stdout: "" })),
  },
  {
    clauses: ["an interrupted run"],
    what: "a worker that is another one after an interruption",
    make: () => {
      let alive = true
      return executor((good) => ({
        run: (request) =>
          Effect.andThen(
            Effect.yieldNow,
            Effect.map(good.run(request), (outcome) =>
              alive ? outcome : { ...outcome, fuel: outcome.fuel + 1 },
            ),
          ).pipe(Effect.onInterrupt(() => Effect.sync(() => (alive = false)))),
      }))
    },
  },
  {
    clauses: ["every host gives the same"],
    what: "fuel that depends on the number of workers",
    make: () =>
      executor((good, workers) => ({
        run: (request) =>
          Effect.map(good.run(request), (outcome) => ({ ...outcome, fuel: outcome.fuel + workers })),
      })),
  },
  {
    clauses: ["no failure tells of the host"],
    what: "an exception with a folder of the machine",
    make: () =>
      failing("exception", (failed) => ({
        ...failed,
        failure: { ...failed.failure, message: `${failed.failure.message} in ${home}` },
      })),
  },
  {
    clauses: ["a program's facts"],
    what: "names in the order of the program",
    make: () =>
      executor((good) => ({
        inspect: (program) => Effect.map(good.inspect(program), (facts) => ({ ...facts, names: ["b", "a"] })),
      })),
  },
  {
    clauses: ["a program's facts"],
    what: "a syntax error that is not told",
    make: () =>
      executor((good) => ({
        inspect: (program) => Effect.map(good.inspect(program), (facts) => ({ ...facts, syntaxError: null })),
      })),
  },
  {
    clauses: ["duplicates have one canonical form"],
    what: "a canonical form with comments",
    make: () =>
      executor((good) => ({
        inspect: (program) =>
          Effect.map(good.inspect(program), (facts) => ({ ...facts, canonical: program })),
      })),
  },
  {
    clauses: ["never becomes a task"],
    what: "a validation that takes a failure for an output",
    make: () => {
      const good = stackEnvironment()
      const kinds = good.kinds.map((kind) => ({
        ...kind,
        validate: (draft: unknown) =>
          Effect.catchTag(kind.validate(draft), "ProposalRejected", () => Effect.succeed({ _tag: kind.id })),
      }))
      return { ...good, kinds }
    },
  },
]

/** Mistakes of the environment clauses that take an executor to make. */
export const workerMistake: LanguageMistake = {
  clauses: ["opened once more"],
  what: "outputs that depend on the number of workers",
  make: () =>
    executor((good, workers) => ({
      run: (request) =>
        Effect.map(good.run(request), (outcome) =>
          outcome._tag === "Returned" && outcome.value.kind === "int" && workers === 1
            ? { ...outcome, value: int(outcome.value.value + 1n) }
            : outcome,
        ),
    })),
}
