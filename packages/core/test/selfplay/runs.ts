/** Runs of the small world in folders of their own: begun, stopped, continued, and what they wrote. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { Effect, FileSystem, Layer } from "effect"
import { type OpenEnvironment, type Suite, open } from "../../src/Environment.ts"
import { MachineMeter } from "../../src/MachineMeter.ts"
import { PolicyEngine } from "../../src/PolicyEngine.ts"
import type { RunConfig } from "../../src/RunConfig.ts"
import { type RunEvent, timeFields } from "../../src/RunEvent.ts"
import { RunStore, listCheckpoints, readCheckpoint } from "../../src/RunStore.ts"
import { type Phase, run } from "../../src/selfplay/Loop.ts"
import { type PuzzleOptions, puzzleEnvironment } from "../../src/testing/puzzleEnvironment.ts"
import { type Respond, ScriptedPolicy, scriptedPolicy } from "../../src/testing/scriptedPolicy.ts"
import { puzzle, seeded } from "./world.ts"

export const platform = Layer.merge(NodeFileSystem.layer, NodePath.layer)
export const inFolder = <A, E>(
  use: (folder: string) => Effect.Effect<A, E, FileSystem.FileSystem | Layer.Success<typeof platform>>,
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* use(`${yield* fs.makeTempDirectoryScoped({ prefix: "azr-loop-" })}/run`)
  }).pipe(Effect.scoped, Effect.provide(platform))

export interface Setup {
  readonly config: RunConfig
  readonly respond?: Respond
  readonly world?: Partial<PuzzleOptions>
  /** When the run is asked to stop, by what it has told. */
  readonly stopAt?: (observed: ReadonlyArray<RunEvent>) => boolean
  /** The environment, as it should be for this run. */
  readonly environment?: (environment: OpenEnvironment) => OpenEnvironment
  readonly meter?: MachineMeter
  /** The policy engine, as it should be for this run. */
  readonly engine?: (engine: PolicyEngine["Service"]) => PolicyEngine["Service"]
}

/** Starts a run in the folder, or continues it at its last checkpoint where it has one. */
export const start = Effect.fnUntraced(function* (
  folder: string,
  {
    config,
    engine: adapt = (engine) => engine,
    environment: equip = (environment) => environment,
    meter,
    respond = seeded,
    stopAt = () => false,
    world = {},
  }: Setup,
) {
  const last = (yield* listCheckpoints(folder)).at(-1)
  const checkpoint = last === undefined ? null : yield* readCheckpoint(folder, last)
  const store =
    checkpoint === null
      ? RunStore.layerNew(folder, config)
      : RunStore.layerResume(folder, checkpoint.manifest)
  const observed: Array<RunEvent> = []
  const phases: Array<Phase> = []
  return yield* Effect.gen(function* () {
    const engine = yield* PolicyEngine
    if (checkpoint !== null) yield* engine.load(checkpoint.policy)
    const exit = yield* run({
      config,
      environments: [equip(yield* open(puzzleEnvironment(world)))],
      resume: checkpoint,
      versions: { test: "1" },
      observe: (event) => Effect.sync(() => observed.push(event)),
      announce: (phase) => Effect.sync(() => phases.push(phase)),
      stopRequested: Effect.sync(() => stopAt(observed)),
    }).pipe(
      Effect.provideService(PolicyEngine, adapt(engine)),
      Effect.provideService(MachineMeter.Current, meter ?? null),
      Effect.exit,
    )
    const { prompts } = yield* ScriptedPolicy
    return { exit, observed, phases, prompts: yield* prompts }
  }).pipe(Effect.provide(Layer.merge(store, scriptedPolicy(respond))), Effect.scoped)
})

/** After so many steps of this process. */
export const afterSteps = (count: number) => (observed: ReadonlyArray<RunEvent>) =>
  observed.filter(({ _tag }) => _tag === "StepCompleted").length >= count

/** Every file of a run that tells what happened, without the fields that depend on the clock. */
export const record = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const names = (yield* fs.readDirectory(`${folder}/rollouts`)).toSorted()
  const files = ["events.jsonl", "metrics.jsonl", ...names.map((name) => `rollouts/${name}`)]
  const texts: Record<string, string> = {}
  for (const file of files) {
    const text = yield* fs.readFileString(`${folder}/${file}`)
    texts[file] = text
      .split("\n")
      .map((line) =>
        line === ""
          ? ""
          : JSON.stringify(JSON.parse(line), (key, value: unknown) => (timeFields.includes(key) ? 0 : value)),
      )
      .join("\n")
  }
  return texts
})

export const tags = (events: ReadonlyArray<RunEvent>): ReadonlyArray<string> =>
  events.map((event) =>
    event._tag === "Evaluated" || event._tag === "Checkpointed" || event._tag === "StepCompleted"
      ? `${event._tag} ${event.step}`
      : event._tag,
  )

export const suite = (id: string, split: "dev" | "test", ...texts: ReadonlyArray<string>): Suite => ({
  id,
  kind: "result",
  split,
  tasks: texts.map(puzzle),
})
export const suites = [
  suite("dev", "dev", "1 + 1", "2 + 2"),
  suite("test", "test", "3 + 3", "4 + 4", "5 + 5"),
]
