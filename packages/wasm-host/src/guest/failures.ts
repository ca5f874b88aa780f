/** How a program fails, as the guest of its language says it by throwing, and as the host is told. */

/** A text that is no program, or no literal. `line` counts from 1; null where there is no telling. */
export class SyntaxFault extends Error {
  readonly line: number | null
  constructor(message: string, line: number | null) {
    super(message)
    this.line = line
  }
}

/** An exception of the program: its class and its message, in the language's own terms. */
export class Raised extends Error {
  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/** The program defines no function of the name that is called. */
export class MissingEntry extends Error {}

/** A result that is no canonical value, or too long to be one. */
export class NoResult extends Error {
  readonly kind: "unrepresentable" | "output"
  constructor(kind: "unrepresentable" | "output", message: string) {
    super(message)
    this.kind = kind
  }
}

export interface Failure {
  readonly kind: string
  readonly name: string | null
  readonly message: string
}

/**
 * Freed when memory runs out, so that there is room to say so. Being part of the image, it costs a request nothing.
 */
const reserve: { room: ArrayBuffer | null } = { room: new ArrayBuffer(1 << 18) }

const longestMessage = 200

/** What was thrown, by its kind. What the engine throws for want of memory or stack is the program's; other errors are faults of the guest. */
export const failureOf = (thrown: unknown): Failure => {
  reserve.room = null
  const failure = (kind: string, name: string | null, message: string): Failure => ({
    kind,
    name,
    message: message.toWellFormed().slice(0, longestMessage),
  })
  // QuickJS throws null where there is no memory for an error either.
  if (thrown === null || !(thrown instanceof Error)) return failure("memory", null, "out of memory")
  const { message, name } = thrown
  if (thrown instanceof SyntaxFault) return failure("syntax", null, message)
  if (thrown instanceof Raised) return failure("exception", name.slice(0, longestMessage), message)
  if (thrown instanceof MissingEntry) return failure("missingEntry", null, message)
  if (thrown instanceof NoResult) return failure(thrown.kind, null, message)
  if (name === "InternalError" && /^(?:out of memory|string too long)/u.test(message)) {
    return failure("memory", null, "out of memory")
  }
  if (name === "RangeError" && /call stack/u.test(message)) return failure("stack", null, "out of stack")
  return failure("trap", name, `the guest failed: ${message}`)
}
