/**
 * A fuzzer of executors: mutated, grown and hostile programs. Whatever a program is, the host answers; it answers the
 * same in another clean instance; it answers an honest program afterwards as it did before. With `--native` programs
 * that are valid tasks must also return what CPython of this machine returns.
 *
 *     pnpm fuzz --env python --host v8 --minutes 10 --seed 1
 *     pnpm fuzz --env python --seed 1 --index 4711        one program again (with the same --corpus), and its answer
 */
import { type Executor, RandomStreams, Value } from "@azr/core"
import { admitProgram, readOutput } from "@azr/core/language"
import { type Call, ExecutorHost } from "@azr/wasm-host"
import { Cause, Effect, Exit, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { hostilePrograms } from "../src/bench/hostile.ts"
import { type DirectRequest, type LanguageId, languages, openDirect } from "../src/bench/languages.ts"
import { readPairs, sourcesOf } from "../src/bench/workload.ts"
import { CheckFailed } from "../src/exitCodes.ts"
import { startNativePython } from "../src/native/nativePython.ts"
import { Output } from "../src/Output.ts"
import { generateProgram, generateValue } from "./stress/grammar.ts"
import { mutateProgram } from "./stress/mutate.ts"
import { corpusFlag, envFlag, hostFlag, runScript, seedFlag, stop } from "./stress/script.ts"

/** Enough for any honest program here, and little enough that endless ones do not take all the time. */
const fuel = 60_000_000
const probeEvery = 25
const progressEveryMs = 30_000

/** The program with this index, by the seed alone. */
const requestAt = (
  id: LanguageId,
  corpus: ReadonlyArray<DirectRequest>,
  seed: number,
  index: number,
): DirectRequest => {
  const random = new RandomStreams.RandomStreams(seed).get(`fuzz/${index}`)
  const programs = corpus.map(({ program }) => program)
  const origin = random.weighted([25, 55, 10, 10])
  const grown = generateProgram(id, random)
  const given = origin === 0 || origin === 3 ? grown : random.pick(corpus)
  const unexpected = () => Array.from({ length: random.integer(0, 3) }, () => generateValue(id, random))
  return {
    program:
      origin === 0 || origin === 2 ? given.program : mutateProgram(given.program, programs, random, id),
    arguments: origin === 2 || random.float() < 0.1 ? unexpected() : given.arguments,
    fuel,
  }
}

/**
 * What Python leaves to the build: hashes of numbers differ between 32 and 64 bits, and with them the order of a set
 * that has negative members.
 */
const differsByBuild = (facts: Executor.ProgramFacts): boolean =>
  facts.names.some((name) => ["hash", "set", "frozenset"].includes(name)) ||
  /\{Set(Comp)?[{}]/.test(facts.tree)

type Violation = "fault" | "repeat" | "inspect" | "probe" | "native"

const fuzz = Command.make(
  "fuzz",
  {
    host: hostFlag,
    env: envFlag,
    seed: seedFlag,
    corpus: corpusFlag,
    minutes: Flag.Finite("minutes").pipe(Flag.withDescription("How long (default 10)"), Flag.withDefault(10)),
    native: Flag.Boolean("native").pipe(
      Flag.withDescription("Compare valid tasks with native CPython, in limited processes"),
      Flag.withDefault(false),
    ),
    index: Flag.Int("index").pipe(Flag.withDescription("Only the program with this index"), Flag.optional),
  },
  Effect.fn("fuzz")(function* ({ corpus, env, host, index: only, minutes, native, seed }) {
    const output = yield* Output
    const measured = languages[env]
    const { language } = measured.environment
    const sources = [...sourcesOf(measured, []), ...(corpus.length > 0 ? sourcesOf(measured, corpus) : [])]
    const services = yield* Layer.build(Layer.provide(measured.executor.layerNoDeps, ExecutorHost[host]))
    const pairs = yield* Effect.provideContext(readPairs(measured, sources), services)
    const known: ReadonlyArray<DirectRequest> = [
      ...pairs,
      ...hostilePrograms[env].map(({ program }) => ({ program, arguments: [Value.none] })),
    ]
    const { call, outcome, pool } = yield* openDirect(env, host, null)
    const oracle = native && env === "python" ? yield* startNativePython : null

    const counts: Record<string, number> = {}
    const count = (key: string) => (counts[key] = (counts[key] ?? 0) + 1)
    const violations: Array<Violation> = []
    const violation = (kind: Violation, index: number, request: DirectRequest, detail: string) => {
      violations.push(kind)
      const values = request.arguments.map(Value.toJson)
      return output.result(
        JSON.stringify({ violation: kind, seed, index, program: request.program, arguments: values, detail }),
      )
    }
    const answer = (asked: Call) =>
      Effect.map(pool.run(asked), (result) => ({ result, text: JSON.stringify(result) }))

    const probeCall = call(pairs[0] as DirectRequest)
    const probe = yield* answer(probeCall)

    /** Whether native CPython returns the same, for what is a valid task there. */
    const agrees = Effect.fnUntraced(function* (request: DirectRequest, value: Value.Value) {
      if (oracle === null) return null
      const admitted = yield* Effect.option(admitProgram(language, request.program))
      if (Option.isNone(admitted)) return null
      const again = outcome(yield* pool.run(call({ ...request, conditions: "perturbed" })))
      if (again._tag === "Failed" || !Value.equals(value, again.value, "strict")) return null
      const said = yield* oracle.run(request.program, language.renderArguments(request.arguments))
      if ("failure" in said) return void count(`native ${said.failure}`)
      const read = yield* Effect.option(readOutput(language, said.value))
      if (Option.isNone(read)) return void count("native text is no value")
      count("native value")
      if (Value.equals(value, read.value, language.equality)) return null
      return differsByBuild(admitted.value)
        ? void count("native differs by build")
        : `native ${said.value}, sandbox ${language.renderValue(value)}`
    })

    const one = Effect.fnUntraced(function* (index: number, request: DirectRequest) {
      const asked = call(request)
      const first = yield* answer(asked)
      const second = yield* answer(asked)
      const found = outcome(first.result)
      count(found._tag === "Returned" ? "returned" : found.failure.kind)
      if (first.text !== second.text) {
        yield* violation("repeat", index, request, `${first.text} and ${second.text}`)
      }
      const inspect = { ...asked, request: JSON.stringify({ op: "inspect", program: request.program }) }
      const [facts, again] = [yield* answer(inspect), yield* answer(inspect)]
      if (facts.text !== again.text) {
        yield* violation("inspect", index, request, `${facts.text} and ${again.text}`)
      }
      if (index % probeEvery === 0) {
        const now = yield* answer(probeCall)
        if (now.text !== probe.text)
          yield* violation("probe", index, request, `${now.text} after ${probe.text}`)
      }
      if (found._tag === "Returned") {
        const disagreement = yield* agrees(request, found.value)
        if (disagreement) yield* violation("native", index, request, disagreement)
      }
      return first.text
    })

    /** A fault of the infrastructure, or a bug of ours, is what this is here to find. */
    const guarded = Effect.fnUntraced(function* (index: number) {
      const request = requestAt(env, known, seed, index)
      const exit = yield* Effect.exit(Effect.provideContext(one(index, request), services))
      if (Exit.isFailure(exit)) yield* violation("fault", index, request, Cause.pretty(exit.cause))
      return { request, exit }
    })

    if (Option.isSome(only)) {
      const { exit, request } = yield* guarded(only.value)
      yield* output.result(request.program)
      return yield* output.result(
        JSON.stringify({
          arguments: request.arguments.map(Value.toJson),
          answer: Exit.isSuccess(exit) ? exit.value : null,
        }),
      )
    }

    const start = performance.now()
    const end = start + minutes * 60_000
    let next = 0
    let reported = start
    const lane = Effect.whileLoop({
      while: () => performance.now() < end && !stop.asked,
      body: () => Effect.suspend(() => guarded(next++)),
      step: () => {
        if (performance.now() - reported < progressEveryMs) return
        reported = performance.now()
        process.stderr.write(`${next} programs, ${violations.length} violations\n`)
      },
    })
    yield* Effect.all(
      Array.from({ length: 4 * pool.workers }, () => lane),
      { concurrency: "unbounded", discard: true },
    )
    yield* output.result(
      JSON.stringify({
        host,
        language: env,
        seed,
        minutes: Number(((performance.now() - start) / 60_000).toFixed(1)),
        programs: next,
        calls: 4 * next,
        oracle: oracle?.version ?? null,
        violations: violations.length,
        outcomes: Object.fromEntries(Object.entries(counts).toSorted(([, a], [, b]) => b - a)),
      }),
    )
    if (violations.length > 0) return yield* new CheckFailed({ message: `${violations.length} violations` })
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Fuzz an executor: never a fault, the same answer again, the next program unharmed",
  ),
)

runScript(Command.run(fuzz, { version: "0.0.0" }))
