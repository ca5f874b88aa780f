/** Cutting a line apart finds what decoding it finds, whatever a policy wrote; and what it cannot read it leaves alone. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import { readProposed, readTaskAdded, regionOf } from "../../src/dashboard/eventLines.ts"
import { ProposalStatus, RunEvent } from "../../src/RunEvent.ts"

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(RunEvent))
const encode = Schema.encodeSync(RunEvent)
const lineOf = (event: RunEvent): string => JSON.stringify(encode(event))

/** Texts that try to look like the fields behind them. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom(
    '","reason":"x","task":1,"rollout":0}',
    '","identity":"","successRate":1}}',
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
  fc.record({ nested: fc.record({ region: text }), identity: text }),
  fc.jsonValue(),
)

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
    identity: text,
    successRate: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
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
        const region = regionOf(decoded)
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

  it.each([
    "",
    "{}",
    '{"_tag":"Proposed","at":1}',
    '{"_tag":"Proposed","at":1,"step":1,"environment":"e","kind":"k","status":"dreamt","reason":"","task":1,"rollout":0}',
    '{"_tag":"Proposed","at":1,"step":1,"environment":"e","kind":"k","status":"accepted","reason":"","task":1,"rollout":0,"new":1}',
    '{"at":1,"_tag":"Proposed","step":1,"environment":"e","kind":"k","status":"accepted","reason":"","task":1,"rollout":0}',
    '{"_tag":"TaskAdded","at":1,"record":{"id":1,"environment":"e","kind":"k","step":1,"origin":"seed","parents":[],"task":{,"identity":"","successRate":1}}',
    '{"_tag":"TaskAdded","at":1,"record":{"id":1,"environment":"e","kind":"k","step":1,"origin":"seed","parents":[],"task":{},"identity":"","successRate":"1"}}',
  ])("leaves a line of another form alone: %s", (line) => {
    assert.isNull(readProposed(line))
    assert.isNull(readTaskAdded(line))
  })
})
