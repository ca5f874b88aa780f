/**
 * The arms of the study: preset `nano` with `common`, and what each changes in it. What an arm is told apart from `full` by
 * is in its settings, and nothing else.
 */
export interface Arm {
  readonly id: string
  /** What it is, in a line of a table. */
  readonly title: string
  /** As after `--set`. */
  readonly settings: ReadonlyArray<string>
  /** Seeds 0, 1, … of its runs. */
  readonly seeds: number
}

/** Nothing is proposed: the solver learns from tasks that the base proposed before the first step, eight answers each. */
const pool = (deduction: number, abduction: number, induction: number): ReadonlyArray<string> => [
  ...Object.entries({ deduction, abduction, induction }).map(
    ([kind, tasks]) => `kinds.${kind}.proposedSeeds=${tasks}`,
  ),
  "kinds.deduction.solve=48",
  "kinds.abduction.solve=24",
  "kinds.induction.solve=6",
  "maxSeedRounds=20",
  "propose.steps=0",
  "solve.from=buffer",
  "solve.samples=8",
  "solve.seeds=false",
]

/** What all arms have, beside the preset: more points on the curves. */
export const common: ReadonlyArray<string> = ["evaluate.every=20"]

const environment = (id: string): string => `environments=["${id}"]`
const without = (kind: string): ReadonlyArray<string> => [
  `kinds.${kind}.proposals=0`,
  `kinds.${kind}.tasks=0`,
]

export const arms: ReadonlyArray<Arm> = [
  { id: "full", title: "full self-play", settings: [], seeds: 5 },
  { id: "frozen", title: "frozen proposer", settings: ["propose.train=false"], seeds: 5 },
  {
    id: "frozen-long",
    title: "frozen proposer, as many generated tokens",
    settings: ["propose.train=false", "steps=320"],
    seeds: 3,
  },
  {
    id: "frozen-longest",
    title: "frozen proposer, six times the steps",
    settings: ["propose.train=false", "steps=1000"],
    seeds: 3,
  },
  { id: "pool-84", title: "fixed pool of 84 of the base's tasks", settings: pool(52, 26, 6), seeds: 5 },
  { id: "pool-256", title: "fixed pool of 256 of the base's tasks", settings: pool(158, 79, 19), seeds: 10 },
  { id: "base", title: "no training", settings: ["steps=0"], seeds: 1 },
  {
    id: "base-think",
    title: "no training, forced to think",
    settings: ["steps=0", environment("python-nano-think")],
    seeds: 1,
  },
  {
    id: "think",
    title: "full self-play, forced to think",
    settings: [environment("python-nano-think")],
    seeds: 3,
  },
  {
    id: "direct",
    title: "full self-play, thoughts forbidden",
    settings: [environment("python-nano-direct")],
    seeds: 3,
  },
  { id: "no-induction", title: "without induction", settings: without("induction"), seeds: 3 },
  {
    id: "deduction-only",
    title: "deduction only",
    settings: [...without("abduction"), ...without("induction")],
    seeds: 3,
  },
  { id: "no-references", title: "without references", settings: ["propose.references=0"], seeds: 3 },
  {
    id: "trr-solver",
    title: "TRR++ for the solver",
    settings: ['advantage.solve={"_tag":"trrPlusPlus","epsilon":0.05,"deviation":"population"}'],
    seeds: 3,
  },
  {
    id: "zone",
    title: "only tasks solved by an eighth to three quarters are worth proposing",
    settings: ['reward.propose.zone={"low":0.125,"high":0.75}'],
    seeds: 3,
  },
  { id: "long", title: "full self-play, 1,000 steps", settings: ["steps=1000"], seeds: 3 },
]
