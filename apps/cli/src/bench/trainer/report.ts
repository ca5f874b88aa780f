/** The trainers' results for people. Pure. */
import { Table } from "../../Table.ts"
import type { Rate, TrainerReport } from "./measure.ts"

const count = (value: number): string => Math.round(value).toLocaleString("en")
const multiple = ({ timesPyTorch }: Rate): string =>
  timesPyTorch === null ? "" : `${timesPyTorch.toFixed(2)} ×`
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

export const trainerLines = ({
  cores,
  missing,
  node,
  profiles,
  results,
}: TrainerReport): ReadonlyArray<string> => {
  const rates = new Table(
    [
      "model",
      "parameters",
      "threads",
      "",
      "trained/s",
      "a CPU-s",
      "PyTorch",
      "sampled/s",
      "a CPU-s",
      "PyTorch",
    ],
    "lrrlrrrrrr",
  )
  for (const { contestant, model, parameters, sample, threads, train } of results) {
    rates.row([
      model,
      count(parameters),
      String(threads),
      contestant,
      ...[train, sample].flatMap((rate) => [
        count(rate.tokensPerSecond),
        count(rate.tokensPerCpuSecond),
        multiple(rate),
      ]),
    ])
  }
  const columns = Object.entries(profiles).flatMap(([model, { sample, train }]) => [
    { title: `${model} trained`, profile: train },
    { title: `${model} sampled`, profile: sample },
  ])
  const shares = new Table(["wasm, one thread", ...columns.map(({ title }) => title)], "lrrrr")
  const works = Object.keys(columns[0]?.profile.shares ?? {}) as ReadonlyArray<
    keyof (typeof columns)[number]["profile"]["shares"]
  >
  for (const work of works) {
    shares.row([work, ...columns.map(({ profile }) => percent(profile.shares[work]))])
  }
  shares.row(["GFLOP/s of products", ...columns.map(({ profile }) => profile.gemmGflops.toFixed(1))])
  const versions = [...new Set(results.map(({ version }) => version))].join(", ")
  return [
    ...rates.lines(),
    "",
    ...shares.lines(),
    "",
    `Tokens per second, medians of rounds that took turns. ${cores} cores, Node ${node}; ${versions}.`,
    ...Object.entries(missing).map(([contestant, reason]) => `Not measured: ${contestant}, ${reason}.`),
  ]
}
