import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { startLineProcess } from "../src/LineProcess.ts"

const node = (script: string) => startLineProcess("child", process.execPath, ["-e", script])

describe("LineProcess", () => {
  it.live("asks and answers in lines of JSON, and ends with its scope", () =>
    Effect.gen(function* () {
      const pid = yield* Effect.scoped(
        Effect.gen(function* () {
          const { ask } = yield* node(
            "process.stdin.on('data', (line) => console.log(JSON.stringify([process.pid, JSON.parse(line)])))" +
              ".on('end', () => process.exit())",
          )
          const Answer = Schema.Tuple([Schema.Int, Schema.Struct({ n: Schema.Int })])
          const [first, second] = [yield* ask(Answer, { n: 1 }), yield* ask(Answer, { n: 2 })]
          assert.deepStrictEqual([first[1], second[1]], [{ n: 1 }, { n: 2 }])
          return first[0]
        }),
      )
      assert.throws(() => process.kill(pid, 0))
    }),
  )

  it.live("fails by the last words of a process that dies, and by an answer of another shape", () =>
    Effect.gen(function* () {
      const dying = yield* node("console.error('first'); console.error('out of luck'); process.exit(3)")
      const failure = yield* Effect.flip(dying.ask(Schema.Int))
      assert.strictEqual(failure.message, "child: out of luck")
      const absent = yield* startLineProcess("none", "no-such-command-here", [])
      assert.match((yield* Effect.flip(absent.ask(Schema.Int, 1))).reason, /ENOENT/)
      const babbling = yield* node("console.log('\"text\"'); process.stdin.resume()")
      assert.match((yield* Effect.flip(babbling.ask(Schema.Int))).reason, /nonsense/)
    }).pipe(Effect.scoped),
  )
})
