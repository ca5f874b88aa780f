/** Numbers of settings with their ranges: what is outside of one is refused by the setting's name. */
import { Schema } from "effect"

/** Whole and ≥ 0. */
export const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
/** Whole and ≥ 1. */
export const PositiveCount = Schema.Int.check(Schema.isGreaterThan(0))
export const NonNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
export const Positive = Schema.Finite.check(Schema.isGreaterThan(0))
/** In [0, 1]. */
export const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
/** In (0, 1]. */
export const PositiveShare = Schema.Finite.check(
  Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true }),
)
