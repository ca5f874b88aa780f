/** What a pool runs and what comes back, the same on every host. */

export interface Call {
  /** Which of the component's images to run in. */
  readonly image: string
  readonly request: string
  /** Units, an integer from 0 to 2^53. */
  readonly fuel: number
}

/** Why an instance stopped without an answer. */
export type Trap = "fuel" | "memory" | "stack" | "trap"

export interface CallResult {
  /** What the guest answered; null after a trap. */
  readonly response: string | null
  readonly trap: Trap | null
  /** Units of fuel used; after a fuel trap all that was given. */
  readonly fuelUsed: number
}
