/**
 * Reads the lines that nearly all of a run consists of, proposals, tasks and rollouts, without parsing them: many times faster, and a
 * long run has hundreds of thousands. An event of a form that the store does not write gives null and is read in the ordinary way.
 */
import { ProposalStatus, type RunEvent } from "../RunEvent.ts"
import type { TaskRecord } from "../TaskBuffer.ts"
import { JsonCursor, Words, literal } from "./JsonCursor.ts"

export type Proposed = Extract<RunEvent, { readonly _tag: "Proposed" }>

/** What the index keeps of a task; `region` is null where the task has none. */
export interface AddedTask extends Pick<TaskRecord, "id" | "kind" | "step" | "parents" | "successRate"> {
  readonly at: number
  readonly region: string | null
}

/** What a rollout can be chosen by, and its task. */
export interface RolloutFacets {
  readonly role: string
  readonly environment: string
  readonly kind: string
  readonly outcome: string
  readonly task: number | null
}

const proposed = literal('{"_tag":"Proposed","at":')
const taskAdded = literal('{"_tag":"TaskAdded","at":')
const language = literal('{"_tag":')
const firstStep = literal('{"step":')
const recordId = literal(',"record":{"id":')
const [open, close, comma, brace, braces] = ["[", "]", ",", "}", "}}"].map(literal) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const seed = literal('"seed"')
const byPolicy = literal('"proposed"')
/** A field that is not the first. */
const field = {
  advantage: literal(',"advantage":'),
  canonical: literal(',"canonical":'),
  environment: literal(',"environment":'),
  kind: literal(',"kind":'),
  logprob: literal(',"logprob":'),
  origin: literal(',"origin":'),
  outcome: literal(',"outcome":'),
  parents: literal(',"parents":'),
  program: literal(',"program":'),
  reason: literal(',"reason":'),
  region: literal(',"region":'),
  reward: literal(',"reward":'),
  role: literal(',"role":'),
  rollout: literal(',"rollout":'),
  status: literal(',"status":'),
  step: literal(',"step":'),
  successRate: literal(',"successRate":'),
  task: literal(',"task":'),
}

const words = new Words()
const regions = new Words()
const statuses: ReadonlySet<string> = new Set(ProposalStatus.literals)
const roles: ReadonlySet<string> = new Set(["propose", "solve"])
const text = new TextDecoder()

/** Of the line at `start` to `end` of some bytes. */
export const readProposed = (bytes: Uint8Array, start: number, end: number): Proposed | null => {
  const cursor = new JsonCursor(bytes, start, end)
  if (!cursor.take(proposed)) return null
  const at = cursor.int()
  cursor.skip(field.step)
  const step = cursor.int()
  cursor.skip(field.environment)
  const environment = cursor.word(words)
  cursor.skip(field.kind)
  const kind = cursor.word(words)
  cursor.skip(field.status)
  const status = cursor.word(words) as Proposed["status"]
  cursor.skip(field.reason)
  const reason = cursor.word(words)
  cursor.skip(field.task)
  const task = cursor.intOrNull()
  cursor.skip(field.rollout)
  const rollout = cursor.int()
  cursor.skip(brace)
  if (cursor.failed || cursor.at !== end || !statuses.has(status)) return null
  return { _tag: "Proposed", at, step, environment, kind, status, reason, task, rollout }
}

/** Of the line at `start` to `end` of some bytes. */
export const readTaskAdded = (bytes: Uint8Array, start: number, end: number): AddedTask | null => {
  const cursor = new JsonCursor(bytes, start, end)
  if (!cursor.take(taskAdded)) return null
  const at = cursor.int()
  cursor.skip(recordId)
  const id = cursor.int()
  cursor.skip(field.environment)
  cursor.skipString()
  cursor.skip(field.kind)
  const kind = cursor.word(words)
  cursor.skip(field.step)
  const step = cursor.int()
  cursor.skip(field.origin)
  if (!cursor.take(byPolicy)) cursor.skip(seed)
  cursor.skip(field.parents)
  const parents = parentsAt(cursor)
  cursor.skip(field.task)
  const taskFrom = cursor.at
  cursor.seekLast(field.successRate)
  const taskTo = cursor.at
  cursor.skip(field.successRate)
  const successRate = cursor.numberOrNull()
  cursor.skip(braces)
  if (cursor.failed || cursor.at !== end) return null
  const region = regionIn(bytes, taskFrom, taskTo)
  return region === undefined ? null : { at, id, kind, step, parents, successRate, region }
}

const noParents: ReadonlyArray<number> = []

const parentsAt = (cursor: JsonCursor): ReadonlyArray<number> => {
  cursor.skip(open)
  if (cursor.take(close)) return noParents
  const parents = [cursor.int()]
  while (cursor.take(comma)) parents.push(cursor.int())
  cursor.skip(close)
  return parents
}

/** Language tasks name the shape of their program. */
export const regionOf = (task: unknown): string | null =>
  typeof task === "object" && task !== null && "region" in task && typeof task.region === "string"
    ? task.region
    : null

/** Undefined: the task is no JSON. */
const regionIn = (bytes: Uint8Array, from: number, to: number): string | null | undefined => {
  // As a task of a language begins.
  const cursor = new JsonCursor(bytes, from, to)
  cursor.skip(language)
  cursor.skipString()
  cursor.skip(field.program)
  cursor.skipString()
  cursor.skip(field.canonical)
  cursor.skipString()
  cursor.skip(field.region)
  const region = cursor.word(regions)
  if (!cursor.failed) return region
  try {
    return regionOf(JSON.parse(text.decode(bytes.subarray(from, to))))
  } catch {
    return undefined
  }
}

const noFacets: RolloutFacets = { role: "", environment: "", kind: "", outcome: "", task: null }

/** Of the line at `start` to `end` of some bytes; empty for one of another form. */
export const readRolloutFacets = (bytes: Uint8Array, start: number, end: number): RolloutFacets => {
  const cursor = new JsonCursor(bytes, start, end)
  cursor.skip(firstStep)
  cursor.int()
  cursor.skip(field.role)
  const role = cursor.word(words)
  cursor.skip(field.environment)
  const environment = cursor.word(words)
  cursor.skip(field.kind)
  const kind = cursor.word(words)
  cursor.skip(field.task)
  const task = cursor.intOrNull()
  if (cursor.failed) return noFacets
  // The texts between are long, and nobody asks for them.
  cursor.seekLast(field.outcome)
  cursor.skip(field.outcome)
  const outcome = cursor.word(words)
  cursor.skip(field.reason)
  cursor.skipString()
  for (const name of [field.reward, field.advantage, field.logprob]) {
    cursor.skip(name)
    cursor.skipNumberOrNull()
  }
  cursor.skip(brace)
  if (cursor.failed || cursor.at !== end || !roles.has(role)) return noFacets
  return { role, environment, kind, outcome, task }
}
