/** The study as a document: tables of all arms, differences with their intervals, plots. Pure. */
import { RandomStreams } from "@azr/core"
import { median } from "../bench/statistics.ts"
import { type Arm, arms } from "./arms.ts"
import { type Plot, type Series, draw } from "./plots.ts"
import type { RunResult } from "./results.ts"
import { halfWidth, mean, pairedDifference } from "./statistics.ts"

export interface Study {
  /** Text of the document. */
  readonly markdown: string
  /** SVG texts by file name. */
  readonly plots: ReadonlyMap<string, string>
}

const bootstrapDraws = 2000
/** Pairs of arms whose difference the study is about: what the first has over the second. */
const compared: ReadonlyArray<readonly [one: string, other: string]> = [
  ["full", "base"],
  ["full", "base-think"],
  ["full", "frozen"],
  ["full", "frozen-long"],
  ["full", "frozen-longest"],
  ["full", "pool-84"],
  ["full", "pool-256"],
  ["full", "direct"],
  ["zone", "full"],
  ["long", "full"],
]
const comparedSuites = [
  "deduction-2",
  "deduction-3",
  "deduction-4",
  "deduction-5",
  "deduction-6",
  "abduction-2",
  "abduction-3",
  "abduction-4",
]
/** Arms of the plots over steps. */
const plotted = ["full", "frozen", "pool-84", "pool-256", "direct"]
/** The arm that shows whether self-play lasts: it has plots of its own, and of each measure its first and last steps. */
const lasting = "long"
const lastingSteps = 100
const kinds = ["deduction", "abduction", "induction"] as const
/** A row a key in the table. Those with a plot have a line in it, named by their kind where there are several. */
const lastingMeasures: ReadonlyArray<{
  readonly plot: "valid" | "new" | "entropy" | "statements" | null
  readonly title: string
  readonly kind: string | null
  readonly key: string
}> = [
  ...kinds.map((kind) => ({
    plot: "valid" as const,
    title: "valid proposals",
    kind,
    key: `propose/${kind}/valid`,
  })),
  ...kinds.map((kind) => ({
    plot: "new" as const,
    title: "new tasks among the valid",
    kind,
    key: `propose/${kind}/new`,
  })),
  {
    plot: "entropy",
    title: "entropy of the policy on trained tokens, nats",
    kind: null,
    key: "train/entropy",
  },
  {
    plot: "statements",
    title: "statements of a proposed program",
    kind: null,
    key: "propose/deduction/task/statements",
  },
  { plot: null, title: "tokens of an answer to a deduction task", kind: null, key: "solve/deduction/tokens" },
  { plot: null, title: "tokens generated in a step", kind: null, key: "generate/tokens" },
]
/** Depths at which arms differ. */
const heldOut = [
  ["deduction", 4],
  ["abduction", 3],
] as const

const percent = (share: number): string => (100 * share).toFixed(1)
const signed = (share: number): string => `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)}`
const table = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [header, header.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n")

const titleOf = (id: string): string => arms.find((arm) => arm.id === id)?.title ?? id

export const report = (results: ReadonlyArray<RunResult>, command: string): Study => {
  const byArm = Map.groupBy(results, ({ arm }) => arm)
  const present = arms.filter(({ id }) => byArm.has(id))
  const absent = arms.filter(({ id }) => !byArm.has(id))
  const long = byArm.get(lasting) ?? []
  const plots = drawPlots(byArm)
  const lastingPlots = drawLastingPlots(long)
  const sections = [
    "# Results of the nano study",
    `Written by \`${command}\` from the folders of its runs. Held-out test suites, greedy, percent of tasks solved; tasks that training never sees (\`docs/INVARIANTS.md\`). ± is the 95 % interval of the mean over seeds (Student's t).`,
    "## All arms",
    accuracies(present, byArm),
    absent.length === 0 ? "" : `Not run: ${absent.map(({ title }) => title).join("; ")}.`,
    "## Differences",
    "In percentage points, with the 95 % interval of a bootstrap over seeds and paired tasks.",
    differences(byArm),
    "## How they got there",
    "Means over seeds; of seconds medians. Shares of thinking and valid proposals are those of the last ten steps.",
    behaviour(present, byArm),
    ...images(plots),
    ...(long.length === 0
      ? []
      : [
          `## ${titleOf(lasting)}`,
          `Whether self-play lasts: means of the first and the last ${lastingSteps} steps.`,
          endurance(long),
          ...images(lastingPlots),
        ]),
  ]
  return {
    markdown: `${sections.filter((section) => section !== "").join("\n\n")}\n`,
    plots: new Map([...plots, ...lastingPlots]),
  }
}

const images = (plots: ReadonlyMap<string, string>): ReadonlyArray<string> =>
  [...plots.keys()].map((file) => `![${file.replace(/\.svg$/, "").replaceAll("-", " ")}](results/${file})`)

type ByArm = ReadonlyMap<string, ReadonlyArray<RunResult>>

const accuracyOf = (run: RunResult, suite: string): number | null => {
  const found = run.test.find((result) => result.suite === suite)
  return found === undefined || found.total === 0 ? null : found.correct / found.total
}

const accuracies = (present: ReadonlyArray<Arm>, byArm: ByArm): string => {
  const suites = [
    ...new Set([...byArm.values()].flat().flatMap(({ test }) => test.map(({ suite }) => suite))),
  ]
  return table(
    ["arm", "seeds", ...suites],
    present.map(({ id, title }) => {
      const runs = byArm.get(id) ?? []
      return [
        title,
        String(runs.length),
        ...suites.map((suite) => {
          const shares = runs.flatMap((run) => accuracyOf(run, suite) ?? [])
          if (shares.length === 0) return "–"
          const half = halfWidth(shares)
          return half === null ? percent(mean(shares)) : `${percent(mean(shares))} ± ${percent(half)}`
        }),
      ]
    }),
  )
}

const differences = (byArm: ByArm): string => {
  const streams = new RandomStreams.RandomStreams(0)
  const rows = compared.flatMap(([first, second]) => {
    const [one, other] = [byArm.get(first), byArm.get(second)]
    if (one === undefined || other === undefined) return []
    return [
      [
        `${titleOf(first)} − ${titleOf(second)}`,
        ...comparedSuites.map((suite) => {
          const verdicts = (runs: ReadonlyArray<RunResult>) =>
            runs.flatMap((run) => run.test.find((result) => result.suite === suite)?.verdicts ?? [])
          const [ones, others] = [verdicts(one), verdicts(other)]
          if (ones.length === 0 || others.length === 0) return "–"
          const stream = streams.get(`study/${first}/${second}/${suite}`)
          const { high, low, mean: value } = pairedDifference(ones, others, stream, bootstrapDraws)
          return `${signed(value)} [${signed(low)}, ${signed(high)}]`
        }),
      ],
    ]
  })
  return rows.length === 0 ? "" : table(["arms", ...comparedSuites], rows)
}

const behaviour = (present: ReadonlyArray<Arm>, byArm: ByArm): string =>
  table(
    [
      "arm",
      "steps",
      "thinks: deduction",
      "abduction",
      "answer tokens",
      "statements",
      "valid",
      "new",
      "programs",
      "tokens generated",
      "trained",
      "s a step",
      "last / first 20 % of steps",
    ],
    present.map(({ id, title }) => {
      const runs = byArm.get(id) ?? []
      const late = (key: string): string => {
        const values = runs.flatMap(({ steps }) => steps.slice(-10).flatMap((metrics) => metrics[key] ?? []))
        return values.length === 0 ? "–" : mean(values).toFixed(2)
      }
      const millions = (of: (run: RunResult) => number): string =>
        `${(mean(runs.map(of)) / 1e6).toFixed(2)} M`
      const seconds = runs.flatMap((run) => run.seconds)
      return [
        title,
        String(Math.max(...runs.map(({ steps }) => steps.length))),
        late("solve/deduction/response/thinks"),
        late("solve/abduction/response/thinks"),
        late("solve/deduction/tokens"),
        late("propose/deduction/task/statements"),
        late("propose/deduction/valid"),
        late("propose/deduction/new"),
        mean(runs.map(({ programs }) => programs.at(-1) ?? 0)).toFixed(0),
        millions((run) => run.generatedTokens),
        millions((run) => run.trainedTokens),
        seconds.length === 0 ? "–" : median(seconds).toFixed(2),
        seconds.length === 0 ? "–" : mean(runs.map(({ seconds: own }) => slowdown(own))).toFixed(2),
      ]
    }),
  )

/** Median time of the last fifth of the steps, as a multiple of that of the first fifth. */
const slowdown = (seconds: ReadonlyArray<number>): number => {
  const fifth = Math.max(1, Math.floor(seconds.length / 5))
  return median(seconds.slice(-fifth)) / median(seconds.slice(0, fifth))
}

/** A row a measure: its mean over the first steps, and over the last. */
const endurance = (runs: ReadonlyArray<RunResult>): string => {
  const row = (
    label: string,
    average: (values: ReadonlyArray<number>) => number,
    valuesOf: (run: RunResult) => ReadonlyArray<number>,
  ): ReadonlyArray<string> => {
    const [first, last] = [
      runs.map((run) => average(valuesOf(run).slice(0, lastingSteps))),
      runs.map((run) => average(valuesOf(run).slice(-lastingSteps))),
    ]
    return [label, mean(first).toFixed(2), mean(last).toFixed(2), (mean(last) / mean(first)).toFixed(2)]
  }
  return table(
    ["", "first", "last", "last / first"],
    [
      ...lastingMeasures.map(({ key, kind, title }) =>
        row(kind === null ? title : `${title}: ${kind}`, mean, ({ steps }) =>
          steps.flatMap((metrics) => metrics[key] ?? []),
        ),
      ),
      row("seconds a step (median)", median, ({ seconds }) => seconds),
      row("the same for 10,000 generated tokens", median, ({ seconds, steps }) =>
        seconds.flatMap((taken, step) => {
          const tokens = steps[step]?.["generate/tokens"] ?? 0
          return tokens > 0 ? [(10_000 * taken) / tokens] : []
        }),
      ),
    ],
  )
}

// ------------------------------------------------------------------------------------------------ plots

const drawPlots = (byArm: ByArm): ReadonlyMap<string, string> => {
  const overSteps = (key: string): ReadonlyArray<Series> =>
    curves(byArm, ({ steps }) => steps.flatMap((metrics, index) => point(index + 1, metrics[key])))
  const plots: ReadonlyArray<readonly [file: string, plot: Plot]> = [
    ...heldOut.map(([kind, statements]): readonly [string, Plot] => [
      `held-out-${kind}.svg`,
      {
        title: `Held-out ${kind} at ${statements} statements (dev tasks, greedy)`,
        xLabel: "step",
        yLabel: "share solved",
        range: [0, 1],
        series: curves(byArm, solved(`${kind}-${statements}`)),
      },
    ]),
    ...(
      [
        [
          "thoughts-deduction",
          "Answers to deduction tasks that think first",
          "share",
          "solve/deduction/response/thinks",
          [0, 1],
        ],
        [
          "thoughts-abduction",
          "Answers to abduction tasks that think first",
          "share",
          "solve/abduction/response/thinks",
          [0, 1],
        ],
        [
          "program-length",
          "Length of proposed programs",
          "statements",
          "propose/deduction/task/statements",
          null,
        ],
        ["response-length", "Length of answers to deduction tasks", "tokens", "solve/deduction/tokens", null],
        ["entropy", "Entropy of the policy on trained tokens", "nats", "train/entropy", null],
        ["valid", "Valid proposals", "share", "propose/deduction/valid", [0, 1]],
        ["new", "New tasks among valid proposals", "share", "propose/deduction/new", [0, 1]],
      ] as const
    ).map(([file, title, yLabel, key, range]): readonly [string, Plot] => [
      `${file}.svg`,
      { title, xLabel: "step", yLabel, range, series: overSteps(key) },
    ]),
    [
      "programs.svg",
      {
        title: "Different programs so far",
        xLabel: "step",
        yLabel: "programs",
        range: null,
        series: curves(byArm, programsSoFar),
      },
    ],
  ]
  return drawn(plots)
}

/** SVG texts of the plots that have anything to show. */
const drawn = (plots: ReadonlyArray<readonly [file: string, plot: Plot]>): ReadonlyMap<string, string> =>
  new Map(plots.flatMap(([file, plot]) => (plot.series.length === 0 ? [] : [[file, draw(plot)] as const])))

const point = (x: number, y: number | undefined): ReadonlyArray<readonly [x: number, y: number]> =>
  y === undefined || !Number.isFinite(y) ? [] : [[x, y]]

/** A line an arm: the mean over its seeds at each x, and their range. */
const curves = (byArm: ByArm, pointsOf: PointsOf): ReadonlyArray<Series> =>
  plotted.flatMap((id) => curve(titleOf(id), byArm.get(id) ?? [], pointsOf))

type PointsOf = (run: RunResult) => ReadonlyArray<readonly [x: number, y: number]>

/** The share of a dev suite that is solved, over the steps. */
const solved =
  (suite: string): PointsOf =>
  ({ dev }) =>
    dev.flatMap(({ results, step }) => {
      const found = results.find((result) => result.suite === suite)
      return found === undefined ? [] : point(step, found.correct / found.total)
    })

const programsSoFar: PointsOf = ({ programs }) => programs.flatMap((count, index) => point(index + 1, count))

/** A line, or none where there are not two points of it. */
const curve = (label: string, runs: ReadonlyArray<RunResult>, pointsOf: PointsOf): ReadonlyArray<Series> => {
  const byX = Map.groupBy(runs.flatMap(pointsOf), ([x]) => x)
  const points = [...byX]
    .toSorted(([a], [b]) => a - b)
    .map(([x, values]) => {
      const ys = values.map(([, y]) => y)
      return { x, y: mean(ys), low: Math.min(...ys), high: Math.max(...ys) }
    })
  return points.length < 2 ? [] : [{ label, points }]
}

/** Steps that make up a point of the plots of a long run. */
const window = 10

/** Means over windows of steps. */
const smoothed = (values: ReadonlyArray<number | undefined>): ReturnType<PointsOf> =>
  Array.from({ length: Math.floor(values.length / window) }, (_, index) => {
    const present = values.slice(index * window, (index + 1) * window).flatMap((value) => value ?? [])
    return present.length === 0 ? [] : point((index + 1) * window, mean(present))
  }).flat()

const drawLastingPlots = (runs: ReadonlyArray<RunResult>): ReadonlyMap<string, string> => {
  const plotOf = (
    id: string,
    title: string,
    yLabel: string,
    range: Plot["range"],
  ): readonly [string, Plot] => [
    `long-${id}.svg`,
    {
      title,
      xLabel: "step",
      yLabel,
      range,
      series: lastingMeasures
        .filter(({ plot }) => plot === id)
        .flatMap(({ key, kind, title: measure }) =>
          curve(kind ?? measure, runs, ({ steps }) => smoothed(steps.map((metrics) => metrics[key]))),
        ),
    },
  ]
  const suites = ["deduction-2", "deduction-3", "deduction-4", "deduction-5", "abduction-3", "induction-2"]
  const plots: ReadonlyArray<readonly [file: string, plot: Plot]> = [
    [
      "long-held-out.svg",
      {
        title: "Held-out dev tasks, greedy",
        xLabel: "step",
        yLabel: "share solved",
        range: [0, 1],
        series: suites.flatMap((suite) => curve(suite, runs, solved(suite))),
      },
    ],
    plotOf("valid", "Valid proposals", "share", [0, 1]),
    plotOf("new", "New tasks among valid proposals", "share", [0, 1]),
    plotOf("entropy", "Entropy of the policy on trained tokens", "nats", null),
    plotOf("statements", "Length of proposed programs", "statements", null),
    [
      "long-programs.svg",
      {
        title: "Different programs so far",
        xLabel: "step",
        yLabel: "programs",
        range: null,
        series: curve("programs", runs, programsSoFar),
      },
    ],
    [
      "long-seconds.svg",
      {
        title: "Time of a step",
        xLabel: "step",
        yLabel: "seconds",
        range: null,
        series: curve("seconds", runs, ({ seconds }) => smoothed(seconds)),
      },
    ],
  ]
  return drawn(plots)
}
