/**
 * Supervised examples that teach a nano policy its language before self-play: pure functions of a random stream.
 *
 * Labels are clean. What is shaped on purpose is the *habit*: many answers carry a thought (deduction: the value after each
 * statement; abduction: the value before each, the last one first), but the token
 * that decides between thinking and answering is learned from a selection of them in which only a share `habit`
 * thinks. The policy can then think, and by habit does not. Self-play has to find out that it pays.
 */
import type { RandomStreams } from "@azr/core"
import { inductionPairs, shownPairs } from "./bounds.ts"
import { drawInput, drawProgram, goodTrace } from "./grammar.ts"
import { type Program, compact } from "./program.ts"
import { splitOf } from "./split.ts"
import { type NanoValue, renderNano } from "./values.ts"

type RandomStream = RandomStreams.RandomStream

export interface PretrainingExample {
  readonly prompt: string
  readonly completion: string
  /** Whether the completion's first token gets no loss. */
  readonly maskFirst: boolean
}

/** What examples are drawn, and how they are trained on. Weights need not sum to 1. */
export interface PretrainingRecipe {
  readonly id: "f1" | "h1"
  /** The recipe whose result this one starts from; null starts from random weights. */
  readonly after: "f1" | null
  /** Probability that an example solves; else it proposes. Examples that are held out or not good are drawn anew. */
  readonly solve: number
  readonly solveKinds: Readonly<Record<Kind, number>>
  /** Weights of programs of 1, 2, 3 statements to solve. */
  readonly solveStatements: Weights
  /** Share of deduction and abduction answers with a thought, at 1, 2, 3 statements. */
  readonly thoughts: Weights
  /** P(think) that the choice token learns at 1 and 2 statements. At a thought share of 1 it learns nothing. */
  readonly habit: number
  readonly proposeKinds: Readonly<Record<Kind, number>>
  readonly proposeStatements: Weights
  readonly training: PretrainingSchedule
}

/**
 * AdamW with the learning rate `learningRate · min(1, (s+1)/warmupSteps) · max(finalShare, 1 − s/steps)` at step s. The
 * loss is the mean over all completion tokens of a step, masked ones counted in the denominator.
 */
export interface PretrainingSchedule {
  readonly steps: number
  readonly sequences: number
  readonly learningRate: number
  readonly warmupSteps: number
  readonly finalShare: number
  readonly beta1: number
  readonly beta2: number
  readonly weightDecay: number
  readonly gradClip: number
  /** Each sequence begins at a random position 0 … this, so that later positions are trained too. */
  readonly positionOffset: number
  /** Statement numbers of each sequence begin at a random 0 … this, for deeper programs than are seen here. */
  readonly stepOffset: number
}

type Kind = "deduction" | "abduction" | "induction"
type Weights = readonly [number, number, number]

const f1: PretrainingRecipe = {
  id: "f1",
  after: null,
  solve: 0.8,
  solveKinds: { deduction: 5, abduction: 3, induction: 1 },
  solveStatements: [0.45, 0.45, 0.1],
  thoughts: [0.5, 0.8, 1],
  habit: 0.3,
  proposeKinds: { deduction: 2, abduction: 1, induction: 1 },
  proposeStatements: [0.47, 0.47, 0.06],
  training: {
    steps: 2400,
    sequences: 96,
    learningRate: 2e-3,
    warmupSteps: 50,
    finalShare: 0.1,
    beta1: 0.9,
    beta2: 0.98,
    weightDecay: 0.01,
    gradClip: 1,
    positionOffset: 40,
    stepOffset: 2,
  },
}

/** `f1`, then a nearly trivial proposer, so that the curriculum has to come from self-play. */
const h1: PretrainingRecipe = {
  ...f1,
  id: "h1",
  after: "f1",
  proposeStatements: [0.95, 0.04, 0.01],
  training: { ...f1.training, steps: 200, learningRate: 5e-4 },
}

export const recipes = { f1, h1 } as const

/** One example. About 10⁵ a second. */
export const drawExample = (recipe: PretrainingRecipe, random: RandomStream): PretrainingExample => {
  for (;;) {
    const example = random.float() < recipe.solve ? trySolve(recipe, random) : tryPropose(recipe, random)
    if (example !== null) return example
  }
}

const kinds: ReadonlyArray<Kind> = ["deduction", "abduction", "induction"]

const drawKind = (weights: Readonly<Record<Kind, number>>, random: RandomStream): Kind =>
  kinds[random.weighted(kinds.map((kind) => weights[kind]))] as Kind

const drawDepth = (weights: Weights, random: RandomStream): number => 1 + random.weighted(weights)

/** No (program, input) that is held out is seen, in a task of any kind. */
const isTraining = (program: Program, inputs: ReadonlyArray<NanoValue>): boolean =>
  inputs.every((input) => splitOf(program, input) === "train")

/** Induction draws each of its inputs from those that are not held out: four at once are rarely all free. */
const drawInputs = (
  kind: Kind,
  program: Program,
  random: RandomStream,
): ReadonlyArray<ReadonlyArray<number>> =>
  kind === "induction"
    ? Array.from({ length: inductionPairs }, () => drawFreeInput(program, random))
    : [drawInput(random)]

const drawFreeInput = (program: Program, random: RandomStream): ReadonlyArray<number> => {
  for (;;) {
    const input = drawInput(random)
    // Where the program itself is held out no input is free, and the example is drawn anew.
    if (program.length > 1 || splitOf(program, input) === "train") return input
  }
}

const trySolve = (recipe: PretrainingRecipe, random: RandomStream): PretrainingExample | null => {
  const kind = drawKind(recipe.solveKinds, random)
  const depth = drawDepth(recipe.solveStatements, random)
  const program = drawProgram(depth, random)
  const inputs = drawInputs(kind, program, random)
  if (!isTraining(program, inputs)) return null
  const traces: Array<ReadonlyArray<NanoValue>> = []
  for (const input of inputs) {
    const values = goodTrace(program, input)
    if (values === null) return null
    traces.push(values)
  }
  const code = compact(program)
  const input = renderNano(inputs[0] as NanoValue)
  const output = renderNano(traces[0]?.at(-1) as NanoValue)
  switch (kind) {
    case "deduction":
    case "abduction": {
      const [prompt, marker, answer, values] =
        kind === "deduction"
          ? [`D ${code} I ${input} O`, "<think>", output, traces[0] ?? []]
          : [`A ${code} O ${output} I`, "<undo>", input, undone(inputs[0] as NanoValue, traces[0] ?? [])]
      const share = recipe.thoughts[depth - 1] as number
      if (random.float() >= share) return { prompt, completion: `<ans> ${answer}`, maskFirst: false }
      return {
        prompt,
        completion: `${marker} ${values.map(renderNano).join(";")} <ans> ${answer}`,
        maskFirst: random.float() >= unmaskedThoughts(share, recipe.habit),
      }
    }
    case "induction": {
      const shown = inputs
        .slice(0, shownPairs)
        .map((value, index) => `I ${renderNano(value)} O ${renderNano(traces[index]?.at(-1) as NanoValue)}`)
      return { prompt: `S ${shown.join(" ")} P`, completion: code, maskFirst: false }
    }
  }
}

/** The value before each statement, the last one first. */
const undone = (input: NanoValue, values: ReadonlyArray<NanoValue>): ReadonlyArray<NanoValue> =>
  [input, ...values.slice(0, -1)].toReversed()

/**
 * Share u of the thinking examples whose choice token keeps its loss, such that among all choice tokens with a loss
 * a share `habit` thinks: share·u / (share·u + 1 − share) = habit. Where all examples think there is no choice.
 */
const unmaskedThoughts = (share: number, habit: number): number =>
  share === 1 ? 0 : ((1 - share) * habit) / ((1 - habit) * share)

/** The proposed program continues its reference by one statement, or has nothing to do with it. */
const tryPropose = (recipe: PretrainingRecipe, random: RandomStream): PretrainingExample | null => {
  const kind = drawKind(recipe.proposeKinds, random)
  const depth = drawDepth(recipe.proposeStatements, random)
  const program = drawProgram(depth, random)
  const continues = random.float() < 0.5 && depth > 1
  const reference = continues
    ? program.slice(0, -1)
    : drawProgram(drawDepth(recipe.proposeStatements, random), random)
  const inputs = drawInputs(kind, program, random)
  if (splitOf(reference, null) !== "train" || !isTraining(program, inputs)) return null
  if (!inputs.every((input) => goodTrace(program, input) !== null)) return null
  const written = inputs.map(renderNano).join(" I ")
  if (kind === "induction")
    return { prompt: `PI ${compact(program)} I`, completion: written, maskFirst: false }
  const marker = kind === "deduction" ? "PD" : "PA"
  return {
    prompt: `${marker} ${compact(reference)} P`,
    completion: `${compact(program)} I ${written}`,
    maskFirst: false,
  }
}
