/** The command tree of `azr`. */
import { Command } from "effect/cli"
import { benchCommand } from "./commands/bench.ts"
import { corpusCommand } from "./commands/corpus.ts"
import { dashboardCommand } from "./commands/dashboard.ts"
import { doctorCommand } from "./commands/doctor.ts"
import { envCommand } from "./commands/env.ts"
import { evalCommand } from "./commands/eval.ts"
import { pretrainCommand } from "./commands/pretrain.ts"
import { resumeCommand } from "./commands/resume.ts"
import { runProgramCommand } from "./commands/runProgram.ts"
import { runsCommand } from "./commands/runs.ts"
import { studyCommand } from "./commands/study.ts"
import { trainCommand } from "./commands/train.ts"
import { verifyCommand } from "./commands/verify.ts"

export const azr = Command.make("azr").pipe(
  Command.withDescription(
    "Absolute Zero self-play: a policy proposes tasks, solves them, and a sandbox keeps it honest. Exit codes: 0 done, " +
      "1 failed, 2 usage, 3 a check failed, 4 backend unavailable, 130 interrupted",
  ),
  Command.withSubcommands([
    trainCommand,
    resumeCommand,
    evalCommand,
    runsCommand,
    dashboardCommand,
    verifyCommand,
    runProgramCommand,
    corpusCommand,
    envCommand,
    doctorCommand,
    benchCommand,
    pretrainCommand,
    studyCommand,
  ]),
)
