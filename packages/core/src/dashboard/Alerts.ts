/**
 * What a person should look at, decided from the events of a run in their order. Pure: the same log gives the same
 * alerts. Each names the step at which it began and the rollouts that show it; it is over when its condition is.
 */
import type { MachineUse } from "../MachineMeter.ts"
import type { RunEvent, SuiteResult } from "../RunEvent.ts"
import type { Alert, AlertRule } from "./DashboardApi.ts"

/** Steps that a rule averages over. */
export const window = 10
/** Entropy below this share of what it was over the first window is a collapse; so is one below `minEntropy` nats. */
export const entropyShare = 0.2
export const minEntropy = 0.05
/** At least this share of valid, free proposals is new. */
export const minNew = 0.5
/** The valid share may fall this far, in points of [0, 1], below its best window. */
export const maxFall = 0.2
/** Standard errors of the difference by which held-out accuracy may fall below its best. */
export const maxErrors = 3
/** Alerts kept; the oldest that are over go first. */
export const maxAlerts = 200

/**
 * Reasons of refusal that an ordinary mistake seldom has: the program reached for what would let it cheat, or behaved
 * differently when it was run again.
 */
const exploits: Readonly<Record<string, string>> = {
  import: "imports a module that programs may not use",
  name: "uses a name that programs may not use",
  attribute: "reads an attribute that programs may not read",
  nondeterministic: "gave different outputs when run twice",
  trap: "broke its executor's instance",
}

type Metrics = Readonly<Record<string, number>>

class Window {
  readonly #values: Array<number> = []
  first: number | null = null
  best = -Infinity

  /** The mean of the last `window` values, once there are as many. */
  add(value: number): number | null {
    this.#values.push(value)
    if (this.#values.length > window) this.#values.shift()
    if (this.#values.length < window) return null
    const mean = this.#values.reduce((sum, each) => sum + each, 0) / window
    this.first ??= mean
    this.best = Math.max(this.best, mean)
    return mean
  }
}

interface Condition {
  readonly rule: AlertRule
  readonly severity: Alert["severity"]
  readonly message: string
  readonly evidence: Alert["evidence"]
  readonly rollout?: number
}

export class AlertRules {
  readonly #windows = new Map<string, Window>()
  readonly #open = new Map<string, Alert>()
  #all: Array<Alert> = []
  readonly #attempts = new Map<string, { count: number; alert: Alert }>()
  #best: { readonly correct: number; readonly total: number } | null = null

  /** In the order in which they began. */
  get alerts(): ReadonlyArray<Alert> {
    return this.#all
  }

  apply(event: RunEvent): void {
    if (event._tag === "StepCompleted") {
      this.#step(event.step, event.metrics)
      this.#machine(event.step, event.machine?.executors ?? {})
    }
    if (event._tag === "Evaluated") this.#evaluated(event.step, event.results)
    if (event._tag === "Proposed") this.#proposed(event)
  }

  #step(step: number, metrics: Metrics): void {
    const entropy = this.#mean("train/entropy", metrics)
    if (entropy !== null) {
      const { first, mean } = entropy
      this.#judge("entropyCollapse", step, mean < minEntropy || mean < entropyShare * first, () => ({
        rule: "entropyCollapse",
        severity: "error",
        message: `Entropy is ${round(mean)} nats over ${window} steps; it began at ${round(first)}.`,
        evidence: { step, role: "solve" },
      }))
    }
    const idle = this.#mean("train/zeroVariance", metrics)
    if (idle !== null) {
      this.#judge("zeroVariance", step, idle.mean >= 1, () => ({
        rule: "zeroVariance",
        severity: "warning",
        message: `${round(idle.mean)} ${round(idle.mean) === "1" ? "cell" : "cells"} a step taught nothing over ${window} steps: every advantage was 0.`,
        evidence: { step },
      }))
    }
    for (const [key, value] of Object.entries(metrics)) {
      const [role, kind = "", name] = partsOf(key)
      if (role === "propose" && name === "new") {
        const { mean } = this.#mean(key, metrics) ?? { mean: 1 }
        this.#judge(key, step, mean < minNew, () => ({
          rule: "duplicates",
          severity: "warning",
          message: `Only ${percent(mean)} of the valid ${kind} proposals are new, over ${window} steps.`,
          evidence: { step, role: "propose", kind, outcome: "duplicate" },
        }))
      }
      if (role === "propose" && name === "valid") {
        const valid = this.#mean(key, metrics)
        if (valid === null) continue
        this.#judge(key, step, valid.mean < valid.best - maxFall, () => ({
          rule: "validFalling",
          severity: "warning",
          message: `${percent(valid.mean)} of the ${kind} proposals are valid over ${window} steps; it was ${percent(valid.best)}.`,
          evidence: { step, role: "propose", kind, outcome: "invalid" },
        }))
      }
      if ((role === "propose" || role === "solve") && name === "faults") {
        this.#judge(key, step, value > 0, () => ({
          rule: "executorFaults",
          severity: "error",
          message: `${value} ${kind} ${role === "propose" ? "proposals" : "answers"} lost to faults of the executor.`,
          evidence: { step, role, kind, outcome: "infrastructure" },
        }))
      }
    }
  }

  /** Whoever was lost was replaced, and its calls were run again: nothing is wrong with the results, but with the machine. */
  #machine(step: number, executors: MachineUse["executors"]): void {
    for (const [executor, { lost, timeouts }] of Object.entries(executors)) {
      this.#judge(`executors/${executor}`, step, lost + timeouts > 0, () => ({
        rule: "executorRestarts",
        severity: "warning",
        message: `${lost + timeouts} workers of the ${executor} executor were replaced: ${lost} died, ${timeouts} took too long.`,
        evidence: null,
      }))
    }
  }

  #evaluated(step: number, results: ReadonlyArray<SuiteResult>): void {
    if (results[0]?.split !== "dev") return
    const correct = results.reduce((sum, result) => sum + result.correct, 0)
    const total = results.reduce((sum, result) => sum + result.total, 0)
    if (total === 0) return
    const best = this.#best ?? { correct, total }
    const [now, then] = [correct / total, best.correct / best.total]
    const pooled = (correct + best.correct) / (total + best.total)
    const error = Math.sqrt(pooled * (1 - pooled) * (1 / total + 1 / best.total))
    this.#judge("evaluationFalling", step, then - now > maxErrors * error, () => ({
      rule: "evaluationFalling",
      severity: "error",
      message: `Held-out accuracy is ${percent(now)} of ${total} tasks; its best was ${percent(then)}.`,
      evidence: { step, role: "solve", outcome: "wrong" },
    }))
    if (now >= then) this.#best = { correct, total }
  }

  /** One alert a rule and kind, which counts: a policy that found a way to try tries often. */
  #proposed(event: Extract<RunEvent, { _tag: "Proposed" }>): void {
    const meaning = event.status === "invalid" ? exploits[event.reason] : undefined
    if (meaning === undefined) return
    const key = `${event.environment}/${event.kind}/${event.reason}`
    const before = this.#attempts.get(key)
    const count = (before?.count ?? 0) + 1
    const alert: Alert = {
      rule: "exploitAttempt",
      severity: "warning",
      message: `${count} ${event.kind} ${count === 1 ? "proposal" : "proposals"} refused by the rule "${event.reason}": the program ${meaning}. Latest in step ${event.step}.`,
      step: event.step,
      until: null,
      evidence: { step: event.step, role: "propose", kind: event.kind, outcome: "invalid" },
      rollout: event.rollout,
    }
    this.#attempts.set(key, { count, alert })
    this.#all = [...this.#all.filter((each) => each !== before?.alert), alert]
  }

  #mean(
    key: string,
    metrics: Metrics,
  ): { readonly mean: number; readonly first: number; readonly best: number } | null {
    const value = metrics[key]
    if (value === undefined) return null
    const values = this.#windows.get(key) ?? new Window()
    this.#windows.set(key, values)
    const mean = values.add(value)
    return mean === null ? null : { mean, first: values.first ?? mean, best: values.best }
  }

  #judge(key: string, step: number, holds: boolean, condition: () => Condition): void {
    const open = this.#open.get(key)
    if (holds && open === undefined) {
      const { evidence, message, rollout, rule, severity } = condition()
      const alert = { rule, severity, message, step, until: null, evidence, rollout: rollout ?? null }
      this.#open.set(key, alert)
      this.#all.push(alert)
      if (this.#all.length > maxAlerts) {
        const over = this.#all.findIndex(({ until }) => until !== null)
        this.#all.splice(Math.max(0, over), 1)
      }
    }
    if (!holds && open !== undefined) {
      this.#open.delete(key)
      this.#all = this.#all.map((alert) => (alert === open ? { ...alert, until: step } : alert))
    }
  }
}

/** A step has the same keys as the one before. */
const partsOf = (key: string): ReadonlyArray<string> => {
  const known = parts.get(key)
  if (known !== undefined) return known
  const found = key.split("/")
  if (parts.size < mostKeys) parts.set(key, found)
  return found
}
const parts = new Map<string, ReadonlyArray<string>>()
const mostKeys = 10_000

const percent = (share: number): string => `${Math.round(share * 100)} %`
const round = (value: number): string => String(Number(value.toPrecision(2)))
