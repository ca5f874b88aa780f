/** How a clause of any suite fails. */
import { Schema } from "effect"

/** What was tested does not do what its contract says. The message says what was found. */
export class ClauseBroken extends Schema.TaggedError<ClauseBroken>()("ClauseBroken", {
  message: Schema.String,
  /** The call that shows it, with its arguments, in one line. */
  reproduce: Schema.optionalKey(Schema.String),
}) {}
