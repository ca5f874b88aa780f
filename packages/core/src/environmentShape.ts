/** What a plugin's default export lacks to be an environment: the first thing a loader has to say of a stranger's module. Pure. */
import { Effect, Layer, Schema } from "effect"
import type { Environment, TaskKind } from "./Environment.ts"
import { nearest } from "./RunConfig.ts"

/** What a member has to be, in words for people. */
type Wanted = keyof typeof tests

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null

const tests = {
  text: (value: unknown) => typeof value === "string",
  number: (value: unknown) => typeof value === "number",
  list: (value: unknown) => Array.isArray(value),
  function: (value: unknown) => typeof value === "function",
  object: isObject,
  "object or null": (value: unknown) => typeof value === "object",
  Schema: (value: unknown) => Schema.isSchema(value),
  Effect: (value: unknown) => Effect.isEffect(value),
  Layer: (value: unknown) => Layer.isLayer(value),
} as const

type Members<T> = Readonly<Record<keyof T, Wanted>>

const environmentMembers: Members<Environment<never>> = {
  id: "text",
  apiVersion: "number",
  title: "text",
  styles: "list",
  kinds: "list",
  seeds: "function",
  suites: "Effect",
  layer: "Layer",
}

const kindMembers: Members<TaskKind<never, never, never, never, never>> = {
  id: "text",
  taskSchema: "Schema",
  answerSchema: "Schema",
  references: "object",
  composite: "object or null",
  proposePrompt: "function",
  parseProposal: "function",
  validate: "function",
  solvePrompt: "function",
  parseAnswer: "function",
  verify: "function",
  partial: "function",
  goldResponse: "function",
  identity: "function",
  reveals: "function",
  family: "function",
  region: "function",
  split: "function",
  describe: "function",
  facets: "function",
  distance: "function",
  measureTask: "function",
  measureResponse: "function",
}

/** Names of an object's members, those of its class included. */
const membersOf = (value: object): ReadonlyArray<string> => {
  const names = new Set<string>()
  for (let owner: object | null = value; owner !== null && owner !== Object.prototype;) {
    for (const name of Object.getOwnPropertyNames(owner)) names.add(name)
    owner = Object.getPrototypeOf(owner) as object | null
  }
  return [...names]
}

const article = (wanted: Wanted): string => `${/^[aeiouE]/u.test(wanted) ? "an" : "a"} ${wanted}`

const problemOf = (
  what: string,
  value: Record<string, unknown>,
  members: Readonly<Record<string, Wanted>>,
): string | null => {
  for (const [name, wanted] of Object.entries(members)) {
    if (tests[wanted](value[name])) continue
    if (name in value) return `${name} of ${what} is not ${article(wanted)}`
    const strangers = membersOf(value).filter((given) => !(given in members) && given !== "constructor")
    const meant = nearest(name, strangers)
    return `${what} has no member ${name}, ${article(wanted)}${strangers.length === 0 ? "" : `; is ${meant} meant to be it?`}`
  }
  return null
}

/** The version of the contract that this package speaks. */
export const apiVersion = 1

/** The first thing that is missing or of the wrong kind; null for an environment. */
export const environmentProblem = (value: unknown): string | null => {
  if (!isObject(value))
    return `the default export is ${value === null ? "null" : `a ${typeof value}`}, no environment`
  const version = value["apiVersion"]
  if (typeof version === "number" && version !== apiVersion) {
    return `apiVersion is ${version}, this azr speaks ${apiVersion}: take the azr or the version of the package that fits`
  }
  const problem = problemOf("the environment", value, environmentMembers)
  if (problem !== null) return problem
  for (const [index, kind] of (value["kinds"] as ReadonlyArray<unknown>).entries()) {
    if (!isObject(kind)) return `kind ${index} of the environment is no object`
    const missing = problemOf(
      `kind ${typeof kind["id"] === "string" ? kind["id"] : index}`,
      kind,
      kindMembers,
    )
    if (missing !== null) return missing
  }
  return null
}
