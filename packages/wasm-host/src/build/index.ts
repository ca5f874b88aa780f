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
} from "../wasm/binary.ts"
export { type ComponentFile, extractCoreModule, readComponent } from "../component.ts"
export { type WasmGlobal, type WasmMemory, type WasmModule, WebAssembly } from "../webAssembly.ts"
export { exposeState, freeze, type State, takeState } from "./snapshot.ts"
export { flatten, interfaceOnly } from "./flatten.ts"
export { ask, seal } from "./seal.ts"
export { type PackedImage, packComponent } from "./pack.ts"
export { installNpmTools, type Linker, type NpmTools, npmTools, runTool, type Tool } from "./tools.ts"
export { meter, type MeterOptions } from "./meter.ts"
export { buildQuickJsExecutor, type QuickJsGuest, quickJsTools } from "./quickJs.ts"
