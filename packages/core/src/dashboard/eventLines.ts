/**
 * Reads the lines that nearly all of a run consists of, proposals, tasks and rollouts, without parsing them: several times faster, and
 * a long run has hundreds of thousands. Exact: the store writes fields in one order, and a quote inside a JSON string always
 * has a backslash before it, so that no text of a policy can look like a field. An event of any other form gives null and is
 * read in the ordinary way.
 */
import { ProposalStatus, type RunEvent } from "../RunEvent.ts"
import type { TaskRecord } from "../TaskBuffer.ts"

/** Unrolled: several times faster than character by character. JSON has no control characters inside a string. */
const plain = String.raw`[^"\\\u0000-\u001f]*`
const text = String.raw`"${plain}(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})${plain})*"`
const int = /-?\d+/u.source

const proposedLine = new RegExp(
  `^\\{"_tag":"Proposed","at":(\\d+),"step":(${int}),"environment":(${text}),"kind":(${text}),` +
    `"status":"(${ProposalStatus.literals.join("|")})","reason":(${text}),"task":(null|${int}),"rollout":(${int})\\}$`,
  "u",
)
const taskStart = new RegExp(
  `^\\{"_tag":"TaskAdded","at":(\\d+),"record":\\{"id":(${int}),"environment":${text},"kind":(${text}),` +
    `"step":(${int}),"origin":"(?:seed|proposed)","parents":\\[((?:${int}(?:,${int})*)?)\\],"task":`,
  "u",
)
const taskEnd = new RegExp(
  `^,"identity":${text},"successRate":(null|-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)\\}\\}$`,
  "u",
)
const rolloutHead = new RegExp(
  `\\{"step":\\d+,("role":"(?:propose|solve)","environment":${text},"kind":${text}),"task":(null|${int}),`,
  "uy",
)
const outcomeField = ',"outcome":"'
const rolloutTail = new RegExp(
  `,("outcome":${text}),"reason":${text},"reward":[^"\\n]*,"advantage":[^"\\n]*,"logprob":[^"\\n]*\\}`,
  "uy",
)
/** How a task of a language begins. */
const languageTask = new RegExp(
  `^\\{"_tag":${text},"program":${text},"canonical":${text},"region":(${text}),`,
  "u",
)

export type Proposed = Extract<RunEvent, { readonly _tag: "Proposed" }>

/** What the index keeps of a task; `region` is null where the task has none. */
export interface AddedTask extends Pick<TaskRecord, "id" | "kind" | "step" | "parents" | "successRate"> {
  readonly at: number
  readonly region: string | null
}

export const readProposed = (line: string): Proposed | null => {
  const match = proposedLine.exec(line)
  if (match === null) return null
  const [, at, step, environment, kind, status, reason, task, rollout] = match
  return {
    _tag: "Proposed",
    at: Number(at),
    step: Number(step),
    environment: word(environment),
    kind: word(kind),
    status: status as Proposed["status"],
    reason: word(reason),
    task: task === "null" ? null : Number(task),
    rollout: Number(rollout),
  }
}

export const readTaskAdded = (line: string): AddedTask | null => {
  const start = taskStart.exec(line)
  if (start === null) return null
  const from = start[0].length
  const to = line.lastIndexOf(',"identity":"')
  const end = taskEnd.exec(line.slice(to))
  if (end === null) return null
  const region = regionIn(line.slice(from, to))
  if (region === undefined) return null
  const [, at, id, kind, step, parents = ""] = start
  return {
    at: Number(at),
    id: Number(id),
    kind: word(kind),
    step: Number(step),
    parents: parents === "" ? [] : parents.split(",").map(Number),
    successRate: end[1] === "null" ? null : Number(end[1]),
    region,
  }
}

/** What a rollout can be chosen by, as fields of JSON, and its task; all empty for a line of another form. */
export interface RolloutFacets {
  /** Role, environment and kind. */
  readonly head: string
  readonly outcome: string
  readonly task: number | null
}

/** Reads the rollout that stands at `start` to `end` of a text. */
export const readRolloutFacets = (lines: string, start: number, end: number): RolloutFacets => {
  rolloutHead.lastIndex = start
  const head = rolloutHead.exec(lines)
  rolloutTail.lastIndex = Math.max(start, lines.lastIndexOf(outcomeField, end))
  const tail = rolloutTail.exec(lines)
  return {
    head: head?.[1] ?? "",
    outcome: (rolloutTail.lastIndex === end ? tail?.[1] : undefined) ?? "",
    task: head?.[2] === undefined || head[2] === "null" ? null : Number(head[2]),
  }
}

/** Language tasks name the shape of their program. */
export const regionOf = (task: unknown): string | null =>
  typeof task === "object" && task !== null && "region" in task && typeof task.region === "string"
    ? task.region
    : null

/** Undefined: it is no JSON. */
const regionIn = (task: string): string | null | undefined => {
  const found = languageTask.exec(task)?.[1]
  if (found !== undefined) return JSON.parse(found) as string
  try {
    return regionOf(JSON.parse(task))
  } catch {
    return undefined
  }
}

/**
 * A quoted word of which a run has few, as a string of its own: what is cut out of a line would keep the whole line in memory.
 */
const word = (quoted = ""): string => {
  const known = words.get(quoted)
  if (known !== undefined) return known
  const read = JSON.parse(quoted) as string
  if (words.size < mostWords) words.set(JSON.stringify(read), read)
  return read
}
const words = new Map<string, string>()
const mostWords = 10_000
