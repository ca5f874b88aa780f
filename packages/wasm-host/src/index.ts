export type { ComponentFile } from "./component.ts"
export type { CallResult, Trap } from "./coreModule.ts"
export { type ExecutorComponent, ExecutorHost, type ExecutorPool, type HostOptions } from "./ExecutorHost.ts"
export type { Call } from "./worker.ts"
