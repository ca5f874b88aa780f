/** The policy engine's contract, held by a client of the Tinker API on a server of ours. */
import { policySuite } from "@azr/core/testing"
import { servedEngine } from "./server.ts"

const prompts = [
  [{ role: "user", content: "D a=a[1:] I [3,-4] O" }],
  [{ role: "user", content: "PD a=len(a) P" }],
] as const

for (const [wire, reduction] of [
  ["protobuf", "meanOfMeans"],
  ["json", "sum"],
] as const) {
  policySuite(`the contract, over ${wire} from a server of ${reduction}`, servedEngine({ wire, reduction }), {
    prompts,
    timeout: 120_000,
  })
}
