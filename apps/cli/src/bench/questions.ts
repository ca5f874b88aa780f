/** What `azr bench` asks its child processes, and what they answer. Times are milliseconds unless named otherwise. */
import { Executor } from "@azr/core"
import { Schema } from "effect"
import { WorkItem } from "./workload.ts"
import { languageIds } from "./languages.ts"

/** The first line that a host's process reads. */
export const Opening = Schema.Struct({
  language: Schema.Literals(languageIds),
  host: Schema.Literals(Executor.executorHostNames),
  workers: Schema.Int,
  items: Schema.Array(WorkItem),
})

/** Its greeting. `cold` is what the first pass over the work took, before any code was hot. */
export const Greeting = Schema.Union([
  Schema.Struct({
    firstAnswerMs: Schema.Finite,
    coldProgramsPerSecond: Schema.Finite,
    wrong: Schema.Int,
  }),
  Schema.Struct({ unavailable: Schema.Struct({ reason: Schema.String, hint: Schema.String }) }),
])

export const Question = Schema.Union([
  Schema.Struct({ do: Schema.Literal("throughput"), seconds: Schema.Finite }),
  Schema.Struct({ do: Schema.Literal("latency"), seconds: Schema.Finite }),
  Schema.Struct({ do: Schema.Literal("recovery"), times: Schema.Int }),
  Schema.Struct({ do: Schema.Literal("memory") }),
])
export type Question = typeof Question.Type

/** What a round came to, of a host or a baseline. */
export const Round = Schema.Struct({
  programs: Schema.Int,
  seconds: Schema.Finite,
  cpuMs: Schema.Finite,
})

export const Latency = Schema.Struct({ p50Ms: Schema.Finite, p99Ms: Schema.Finite })

/** How much later than usual the first answer after a failure comes; null where no program is known to fail so. */
export const Recovery = Schema.Struct({
  fuel: Schema.NullOr(Schema.Finite),
  memory: Schema.NullOr(Schema.Finite),
  stack: Schema.NullOr(Schema.Finite),
  trap: Schema.NullOr(Schema.Finite),
})
export type Recovery = typeof Recovery.Type

export const Memory = Schema.Struct({ rssMb: Schema.Finite })

/** A baseline's greeting. `{"seconds"}` asks it for a round. */
export const BaselineGreeting = Schema.Struct({ python: Schema.String, failed: Schema.Int })
