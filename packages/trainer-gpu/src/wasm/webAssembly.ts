/**
 * The part of the standard WebAssembly API that is used here. TypeScript declares it with the DOM only, which a package
 * for Node should not ask every package that imports it to load.
 */
export interface WasmModule {
  readonly _wasmModule: never
}

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer
}

interface Api {
  readonly compile: (bytes: Uint8Array) => Promise<WasmModule>
  readonly Memory: new (descriptor: {
    readonly initial: number
    readonly maximum: number
    readonly shared: true
  }) => WasmMemory
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly [module: string]: { readonly [name: string]: WasmMemory } },
  ) => { readonly exports: { readonly [name: string]: unknown } }
}

export const WebAssembly = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly
