import { Command } from "effect/cli"
import { diffCommand } from "./diff.ts"
import { list, listCommand, listFlags } from "./list.ts"
import { removeCommand } from "./remove.ts"
import { showCommand } from "./show.ts"

export const runsCommand = Command.make("runs", listFlags, list).pipe(
  Command.withDescription("List, inspect, compare and remove runs; without a subcommand, list them"),
  Command.withShortDescription("List, inspect, compare and remove runs"),
  Command.withExamples([
    { command: "azr runs", description: "All runs of the folder runs" },
    { command: "azr runs show my-run", description: "One of them" },
    { command: "azr runs diff my-run other-run", description: "How two of them differ" },
  ]),
  Command.withSubcommands([listCommand, showCommand, diffCommand, removeCommand]),
)
