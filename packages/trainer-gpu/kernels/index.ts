/**
 * The kernels of the `wasm` policy engine, compiled by AssemblyScript (`asconfig.json`) to one module that imports
 * the shared memory and nothing else. No allocation, no garbage collector, no state: every buffer is the caller's.
 */
export { squaredRelu, squaredReluGradient } from "./activation"
export { attention, attentionGradient } from "./attention"
export { copyCache, decodeAttention, fillCache } from "./decode"
export { embed, embedGradient } from "./embedding"
export { linear, packPanels, weightGradient } from "./gemm"
export { layerNorm, layerNormGradient } from "./norm"
export { adamW, reduceLanes } from "./optimizer"
export { uniform } from "./random"
export { chooseToken, regularizedGradient, targetLogprobs, targetLogprobsGradient } from "./softmax"
