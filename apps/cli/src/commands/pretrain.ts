import { nanoModel } from "@azr/trainer-gpu"
import { Clock, Effect, FileSystem } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../Output.ts"
import { pretrain } from "../pretraining.ts"

export const pretrainCommand = Command.make(
  "pretrain",
  {
    model: Argument.Literals("model", ["nano"]).pipe(Argument.withDescription("What to pretrain")),
    seed: Flag.Int("seed").pipe(Flag.withDescription("Seed of weights and examples"), Flag.withDefault(0)),
    out: Flag.String("out").pipe(
      Flag.withDescription("File to write the weights to"),
      Flag.withDefault("nano.safetensors"),
    ),
  },
  Effect.fn("azr pretrain")(function* ({ model, out, seed }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    // A file that cannot be written should not be found out about after the work.
    const temporary = `${out}.tmp`
    yield* fs.writeFile(temporary, new Uint8Array())
    const began = yield* Clock.currentTimeMillis
    const run = Effect.runSyncWith(yield* Effect.context())
    const files = yield* Effect.promise(() =>
      pretrain(nanoModel, seed, ({ loss, recipe, step, steps, tokens }) => {
        const line = `${recipe} step ${step}/${steps}  loss ${loss.toFixed(3)}  ${(tokens / 1e6).toFixed(2)} M tokens`
        run(step % 100 === 0 || step === steps ? output.progress(line) : output.status(line))
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
  }),
).pipe(
  Command.withDescription("Pretrain the embedded policy from random weights, as the shipped checkpoint was"),
  Command.withExamples([
    { command: "azr pretrain nano --out nano.safetensors", description: "Rebuild the checkpoint" },
  ]),
)
