/** `@azr/core/dashboard`: what a server and a page of runs agree on, and what is derived from a run's log for them. */
export * from "./DashboardApi.ts"
export * as Alerts from "./Alerts.ts"
export * as EventLines from "./eventLines.ts"
export * as RunIndex from "./RunIndex.ts"
