/** How a request to a Tinker server fails. */
import { Effect, Schema } from "effect"

/**
 * - `unreachable`: no connection, or one that broke.
 * - `key`: the server wants another API key.
 * - `notTinker`: what answers at this address speaks something else.
 * - `refused`: the server understood, and will not or cannot.
 * - `full`: others hold all the models that the server has room for.
 * - `lost`: the server does not know the session, the model, the sampler or the request: it was restarted, or they expired.
 * - `unpaid`: the account is paused until a bill is paid.
 * - `busy`: too many requests, or something that is not ready.
 * - `server`: an error of the server's own.
 * - `malformed`: an answer that cannot be read, or says something impossible.
 * - `timeout`: no result in the time that was given.
 */
export const TinkerErrorKind = Schema.Literals([
  "unreachable",
  "key",
  "notTinker",
  "refused",
  "full",
  "lost",
  "unpaid",
  "busy",
  "server",
  "malformed",
  "timeout",
])

export class TinkerError extends Schema.TaggedError<TinkerError>()("TinkerError", {
  kind: TinkerErrorKind,
  /** The route, e.g. `forward_backward`. */
  route: Schema.String,
  /** One line. */
  message: Schema.String,
  /** HTTP status; null where there was no answer, or nothing wrong with its status. */
  status: Schema.NullOr(Schema.Int).pipe(Schema.withConstructorDefault(Effect.succeed(null))),
  /** Whether the server can have done what it was asked all the same. */
  mayHaveActed: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false))),
  /** Milliseconds that the server asked to wait. */
  retryAfter: Schema.NullOr(Schema.Finite).pipe(Schema.withConstructorDefault(Effect.succeed(null))),
}) {
  /** The same, but for what is given. */
  but(changes: Partial<Pick<TinkerError, "kind" | "route" | "message">>): TinkerError {
    const { kind, mayHaveActed, message, retryAfter, route, status } = this
    return new TinkerError({ kind, mayHaveActed, message, retryAfter, route, status, ...changes })
  }
}
