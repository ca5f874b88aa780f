/** What a program can do besides computing: print, look at a clock, draw numbers. All of it is decided by the request. */

const mostPrinted = 4096
const epoch = 1_700_000_000_000
/** Coprime, so that different entropies start the clock at different times. */
const starts = 1_000_003
const startStep = 1_000_007

export class World {
  #printed = ""
  #now: number
  #state: number
  /** Whether this is the second look at a program: what its language leaves open should now be otherwise. */
  readonly perturbed: boolean

  constructor(entropy: number) {
    this.perturbed = entropy !== 0
    this.#now = epoch + (entropy % starts) * startStep
    this.#state = entropy | 0
  }

  /** What was printed, the first 4,096 characters. */
  get printed(): string {
    return this.#printed
  }

  print(text: string): void {
    if (this.#printed.length < mostPrinted) this.#printed = (this.#printed + text).slice(0, mostPrinted)
  }

  /** Milliseconds since 1970: a clock that counts how often it is looked at. */
  now(): number {
    return this.#now++
  }

  /** A number from 0 up to 1 (splitmix32). */
  random(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let mixed = this.#state ^ (this.#state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
