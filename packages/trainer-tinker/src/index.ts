/** The policy engine over the Tinker API; the client below it; and the wire, which a server needs, too. */
export type { Reduction } from "./sumOfLosses.ts"
export * as TinkerClient from "./TinkerClient.ts"
export * as TinkerEngine from "./TinkerEngine.ts"
export { TinkerError, TinkerErrorKind } from "./TinkerError.ts"
export * as Messages from "./wire/messages.ts"
export * as Protobuf from "./wire/protobuf.ts"
export type { TrainingOutput, TrainingRequest, WireDatum } from "./wire/training.ts"
