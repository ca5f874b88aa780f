/** A process of `azr bench dashboard`: the server on a folder of runs, and nothing else. Ends with its input. */
import { createInterface } from "node:readline"
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { serve } from "../../dashboard/server.ts"

const [runsDir = ""] = process.argv.slice(2)
const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`)

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const { url } = yield* serve({ runsDir, host: "127.0.0.1", port: 0, page: null })
      say({ url })
      yield* Effect.promise(async () => {
        for await (const _ of createInterface({ input: process.stdin })) {
          const { system, user } = process.cpuUsage()
          say({
            cpuMs: (system + user) / 1000,
            bytes: process.memoryUsage.rss(),
            peakBytes: process.resourceUsage().maxRSS * 1024,
          })
        }
      })
    }),
  ).pipe(Effect.provide(NodeServices.layer)),
)
process.exit()
