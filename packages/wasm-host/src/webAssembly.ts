/**
 * The part of the standard WebAssembly API that is used here. TypeScript declares it with the DOM, which a package
 * for Node should not ask every package that imports it to load.
 */
export interface WasmModule {
  readonly _wasmModule: never
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

export interface WasmGlobal<Value extends number | bigint = number | bigint> {
  value: Value
}

type Constructor<Arguments extends ReadonlyArray<unknown>, Result> = new (...values: Arguments) => Result

interface Api {
  readonly Module: Constructor<[bytes: Uint8Array<ArrayBuffer>], WasmModule> & {
    readonly imports: (
      module: WasmModule,
    ) => ReadonlyArray<{ readonly module: string; readonly name: string }>
  }
  readonly Instance: Constructor<
    [module: WasmModule, imports?: object],
    { readonly exports: Record<string, unknown> }
  >
  readonly Memory: Constructor<[{ initial: number; maximum: number; shared: boolean }], WasmMemory>
  readonly Global: Constructor<[{ value: "i32" | "i64"; mutable: boolean }, number | bigint], WasmGlobal>
}

export const WebAssembly = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly
