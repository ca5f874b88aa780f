/** What every guest is told and answers, whatever it runs: `{"ok": …}` or `{"fail": {"kind", "message"}}`. Pure. */
import type { Executor } from "@azr/core"
import { Result, Schema } from "effect"
import type { CallResult, Trap } from "./Call.ts"

/** Why there is no answer: a kind that the guest names, or `fuel`, `memory`, `stack`, `trap`. */
export interface GuestFault {
  readonly kind: string
  readonly message: string
}

/** Moves the clock and the random numbers that a guest shows to what it runs. */
export const entropy: Readonly<Record<Executor.Conditions, number>> = { reference: 0, perturbed: 0x9e3779b9 }

export const trapMessages = {
  fuel: "ran out of fuel",
  memory: "ran out of memory",
  stack: "ran out of stack",
  trap: "crashed the interpreter",
} as const satisfies Record<Trap, string>

const Answer = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ ok: Schema.Unknown }),
    Schema.Struct({ fail: Schema.Struct({ kind: Schema.String, message: Schema.String }) }),
  ]),
)
const decode = Schema.decodeUnknownResult(Answer)

/** What a guest answered, as JSON. A guest can be taken apart by what it runs: nothing it says fails to decode to a fault. */
export const readAnswer = ({ response, trap }: CallResult): Result.Result<unknown, GuestFault> => {
  if (trap !== null || response === null) {
    return Result.fail({ kind: trap ?? "trap", message: trapMessages[trap ?? "trap"] })
  }
  const decoded = decode(response)
  if (Result.isFailure(decoded)) return Result.fail({ kind: "trap", message: "it cannot be read" })
  const { success } = decoded
  return "fail" in success ? Result.fail(success.fail) : Result.succeed(success.ok)
}
