/** The command tree of `azr`. */
import { Command } from "effect/cli"

/** Each command with what it imports; engines and executors take longer to load than a look at a run takes. */
const commands = {
  train: async () => (await import("./commands/train.ts")).trainCommand,
  resume: async () => (await import("./commands/resume.ts")).resumeCommand,
  eval: async () => (await import("./commands/eval.ts")).evalCommand,
  export: async () => (await import("./commands/export.ts")).exportCommand,
  runs: async () => (await import("./commands/runs/index.ts")).runsCommand,
  dashboard: async () => (await import("./commands/dashboard.ts")).dashboardCommand,
  seed: async () => (await import("./commands/seed.ts")).seedCommand,
  verify: async () => (await import("./commands/verify.ts")).verifyCommand,
  "run-program": async () => (await import("./commands/runProgram.ts")).runProgramCommand,
  corpus: async () => (await import("./commands/corpus.ts")).corpusCommand,
  env: async () => (await import("./commands/env.ts")).envCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
  tokenizer: async () => (await import("./commands/tokenizer.ts")).tokenizerCommand,
  bench: async () => (await import("./commands/bench.ts")).benchCommand,
  pretrain: async () => (await import("./commands/pretrain.ts")).pretrainCommand,
  "serve-policy": async () => (await import("./commands/servePolicy.ts")).servePolicyCommand,
  study: async () => (await import("./commands/study.ts")).studyCommand,
}

const isName = (word: string | undefined): word is keyof typeof commands =>
  word !== undefined && Object.hasOwn(commands, word)

/** The tree, of which only the branch of the first word is loaded; all of it for help, completions and slips. */
export const loadCommand = async (firstWord: string | undefined) => {
  const branches = isName(firstWord) ? [commands[firstWord]] : Object.values(commands)
  return Command.make("azr").pipe(
    Command.withDescription(
      "Absolute Zero self-play: a policy proposes tasks, solves them, and a sandbox keeps it honest. Exit codes: 0 done, " +
        "1 failed, 2 usage, 3 a check failed, 4 backend unavailable, 130 interrupted",
    ),
    Command.withExamples([
      { command: "azr train", description: "Train the embedded policy, a minute or two" },
      { command: "azr runs", description: "See what there is" },
      { command: "azr train --help", description: "Every command has examples" },
      {
        command: "azr --completions bash >> ~/.bashrc",
        description: "Complete commands and flags in the shell",
      },
    ]),
    Command.withSubcommands(await Promise.all(branches.map((load) => load()))),
  )
}
