/** The registry of metrics as a page for people: docs/METRICS.md, written by `pnpm document:metrics`. Pure. */
import { type Metric, registry } from "../src/Metrics.ts"

const groups: ReadonlyArray<readonly [prefix: string, title: string, about: string]> = [
  [
    "propose/",
    "Proposing",
    "`<kind>` is a kind of task, in a run of several environments also one of each (`lua:deduction`), `<measure>` what the environment measures of one.",
  ],
  [
    "solve/",
    "Solving",
    "Over the answers that the step learned from: estimates, tasks of the buffer, or both (`solve.from`). Absent in a step without any; only `faults`, `estimated` and `learnable` are of every estimate.",
  ],
  ["buffer/", "Buffers", "After the step."],
  ["train/", "Training", "Absent where nothing was learned, or the engine cannot tell."],
  ["generate/", "Sampling", "Both roles together."],
]

const arrow = { up: "↑", down: "↓" } as const

const row = ({ better, doc, key, over, unit }: Metric): string =>
  `| \`${key}\` | ${unit}${better === null ? "" : ` ${arrow[better]}`} | ${over === null ? "" : `\`${over}\``} | ${doc} |`

export const metricsDocument = (): string => {
  const sections = groups.map(([prefix, title, about]) =>
    [
      `## ${title}`,
      about,
      [
        "| key | unit | over | |",
        "|---|---|---|---|",
        ...registry.filter(({ key }) => key.startsWith(prefix)).map(row),
      ].join("\n"),
    ].join("\n\n"),
  )
  return `${[
    "# Metrics",
    "<!-- Written by `pnpm document:metrics` in packages/core from src/Metrics.ts; a test compares. -->",
    `What a step reports, in \`metrics.jsonl\`, in the \`StepCompleted\` events and in \`azr export --what metrics\`. An arrow says
which way is good, where one way is. A share or a mean stands beside the count that it is **over**: what was left out of
a ratio is the difference to what was sampled in all (\`proposals\`, \`sampled\`). Infrastructure faults are never in a ratio,
only in \`faults\`. A mean of nothing is absent, never 0.`,
    ...sections,
    `## The time

\`StepCompleted\` events say under \`seconds\` where the wall-clock time went since the end of the step before (\`azr export --what metrics\`:
\`seconds/<field>\`). A second with several activities belongs to the first of them in this order, so that all but \`overlap\` add up to
\`total\`. Sampling was in use for \`generate / total\` of a step, training for \`(train + overlap) / total\`: where \`update.staleness\` is 1, the
step's line has both.

| field | |
|---|---|
| \`generate\` | Tokens were sampled. |
| \`train\` | The policy was trained, or its reference asked. |
| \`execute\` | Programs ran. |
| \`evaluate\` | Held-out evaluations. |
| \`wait\` | All the rest: checkpoints, logs. |
| \`overlap\` | Of \`generate\`, those in which was trained, too; only where \`update.staleness\` is 1. |
| \`total\` | From the end of the step before. |`,
    `## The machine

\`StepCompleted\` events also say what the machine did since the step before, under \`machine\` (\`azr export --what metrics\` has the
same as \`machine/memoryBytes\` and \`executors/<name>/<field>\`). Like the times of a step it depends on the machine and the moment: it
is no part of what two runs of one seed have in common.

| field | unit | |
|---|---|---|
| \`memoryBytes\` | bytes | Resident memory of the process when the step ended, executors included. |
| \`executors.<name>.workers\` | count | Threads that may run calls. |
| \`executors.<name>.calls\` | count | Calls answered by a worker. |
| \`executors.<name>.remembered\` | count | Calls answered from memory: the same request was answered before. |
| \`executors.<name>.p50\`, \`p99\` | ms ↓ | From asking for a call to its answer, waiting for a worker included; null without a call. |
| \`executors.<name>.busySeconds\` | s | Seconds that workers spent on calls, over all workers. |
| \`executors.<name>.lost\` | count ↓ | Workers that died at a call and were replaced. |
| \`executors.<name>.timeouts\` | count ↓ | Workers given up because a call took too long, and replaced. |`,
    `## Evaluation

\`azr eval\` reports, by suite: \`tasks\` that were asked, \`judged\` answers and the \`correct\` ones among them, \`passAtK\` with a
95 % interval and the number of tasks it is over, \`failures\` (\`wrong\`, \`badFormat\`, \`cutOff\` at the token limit, \`faults\` that
were not judged), \`rejected\` rows that are no tasks, by reason, and \`contamination\`. pass@k is 1 − C(n−c, k) / C(n, k) of n
judged answers, c of them correct (Chen et al. 2021, Eq. 1), averaged over the tasks with n ≥ k. Its interval is Wilson's for
one answer a task, else a percentile bootstrap over tasks. The exported metrics have the held-out evaluations of the run
as \`evaluate/<split>/<suite>/correct\`, a share over \`evaluate/<split>/<suite>/tasks\`.`,
  ].join("\n\n")}\n`
}
