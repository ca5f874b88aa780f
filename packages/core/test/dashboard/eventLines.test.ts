/** Cutting a line apart finds what decoding it finds, whatever a policy wrote; and what it cannot read it leaves alone. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import * as EventLines from "../../src/dashboard/eventLines.ts"
import { ProposalStatus, Rollout, RunEvent } from "../../src/RunEvent.ts"

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(RunEvent))
const encode = Schema.encodeSync(RunEvent)
const decodeRollout = Schema.decodeUnknownSync(Schema.fromJsonString(Rollout))
const encodeRollout = Schema.encodeSync(Rollout)
/** Reads a line that stands between others. */
const within =
  <A>(read: (bytes: Uint8Array, start: number, end: number) => A) =>
  (line: string): A => {
    const bytes = new TextEncoder().encode(`é","\n${line}\n,"successRate":1}}`)
    const start = bytes.indexOf(10) + 1
    return read(bytes, start, bytes.indexOf(10, start))
  }
const readProposed = within(EventLines.readProposed)
const readTaskAdded = within(EventLines.readTaskAdded)
const readRolloutFacets = within(EventLines.readRolloutFacets)
const lineOf = (event: RunEvent): string => JSON.stringify(encode(event))

/** Texts that try to look like the fields behind them. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom(
    '","reason":"x","task":1,"rollout":0}',
    '","successRate":1}}',
    ',"identity":"i","successRate":0.5}}',
    '","region":"mine","',
    "\\",
    '\\","status":"accepted',
    "\ud800 \u2028 \u0000 é",
  ),
)
const whole = fc.integer({ min: -5, max: 1 << 30 })
const at = fc.integer({ min: 0, max: 2_000_000_000_000 })

const proposed = fc.record({
  _tag: fc.constant("Proposed" as const),
  at,
  step: whole,
  environment: text,
  kind: text,
  status: fc.constantFrom(...ProposalStatus.literals),
  reason: text,
  task: fc.option(whole),
  rollout: whole,
})

const task = fc.oneof(
  fc.record({
    _tag: text,
    program: text,
    canonical: text,
    region: text,
    measures: fc.dictionary(text, fc.double()),
    input: fc.json(),
  }),
  fc.record({ region: fc.oneof(text, fc.integer()), program: text }),
  fc.record({ nested: fc.record({ region: text }), successRate: text }),
  fc.jsonValue(),
)

const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const added = fc.record({
  _tag: fc.constant("TaskAdded" as const),
  at,
  record: fc.record({
    id: whole,
    environment: text,
    kind: text,
    step: whole,
    origin: fc.constantFrom("seed" as const, "proposed" as const),
    parents: fc.array(whole, { maxLength: 4 }),
    task,
    successRate: fc.option(number),
  }),
})

describe("eventLines", () => {
  it("reads a proposal as decoding does", () => {
    fc.assert(
      fc.property(proposed, (event) => {
        const line = lineOf(event)
        const read = readProposed(line)
        assert.isNotNull(read)
        assert.deepStrictEqual(read, decode(line))
        assert.isNull(readTaskAdded(line))
      }),
    )
  })

  it("reads of a task what decoding does", () => {
    fc.assert(
      fc.property(added, (event) => {
        const line = lineOf(event)
        const wanted = decode(line)
        assert.isTrue(wanted._tag === "TaskAdded")
        if (wanted._tag !== "TaskAdded") return
        const { id, kind, parents, step, successRate, task: decoded } = wanted.record
        const region = EventLines.regionOf(decoded)
        assert.deepStrictEqual(readTaskAdded(line), {
          at: wanted.at,
          id,
          kind,
          step,
          parents,
          successRate,
          region,
        })
        assert.isNull(readProposed(line))
      }),
    )
  })

  it("leaves a task of an earlier log, with its identity, to decoding or reads the same of it", () => {
    fc.assert(
      fc.property(added, text, (event, identity) => {
        const line = lineOf(event)
        const earlier = line.replace(
          /,"successRate":[^,]*$/u,
          (rest) => `,"identity":${JSON.stringify(identity)}${rest}`,
        )
        assert.deepStrictEqual(decode(earlier), decode(line))
        const read = readTaskAdded(earlier)
        if (read !== null) assert.deepStrictEqual(read, readTaskAdded(line))
      }),
    )
  })

  it("reads of a rollout what it can be chosen by", () => {
    fc.assert(
      fc.property(
        fc.record({
          step: whole,
          role: fc.constantFrom("propose" as const, "solve" as const),
          environment: text,
          kind: text,
          task: fc.option(whole),
          prompt: text,
          response: text,
          tokens: whole,
          outcome: text,
          reason: text,
          reward: fc.option(number),
          advantage: fc.option(number),
          logprob: number,
        }),
        (rollout) => {
          const line = JSON.stringify(encodeRollout(rollout))
          const { environment, kind, outcome, role, task } = decodeRollout(line)
          assert.deepStrictEqual(readRolloutFacets(line), { role, environment, kind, outcome, task })
        },
      ),
    )
    const none = { role: "", environment: "", kind: "", outcome: "", task: null }
    for (const line of [
      "",
      "{}",
      '{"step":1,"role":"watch","environment":"e","kind":"k","task":1,"outcome":"o","reason":"","reward":1,"advantage":1,"logprob":0}',
    ])
      assert.deepStrictEqual(readRolloutFacets(line), none)
  })

  it.each([
    "",
    "{}",
    '{"_tag":"Proposed","at":1}',
    '{"_tag":"Proposed","at":1,"step":1,"environment":"e","kind":"k","status":"dreamt","reason":"","task":1,"rollout":0}',
    '{"_tag":"Proposed","at":1,"step":1,"environment":"e","kind":"k","status":"accepted","reason":"","task":1,"rollout":0,"new":1}',
    '{"at":1,"_tag":"Proposed","step":1,"environment":"e","kind":"k","status":"accepted","reason":"","task":1,"rollout":0}',
    '{"_tag":"TaskAdded","at":1,"record":{"id":1,"environment":"e","kind":"k","step":1,"origin":"seed","parents":[],"task":{,"successRate":1}}',
    '{"_tag":"TaskAdded","at":1,"record":{"id":1,"environment":"e","kind":"k","step":1,"origin":"seed","parents":[],"task":{},"successRate":"1"}}',
  ])("leaves a line of another form alone: %s", (line) => {
    assert.isNull(readProposed(line))
    assert.isNull(readTaskAdded(line))
  })
})
