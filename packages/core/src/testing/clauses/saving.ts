/** Saving: what is loaded is what was saved, and goes on as if nothing had happened. */
import { Effect } from "effect"
import { PolicyError, type PolicyFile } from "../../PolicyEngine.ts"
import {
  type Engine,
  type PolicyClause,
  type PolicySuiteOptions,
  clause,
  distance,
  ensure,
  importanceSampling,
  lesson,
  material,
  refuses,
} from "./clause.ts"

const sameFiles = (a: ReadonlyArray<PolicyFile>, b: ReadonlyArray<PolicyFile>): boolean =>
  a.length === b.length &&
  a.every(({ bytes, name }, i) => {
    const other = b[i]
    return (
      name === other?.name &&
      bytes.length === other.bytes.length &&
      bytes.every((byte, j) => byte === other.bytes[j])
    )
  })

export const savingClauses = (options: PolicySuiteOptions): ReadonlyArray<PolicyClause> => {
  const { adam, tolerance } = options

  const prepare = Effect.fnUntraced(function* (engine: Engine) {
    const parts = yield* material(engine, options)
    const datums = parts.flatMap(({ prompt, samples }) =>
      samples.map((sample, i) => lesson(prompt, sample, i % 2 === 0 ? 1 : -1)),
    )
    return {
      datums,
      probe: parts.flatMap(({ sequences }) => sequences),
      learn: Effect.andThen(engine.forwardBackward(datums, importanceSampling), engine.optimStep(adam)),
      allowed: engine.capabilities.deterministic ? 0 : tolerance,
    }
  })

  return [
    clause("save and load are exact: weights and optimizer continue as if uninterrupted", function* (engine) {
      const { allowed, learn, probe } = yield* prepare(engine)
      const start = yield* engine.logprobs(probe)
      const first = yield* engine.save
      yield* learn
      yield* learn
      const trained = yield* engine.logprobs(probe)
      const second = yield* engine.save
      yield* learn
      const further = yield* engine.logprobs(probe)
      yield* ensure(
        distance(trained, start) > tolerance,
        "training moved nothing; take a larger learning rate",
      )

      yield* engine.load(first)
      const back = distance(yield* engine.logprobs(probe), start)
      yield* ensure(back <= allowed, `the first policy came back with a difference of ${back}`)
      yield* engine.load(second)
      const forth = distance(yield* engine.logprobs(probe), trained)
      yield* ensure(forth <= allowed, `the trained policy came back with a difference of ${forth}`)
      yield* learn
      const resumed = distance(yield* engine.logprobs(probe), further)
      yield* ensure(
        resumed <= allowed,
        `a loaded policy learned otherwise, by ${resumed}: is the optimizer saved?`,
      )
    }),

    clause("files have names of their own, and saving twice gives the same bytes", function* (engine) {
      const { learn } = yield* prepare(engine)
      yield* learn
      const files = yield* engine.save
      yield* ensure(files.length > 0, "nothing was saved")
      yield* ensure(new Set(files.map(({ name }) => name)).size === files.length, "two files have one name")
      for (const { name } of files) {
        yield* ensure(
          /^[\w][\w.-]*$/u.test(name) && name !== "state.json" && name !== "manifest.json",
          `${name} cannot be a file of a checkpoint`,
        )
      }
      if (!engine.capabilities.deterministic) return
      yield* ensure(sameFiles(files, yield* engine.save), "two savings of one policy differ")
      yield* engine.load(files)
      yield* ensure(sameFiles(files, yield* engine.save), "a loaded policy is saved in other bytes")
    }),

    clause("load drops a gradient that was not applied", function* (engine) {
      const { allowed, datums, learn, probe } = yield* prepare(engine)
      const saved = yield* engine.save
      yield* learn
      const expected = yield* engine.logprobs(probe)
      yield* engine.load(saved)
      yield* engine.forwardBackward(datums.slice(0, 1), importanceSampling)
      yield* engine.load(saved)
      yield* learn
      const apart = distance(yield* engine.logprobs(probe), expected)
      yield* ensure(apart <= allowed, `a gradient from before loading changed the update by ${apart}`)
    }),

    clause("files that are no policy are refused, and the policy stays", function* (engine) {
      const { allowed, learn, probe } = yield* prepare(engine)
      yield* learn
      const before = yield* engine.logprobs(probe)
      const files = yield* engine.save
      yield* refuses(engine.load([]), "an empty list of files", [])
      const [first, ...others] = files
      if (first === undefined) return
      const cut = { ...first, bytes: first.bytes.slice(0, Math.floor(first.bytes.length / 2)) }
      yield* refuses(engine.load([cut, ...others]), `half of ${first.name}`, [])
      const apart = distance(yield* engine.logprobs(probe), before)
      yield* ensure(apart <= allowed, `a refused load changed the policy by ${apart}`)
    }),

    clause(
      "saved policies that are retained can be loaded, and all where it is not known which",
      function* (engine) {
        const { allowed, learn, probe } = yield* prepare(engine)
        const returns = Effect.fnUntraced(function* (
          files: ReadonlyArray<PolicyFile>,
          expected: ReadonlyArray<ReadonlyArray<number>>,
        ) {
          yield* engine.load(files)
          const apart = distance(yield* engine.logprobs(probe), expected)
          yield* ensure(apart <= allowed, `a retained policy came back with a difference of ${apart}`)
        })
        const first = yield* engine.save
        const start = yield* engine.logprobs(probe)
        yield* learn
        const second = yield* engine.save
        const between = yield* engine.logprobs(probe)
        yield* learn
        const third = yield* engine.save
        const trained = yield* engine.logprobs(probe)
        const unread = new PolicyError({ operation: "retain", message: "they cannot be read" })
        yield* Effect.ignore(engine.retain(Effect.fail(unread)))
        yield* returns(second, between)
        yield* engine.retain(Effect.succeed([first, third]))
        yield* returns(first, start)
        yield* returns(third, trained)
      },
    ),
  ]
}
