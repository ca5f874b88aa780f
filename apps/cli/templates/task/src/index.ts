/** The environment. It takes options: `environments: [["./my-tasks", { largest: 20 }]]`. `azr env test .` checks it. */
import { Environment, RandomStreams } from "@azr/core"
import { Effect, Layer, Schema } from "effect"
import { randomExpression } from "./expression.ts"
import { kinds, splitOf } from "./kinds.ts"

/** Held-out tasks of a suite. */
const suiteSize = 100

const environment = (largest: number) => {
  const draft = (kind: string, random: RandomStreams.RandomStream) => {
    const expression = randomExpression(largest, random)
    return {
      ...expression,
      hidden: kind === "result" ? null : random.integer(0, expression.numbers.length - 1),
    }
  }
  /** The first so many expressions of a split that a fixed stream gives: the same on every machine. */
  const heldOut = (kind: string, split: "dev" | "test") => {
    const random = new RandomStreams.RandomStreams(0).get(`suites/${kind}`)
    const tasks = new Map<string, ReturnType<typeof draft>>()
    while (tasks.size < suiteSize) {
      const task = draft(kind, random)
      if (splitOf(task) === split) tasks.set(`${task.numbers} ${task.operators}`, task)
    }
    return { id: kind, kind, split, tasks: [...tasks.values()] }
  }
  const all = kinds(largest)
  return Environment.defineEnvironment<never>({
    id: "my-tasks",
    apiVersion: 1,
    title: "My Tasks: arithmetic without a calculator",
    styles: ["full"],
    kinds: all as Environment.Environment<never>["kinds"],
    seeds: (kind, count, random) =>
      Array.from({ length: count }, () => draft(kind, random)).filter((task) => splitOf(task) === "train"),
    suites: Effect.sync(() => all.flatMap(({ id }) => [heldOut(id, "dev"), heldOut(id, "test")])),
    // Services that the kinds need, such as an executor: none.
    layer: Layer.empty,
  })
}

export default Environment.withOptions({
  options: Schema.Struct({
    largest: Schema.Int.check(Schema.isBetween({ minimum: 9, maximum: 999 }))
      .annotate({ description: "Largest number in an expression" })
      .pipe(Schema.withDecodingDefaultKey(Effect.succeed(99))),
  }),
  make: ({ largest }) => environment(largest),
})
