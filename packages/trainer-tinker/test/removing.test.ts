/** What nothing needs any more goes from the server; what something needs stays, and nothing fails for what cannot go. */
import type { PolicyEngine } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeRemove } from "../src/removing.ts"
import {
  adam,
  datum,
  importanceSampling,
  logged,
  openEngine,
  request,
  startToy,
  text,
  timing,
} from "./toy.ts"
import { detail, type Fault, type ToyServer } from "./toyServer.ts"

type Engine = PolicyEngine.PolicyEngine["Service"]
type Files = ReadonlyArray<PolicyEngine.PolicyFile>

const learn = (engine: Engine) =>
  Effect.andThen(engine.forwardBackward([datum], importanceSampling), engine.optimStep(adam))
/** Learns and saves, so many times. */
const savesOf = (engine: Engine, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.andThen(learn(engine), engine.save))
const pathOf = (files: Files): string => JSON.parse(text(files)).path
const keptBy = (server: ToyServer, kind: "weights" | "sampler_weights"): ReadonlyArray<string> =>
  [...server.saves].filter((path) => path.includes(`/${kind}/`))
const unreadable = (message: string) => Effect.fail({ message })

describe("TinkerEngine", { timeout: 60_000 }, () => {
  it.live("removes the weights of a sampler after the next update, and the last when it ends", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const engine = yield* openEngine(server.url)
          yield* engine.sample([request])
          const [first] = keptBy(server, "sampler_weights")
          for (let step = 0; step < 3; step++) {
            yield* learn(engine)
            yield* engine.sample([request])
            yield* engine.sample([request])
            assert.lengthOf(keptBy(server, "sampler_weights"), 1)
          }
          assert.notInclude(keptBy(server, "sampler_weights"), first)
          assert.lengthOf(server.requests("DELETE"), 3)
        }),
      )
      assert.deepStrictEqual([...server.saves], [])
    }).pipe(Effect.scoped),
  )

  it.live("leaves frozen weights until others are frozen", () =>
    Effect.gen(function* () {
      const server = yield* startToy({ metrics: { "loss:sum": 1 } })
      const engine = yield* openEngine(server.url)
      const frozen = yield* engine.frozenSampler
      for (let step = 0; step < 3; step++) {
        yield* learn(engine)
        yield* engine.sample([request])
        yield* frozen([request])
      }
      assert.lengthOf(keptBy(server, "sampler_weights"), 2)
      const next = yield* engine.frozenSampler
      yield* learn(engine)
      assert.lengthOf(keptBy(server, "sampler_weights"), 1)
      yield* next([request])
    }).pipe(Effect.scoped),
  )

  it.live("removes the saved policies that are not named, which are its own; those that are named load", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const before = yield* openEngine(server.url)
      const others = yield* savesOf(before, 2)
      const engine = yield* openEngine(server.url)
      yield* engine.load(others[0] as Files)
      const own = yield* savesOf(engine, 4)
      const named = [others[0], own[1], own[3]] as ReadonlyArray<Files>
      yield* engine.retain(Effect.succeed(named))
      const paths = [...others, own[1], own[3]].map((files) => pathOf(files as Files))
      assert.deepStrictEqual(keptBy(server, "weights").toSorted(), paths.toSorted())
      const asked = server.requests("DELETE").length
      yield* engine.retain(Effect.succeed(named))
      assert.lengthOf(server.requests("DELETE"), asked)
      const resumed = yield* openEngine(server.url)
      for (const files of named) yield* resumed.load(files)
      // It has saved none of them.
      yield* resumed.retain(Effect.succeed([]))
      assert.lengthOf(keptBy(server, "weights"), 4)
    }).pipe(Effect.scoped),
  )

  it.live("leaves what it would itself go back to", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const engine = yield* openEngine(server.url)
      const [reference, , newest] = yield* savesOf(engine, 3)
      yield* engine.setReference(reference as Files)
      yield* engine.retain(Effect.succeed([]))
      assert.deepStrictEqual(
        keptBy(server, "weights"),
        [reference, newest].map((files) => pathOf(files as Files)),
      )
      server.restart()
      yield* engine.sample([request])
      yield* engine.referenceLogprobs([[1, 2]])
    }).pipe(Effect.scoped),
  )

  it.live("removes nothing where it is not known what is named", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const engine = yield* openEngine(server.url)
      const [first] = yield* savesOf(engine, 3)
      yield* Effect.flip(engine.retain(unreadable("a checkpoint is damaged")))
      const strange = [{ name: "tinker.json", bytes: new Uint8Array() }]
      yield* Effect.flip(engine.retain(Effect.succeed([first as Files, strange])))
      assert.lengthOf(keptBy(server, "weights"), 3)
      assert.lengthOf(server.requests("DELETE"), 0)
    }).pipe(Effect.scoped),
  )

  const never: ReadonlyArray<readonly [what: string, fault: Fault]> = [
    ["does not have the route", detail(404, "Not Found")],
    ["does not have the method", detail(405, "Method Not Allowed")],
    ["refuses it", detail(400, "Invalid checkpoint identifier")],
  ]
  for (const [what, fault] of never) {
    it.live(`goes on with a server that ${what}, says so once, and does not ask again`, () =>
      Effect.gen(function* () {
        const server = yield* startToy()
        server.fail("DELETE", fault, fault, fault, fault)
        const { lines } = yield* logged(
          Effect.gen(function* () {
            const engine = yield* openEngine(server.url)
            yield* savesOf(engine, 3)
            yield* engine.sample([request])
            for (let time = 0; time < 2; time++) {
              yield* engine.retain(Effect.succeed([]))
              assert.lengthOf(server.requests("DELETE"), 2)
            }
            yield* learn(engine)
            yield* engine.sample([request])
          }).pipe(Effect.scoped),
        )
        assert.lengthOf(lines, 1)
        assert.match(lines[0] ?? "", /^weights that nothing needs any more stay on the server: http/u)
        assert.lengthOf(keptBy(server, "weights"), 3)
      }).pipe(Effect.scoped),
    )
  }

  it.live("asks again, another time, a server that failed or did not answer", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const { lines } = yield* logged(
        Effect.gen(function* () {
          const engine = yield* openEngine(server.url, { timing: { ...timing, patience: "1 second" } })
          yield* savesOf(engine, 3)
          for (const fault of [detail(501, "no"), "breakBefore", detail(425, "pending"), "hang"] as const) {
            server.fail("DELETE", ...Array.from({ length: 20 }, () => fault))
            yield* engine.retain(Effect.succeed([]))
            assert.lengthOf(keptBy(server, "weights"), 3)
            server.heal("DELETE")
          }
          // What it did without saying so is gone all the same.
          server.fail("DELETE", "breakAfter")
          yield* engine.retain(Effect.succeed([]))
          assert.lengthOf(keptBy(server, "weights"), 1)
        }).pipe(Effect.scoped),
      )
      assert.lengthOf(lines, 1)
    }).pipe(Effect.scoped),
  )

  it.effect("waits ten seconds for a server that does not answer", () =>
    Effect.gen(function* () {
      const { lines } = yield* logged(
        Effect.gen(function* () {
          const settled = yield* Effect.forkChild(makeRemove("http://here")(Effect.never))
          yield* TestClock.adjust("10 seconds")
          assert.isFalse(yield* Fiber.join(settled))
        }),
      )
      assert.match(lines.join("\n"), /http:\/\/here did not remove them within 10 seconds$/u)
    }),
  )

  it.live("follows no address of training weights where it asked for a sampler's", () =>
    Effect.gen(function* () {
      const server = yield* startToy()
      const engine = yield* openEngine(server.url)
      const [saved] = yield* savesOf(engine, 1)
      yield* engine.sample([request])
      const info = { headers: { "content-type": "application/json" } }
      server.fail(
        "samplers/",
        { ...info, body: JSON.stringify({ model_path: pathOf(saved as Files) }) },
        { ...info, body: JSON.stringify({ model_path: null }) },
      )
      const { lines } = yield* logged(
        Effect.repeat(Effect.andThen(learn(engine), engine.sample([request])), { times: 1 }),
      )
      assert.match(lines.join("\n"), /is no address of sampler_weights$/u)
      assert.lengthOf(server.requests("DELETE"), 0)
      yield* engine.load(saved as Files)
    }).pipe(Effect.scoped),
  )
})
