/** Build-time tools that every language executor shares. Nothing of this is loaded at run time. */
export {
  concat,
  name,
  Reader,
  readSections,
  type Section,
  SectionId,
  unsigned,
  writeModule,
} from "../src/wasm/binary.ts"
export { type ComponentFile, extractCoreModule, readComponent } from "../src/component.ts"
export { type WasmGlobal, type WasmMemory, type WasmModule, WebAssembly } from "../src/webAssembly.ts"
export { exposeState, freeze, type State, takeState } from "./snapshot.ts"
export { flatten } from "./flatten.ts"
export { ask, seal } from "./seal.ts"
export { type PackedImage, packComponent } from "./pack.ts"
export { installNpmTools, type Linker, type NpmTools, runTool, type Tool } from "./tools.ts"
export { meter, type MeterOptions } from "./meter.ts"
