/** What the page shows of runs: the answers of `/api`, as they cross the wire. */
import type { LineageTask } from "../charts/LineageTree.tsx"

export type RunState =
  | "seeding"
  | "training"
  | "completed"
  | "interrupted"
  | "failed"
  /** Its process is gone and it never said how it ended. */
  | "crashed"
  /** Written by a later version. */
  | "newer"
  | "unreadable"

export interface RunSummary {
  readonly id: string
  readonly state: RunState
  readonly message: string
  readonly preset: string
  readonly seed: number
  readonly environments: ReadonlyArray<string>
  readonly step: number
  readonly steps: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly updatedAt: number
  readonly bytes: number
  /** Share of held-out tasks that were solved, over all suites, at each evaluation. */
  readonly heldOut: ReadonlyArray<number>
}

export interface SuitePoint {
  readonly suite: string
  readonly kind: string
  readonly correct: number
  readonly total: number
  readonly badFormat: number
  /** Ends of the 95 % interval of the share. */
  readonly low: number
  readonly high: number
}

export interface Evaluation {
  readonly step: number
  readonly split: "dev" | "test"
  readonly seconds: number
  readonly results: ReadonlyArray<SuitePoint>
}

export interface ProposalCount {
  readonly kind: string
  readonly status: string
  readonly reason: string
  readonly count: number
}

export interface Alert {
  readonly rule: string
  readonly severity: "info" | "warning" | "error"
  readonly message: string
  readonly step: number
  /** Rollouts that show it. */
  readonly evidence: RolloutFilter | null
}

export interface Histogram {
  readonly steps: ReadonlyArray<number>
  readonly bins: ReadonlyArray<string>
  readonly columns: ReadonlyArray<ReadonlyArray<number>>
}

export interface RunView {
  readonly summary: RunSummary
  readonly policy: string
  readonly versions: Readonly<Record<string, string>>
  readonly kinds: ReadonlyArray<string>
  readonly steps: ReadonlyArray<number>
  /** By metric key, a value for each of `steps`; `seconds/generate` and the like for the time of a step. */
  readonly series: Readonly<Record<string, ReadonlyArray<number | null>>>
  readonly evaluations: ReadonlyArray<Evaluation>
  readonly proposals: ReadonlyArray<ProposalCount>
  readonly successRates: Histogram
  readonly hardest: LineageTask | null
  readonly alerts: ReadonlyArray<Alert>
  readonly checkpoints: ReadonlyArray<{ readonly step: number; readonly bytes: number }>
  readonly config: unknown
}

export interface RolloutFilter {
  readonly step?: number | undefined
  readonly role?: string | undefined
  readonly environment?: string | undefined
  readonly kind?: string | undefined
  readonly outcome?: string | undefined
  readonly task?: number | undefined
  readonly q?: string | undefined
}

export interface RolloutRow {
  readonly step: number
  readonly index: number
  readonly role: "propose" | "solve"
  readonly kind: string
  readonly task: number | null
  readonly outcome: string
  readonly reason: string
  readonly reward: number | null
  readonly response: string
}

export interface RolloutPage {
  readonly total: number
  readonly offset: number
  readonly rows: ReadonlyArray<RolloutRow>
}

export interface Rollout extends RolloutRow {
  readonly environment: string
  readonly prompt: string
  readonly tokens: number
  readonly advantage: number | null
  readonly logprob: number
}
