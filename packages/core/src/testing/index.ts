/** For the tests of engines and environments: a suite for policies, two policies and an environment to test with. */
export { attackerOf } from "./attacker.ts"
export { type NgramPolicyOptions, ngramPolicy } from "./ngramPolicy.ts"
export {
  ClauseBroken,
  type PolicyClause,
  type PolicySuiteOptions,
  type PolicySuiteSettings,
  policyClauses,
} from "./policyClauses.ts"
export { policySuite } from "./policySuite.ts"
export {
  Puzzle,
  type PuzzleOptions,
  puzzleEnvironment,
  puzzleResult,
  puzzleText,
} from "./puzzleEnvironment.ts"
export {
  type Respond,
  ScriptedPolicy,
  type Update,
  scriptedKl,
  scriptedLogprob,
  scriptedPolicy,
} from "./scriptedPolicy.ts"
export { type EnvironmentSuiteOptions, environmentSuite } from "./environmentSuite.ts"
export { untrueExamples } from "./untrueExamples.ts"
