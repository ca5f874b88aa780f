import { spawn } from "node:child_process"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { pageFolder } from "../dashboard/page.ts"
import { defaultPort, serve } from "../dashboard/server.ts"
import { Output } from "../Output.ts"
import { runsDir } from "../runsFolder.ts"

const isPort = Flag.filter<number>(
  (port) => port >= 0 && port <= 65_535,
  () => "a port, 0 to 65535",
)

/** Of the commands that train. */
export const dashboardFlag = Flag.Int("dashboard").pipe(
  isPort,
  Flag.withOptionalValue(String(defaultPort)),
  Flag.withDescription(
    `Show the runs in the browser while this one trains, on port ${defaultPort} or on --dashboard=port`,
  ),
  Flag.optional,
)

export const dashboardCommand = Command.make(
  "dashboard",
  {
    runsDir,
    host: Flag.String("host").pipe(
      Flag.withDescription(
        "Address to listen on; another than 127.0.0.1, the default, lets its network read your runs",
      ),
      Flag.withDefault("127.0.0.1"),
    ),
    port: Flag.Int("port").pipe(
      isPort,
      Flag.withDescription(`Port to listen on; 0 is any that is free (default ${defaultPort})`),
      Flag.withDefault(defaultPort),
    ),
    open: Flag.Boolean("open").pipe(Flag.withDescription("Open it in the browser"), Flag.withDefault(false)),
  },
  Effect.fn("azr dashboard")(function* ({ host, open, port, runsDir }) {
    const output = yield* Output
    const page = yield* pageFolder()
    const { link } = yield* serve({ runsDir, host, port, page })
    yield* output.progress(`dashboard   ${link}  (Ctrl-C ends it)`)
    if (open) openInBrowser(link)
    return yield* Effect.never
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Show runs in the browser, while they train and after; changes nothing, but can ask a run of this machine to stop",
  ),
  Command.withExamples([
    { command: "azr dashboard --open", description: "Every run in runs/" },
    { command: "azr dashboard --runs-dir /data/runs --port 8080", description: "Others, elsewhere" },
  ]),
)

/** Without a browser the printed address is what is left. */
const openInBrowser = (url: string): void => {
  const child = spawn(process.platform === "darwin" ? "open" : "xdg-open", [url], {
    detached: true,
    stdio: "ignore",
  })
  child.on("error", () => undefined)
  child.unref()
}
