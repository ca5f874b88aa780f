/** Exit codes: 0 done · 1 failed · 2 usage · 3 a check failed · 4 backend unavailable · 130 interrupted. */
import { Cause, type PlatformError, Schema } from "effect"
import { CliError } from "effect/cli"

/** A check that the command exists to make did not hold; the command has already said how. */
export class CheckFailed extends Schema.TaggedError<CheckFailed>()("CheckFailed", {
  message: Schema.String,
}) {}

/** The command line cannot be carried out as written. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { message: Schema.String }) {}

export const exitCode = (cause: Cause.Cause<unknown>): number => {
  const error = Cause.squash(cause)
  if (CliError.isCliError(error)) return 2
  switch (tagOf(error)) {
    case "UsageError":
    case "ConfigError":
      return 2
    case "CheckFailed":
      return 3
    case "BackendUnavailable":
    case "ExecutorUnavailable":
      return 4
    default:
      return 1
  }
}

/** One line for people: what, where, what to try. Null where it was already shown. */
export const explain = (cause: Cause.Cause<unknown>): string | null => {
  const error = Cause.squash(cause)
  if (CliError.isCliError(error)) return null
  if (!(error instanceof Error)) return String(error)
  const { file, hint } = error as { file?: string; hint?: string }
  const parts = [file, error.message, hint].filter(
    (part) => part !== undefined && part !== "" && part !== ".",
  )
  // A defect is a bug of ours: its stack is what a report needs.
  return tagOf(error) === null ? (error.stack ?? error.message) : parts.join(": ")
}

const tagOf = (error: unknown): string | null =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string"
    ? error._tag
    : null

/** A file that the user named cannot be read. */
export const unreadable =
  (file: string) =>
  (error: PlatformError.PlatformError): UsageError =>
    new UsageError({
      message:
        error.reason._tag === "NotFound"
          ? `there is no file ${file}`
          : `${file} cannot be read: ${error.message}`,
    })
