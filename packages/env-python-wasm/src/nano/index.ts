/** The nano language: its vocabulary, pretraining data and prompt style. Nothing here starts an executor. */
export { compactSurface } from "./CompactSurface.ts"
export {
  drawExample,
  type PretrainingExample,
  type PretrainingRecipe,
  type PretrainingSchedule,
  recipes,
} from "./pretraining.ts"
export { controls, markers, render, tokenize, vocabulary } from "./vocabulary.ts"
