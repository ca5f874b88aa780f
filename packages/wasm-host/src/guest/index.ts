/**
 * What guests in TypeScript have in common, whatever their language: a guest is a reader, an evaluator and facts, and `serve` is the
 * rest of the protocol (`guestProtocol.ts`). For QuickJS, as `buildQuickJsExecutor` makes it; needs nothing of a platform.
 *
 *     export const run = serve({ parse, run, facts, readArguments, readValue, warmUp })
 *
 * Covers: results as canonical values within the limit of outputs, printed text, a clock and random numbers that the request
 * decides, and failures by their kinds, running out of memory and stack included. Does not cover: programs that are JavaScript
 * themselves (`@azr/env-js` hides the engine from them); here a program only ever is data to the evaluator.
 */
export { type GuestValue, fromJson, toJson } from "./values.ts"
export { NoResult, Raised, SyntaxFault } from "./failures.ts"
export { type GuestLanguage, type GuestFacts, serve } from "./serve.ts"
export { World } from "./World.ts"
