/** Ctrl-C. A command that can end in order says so; then the first signal asks it to, and the second one interrupts. */
import { Context } from "effect"

export class StopSignal {
  static readonly Current = Context.Reference("@azr/cli/StopSignal", { defaultValue: () => new StopSignal() })

  #announce: (() => void) | null = null
  #requested = false
  /** Set by the command when it ended early because it was asked to. */
  honoured = false

  /** Whether the user asked to stop. */
  get requested(): boolean {
    return this.#requested
  }

  /** Whether a command runs that can end in order. */
  get accepts(): boolean {
    return this.#announce !== null
  }

  /** From here on the first signal is a request; `announce` tells the user that it was heard. */
  accept(announce: () => void): void {
    this.#announce = announce
  }

  /** A signal came. False: it should interrupt. */
  request(): boolean {
    if (this.#announce === null || this.#requested) return false
    this.#requested = true
    this.#announce()
    return true
  }
}
