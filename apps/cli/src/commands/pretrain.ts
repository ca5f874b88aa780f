import { RunConfig } from "@azr/core"
import { nanoModel, nanoModelOfDepth, parameterCount } from "@azr/trainer-gpu"
import { Clock, Effect, FileSystem } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../Output.ts"
import { command, quoted } from "../command.ts"
import { UsageError } from "../exitCodes.ts"
import { learningRateScale, pretrain } from "../pretraining.ts"

const fewestLayers = 2
const mostLayers = 21

export const pretrainCommand = Command.make(
  "pretrain",
  {
    model: Argument.Literals("model", ["nano"]).pipe(Argument.withDescription("What to pretrain")),
    depth: Flag.Int("depth").pipe(
      Flag.withDescription(
        `Layers, ${fewestLayers} to ${mostLayers}; width, heads and learning rate follow. The number of parameters goes with its cube`,
      ),
      Flag.withDefault(nanoModel.layers),
    ),
    seed: Flag.Int("seed").pipe(
      Flag.withDescription("Seed of weights and examples (default 0)"),
      Flag.withDefault(0),
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("File to write the weights to (default nano.safetensors)"),
      Flag.withDefault("nano.safetensors"),
    ),
  },
  Effect.fn("azr pretrain")(function* ({ depth, model, out, seed }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    if (depth < fewestLayers || depth > mostLayers) {
      return yield* new UsageError({
        message: `--depth ${depth} must be from ${fewestLayers} to ${mostLayers}`,
      })
    }
    const config = nanoModelOfDepth(depth)
    yield* output.progress(
      `${model} of depth ${depth}: ${parameterCount(config).toLocaleString("en")} parameters`,
    )
    // A file that cannot be written should not be found out about after the work.
    const temporary = `${out}.tmp`
    yield* fs.writeFile(temporary, new Uint8Array())
    const began = yield* Clock.currentTimeMillis
    const run = Effect.runSyncWith(yield* Effect.context())
    const files = yield* Effect.promise(() =>
      pretrain(config, seed, ({ loss, recipe, step, steps, tokens }) => {
        const line = `${recipe} step ${step}/${steps}  loss ${loss.toFixed(3)}  ${(tokens / 1e6).toFixed(2)} M tokens`
        run(step === 1 || step % 100 === 0 || step === steps ? output.progress(line) : output.status(line))
      }),
    )
    const policy = files.find(({ name }) => name === "policy.safetensors")
    if (policy === undefined) return yield* Effect.die("the trainer saved no weights")
    yield* fs.writeFile(temporary, policy.bytes)
    yield* fs.rename(temporary, out)
    const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
    yield* output.result(
      `${out}: ${model}, ${policy.bytes.length} bytes, seed ${seed}, ${seconds.toFixed(0)} s`,
    )
    const learningRate = RunConfig.nano.optimizer.learningRate * learningRateScale(config)
    yield* output.progress(
      `self-play from it: ${command} train --set ${quoted(`policy.model=${out}`)} --set optimizer.learningRate=${learningRate.toPrecision(2)}`,
    )
  }),
).pipe(
  Command.withDescription("Pretrain the embedded policy from random weights, as the shipped checkpoint was"),
  Command.withExamples([
    { command: "azr pretrain nano --out nano.safetensors", description: "Rebuild the checkpoint" },
    {
      command: "azr pretrain nano --depth 6 --out nano-6.safetensors",
      description: "One of 0.7 M parameters",
    },
  ]),
)
