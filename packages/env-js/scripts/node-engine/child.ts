/**
 * Runs programs in V8, each in a fresh context of its own: JSON lines in, JSON lines out. No sandbox: for programs that
 * stand in this repository.
 */
import { createInterface } from "node:readline"
import vm from "node:vm"
import { Value } from "@azr/core"
import { Result } from "effect"
import { renderArguments } from "../../src/literals/render.ts"
import { Unrepresentable, canonical } from "./canonical.ts"
import type { NodeAnswer, NodeCall } from "./nodeEngine.ts"

const answer = ({ arguments: given, program }: NodeCall): NodeAnswer => {
  const values = given.map((json) => Result.getOrThrow(Value.fromJson(json)))
  const context = vm.createContext(Object.create(null))
  const inside = (code: string): unknown => vm.runInContext(code, context, { timeout: 10_000 })
  try {
    // A function's own scope: a program's `const f` is no property of the global object.
    const result = inside(`"use strict";\n(() => {\n${program}\nreturn f(${renderArguments(values)})\n})()`)
    return { value: canonical(result, inside("Object.prototype") as object) }
  } catch (error) {
    return { error: nameOf(error) }
  }
}

const nameOf = (error: unknown): string =>
  error instanceof Unrepresentable
    ? error.message
    : typeof error === "object" && error !== null && "name" in error
      ? String(error.name)
      : String(error)

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line) as NodeCall))}\n`)
}
