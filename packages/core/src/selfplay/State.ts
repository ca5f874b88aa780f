/** What the loop carries from step to step, besides the policy: complete, so that a checkpoint of it continues exactly. */
import { Schema } from "effect"
import type { Baselines } from "../Advantage.ts"
import type { OpenEnvironment, OpenTaskKind } from "../Environment.ts"
import { RandomStreams, StreamStates } from "../RandomStreams.ts"
import type { KindConfig, RunConfig } from "../RunConfig.ts"
import { TaskBuffer, TaskRecord } from "../TaskBuffer.ts"
import { hashText } from "../Value.ts"
import { Batch } from "./Batch.ts"

/** One kind of one environment, with its settings: a column of the curriculum. */
export interface Track {
  /** `<environment>/<kind>`. */
  readonly key: string
  readonly environment: OpenEnvironment
  readonly kind: OpenTaskKind
  readonly settings: KindConfig
}

/** How far the seeding has come, between two of its rounds. */
export interface SeedingProgress {
  /** Tracks, by key, that have the environment's seeds. */
  readonly seeded: Array<string>
  /** Rounds of proposals that are done, and what they came to by track. */
  round: number
  readonly tally: Record<string, { accepted: number; rejected: number }>
}

/**
 * What is remembered for good of each accepted task, so that a run may be long: 64 bits, 16 digits, of its track and identity. Among
 * n tasks any two share them by chance with probability n² / 2⁶⁵, 3 · 10⁻⁸ for a million; a new task would then be refused as a
 * duplicate, nothing else.
 */
const fingerprint = (track: Track, identity: string): string => hashText(`${track.key}\n${identity}`)

/** Millions of them: a pattern that repeats a group of 16 would overflow the stack of the regular expression. */
const Fingerprints = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]*$/u),
  Schema.makeFilter(({ length }) => (length % 16 === 0 ? undefined : `${length} digits, no multiple of 16`)),
)

/** A `LoopState` as a checkpoint stores it. */
export const LoopSnapshot = Schema.Struct({
  step: Schema.Int,
  seeding: Schema.NullOr(
    Schema.Struct({
      seeded: Schema.Array(Schema.String),
      round: Schema.Int,
      tally: Schema.Record(Schema.String, Schema.Struct({ accepted: Schema.Int, rejected: Schema.Int })),
    }),
  ),
  nextId: Schema.Int,
  buffers: Schema.Record(Schema.String, Schema.Array(TaskRecord)),
  /** Fingerprints of all tasks that were ever accepted, one after the other. */
  known: Fingerprints,
  regions: Schema.Record(Schema.String, Schema.Finite),
  baselines: Schema.Record(Schema.String, Schema.Finite),
  facets: Schema.Record(Schema.String, Schema.Int),
  streams: StreamStates,
  /** A batch that was collected ahead; absent without one. */
  ahead: Schema.optionalKey(Batch),
})
export type LoopSnapshot = typeof LoopSnapshot.Type

export class LoopState {
  readonly config: RunConfig
  readonly tracks: ReadonlyArray<Track>
  readonly streams: RandomStreams
  /** Running baselines of the advantage estimators, by cell. */
  readonly baselines: Baselines
  /** The step whose batch is collected, or was. */
  step: number
  /** That batch, where it was collected while the step before learned; null where nothing waits. */
  ahead: Batch | null
  /** Null when the buffers have their seeds. */
  seeding: SeedingProgress | null
  readonly #buffers = new Map<string, TaskBuffer>()
  readonly #known: Set<string>
  readonly #regions: Map<string, number>
  readonly #facets: Map<string, number>
  #nextId: number

  constructor(
    config: RunConfig,
    environments: ReadonlyArray<OpenEnvironment>,
    snapshot: LoopSnapshot | null,
  ) {
    this.config = config
    this.tracks = environments.flatMap((environment) =>
      Object.entries(config.kinds).flatMap(([id, settings]) => {
        const kind = environment.kinds.get(id)
        return kind === undefined ? [] : [{ key: `${environment.id}/${id}`, environment, kind, settings }]
      }),
    )
    this.step = snapshot?.step ?? 0
    this.ahead = snapshot?.ahead ?? null
    this.seeding = snapshot === null ? { seeded: [], round: 0, tally: {} } : mutableProgress(snapshot.seeding)
    this.#nextId = snapshot?.nextId ?? 1
    this.#known = new Set(snapshot?.known.match(/.{16}/gu))
    this.#regions = new Map(Object.entries(snapshot?.regions ?? {}))
    this.#facets = new Map(Object.entries(snapshot?.facets ?? {}))
    this.baselines = new Map(Object.entries(snapshot?.baselines ?? {}))
    this.streams = new RandomStreams(config.seed, snapshot?.streams)
    for (const { key } of this.tracks) {
      this.#buffers.set(key, new TaskBuffer(config.buffer, snapshot?.buffers[key]))
    }
  }

  /** The last step whose batch does not wait. */
  get completed(): number {
    return this.ahead === null ? this.step : this.step - 1
  }

  buffer(environment: string, kind: string): TaskBuffer {
    const key = `${environment}/${kind}`
    const buffer = this.#buffers.get(key)
    if (buffer === undefined) throw new Error(`no buffer for ${key}`)
    return buffer
  }

  /** The buffers whose tasks serve the track as references. */
  referenceBuffers({ environment, kind }: Track): ReadonlyArray<TaskBuffer> {
    return kind.references.from.flatMap((id) => this.#buffers.get(`${environment.id}/${id}`) ?? [])
  }

  isKnown(track: Track, identity: string): boolean {
    return this.#known.has(fingerprint(track, identity))
  }

  /** Gives the task its id, puts it into its buffer and remembers its identity. */
  accept(
    track: Track,
    task: unknown,
    origin: TaskRecord["origin"],
    parents: ReadonlyArray<number>,
  ): TaskRecord {
    const record: TaskRecord = {
      id: this.#nextId++,
      environment: track.environment.id,
      kind: track.kind.id,
      step: this.step,
      origin,
      parents,
      task: Schema.encodeSync(track.kind.taskSchema)(task),
      successRate: null,
    }
    this.#known.add(fingerprint(track, track.kind.identity(task)))
    this.buffer(track.environment.id, track.kind.id).add(record)
    return record
  }

  /** Notes in the buffer how often a task was solved; null where the buffer does not keep tasks that are solved so often. */
  estimated(record: TaskRecord, successRate: number | null): TaskRecord | null {
    const buffer = this.buffer(record.environment, record.kind)
    if (successRate !== null && !admits(this.config, successRate)) {
      buffer.remove(record)
      return null
    }
    const updated = { ...record, successRate }
    buffer.replace(updated)
    return updated
  }

  /** A buffered task in its kind's own type. */
  taskOf(record: TaskRecord): unknown {
    return Schema.decodeUnknownSync(this.kindOf(record).taskSchema)(record.task)
  }

  kindOf(record: TaskRecord): OpenTaskKind {
    const key = `${record.environment}/${record.kind}`
    const track = this.tracks.find((candidate) => candidate.key === key)
    if (track === undefined) throw new Error(`no track ${key}`)
    return track.kind
  }

  /** Every region's count falls by the coverage decay; called once a step. One that nothing can tell from 0 is forgotten. */
  decayRegions(decay: number): void {
    for (const [region, count] of this.#regions) {
      if (1 + count * decay === 1) this.#regions.delete(region)
      else this.#regions.set(region, count * decay)
    }
  }

  visitRegion(track: Track, task: unknown): void {
    const key = `${track.key}\n${track.kind.region(task)}`
    this.#regions.set(key, (this.#regions.get(key) ?? 0) + 1)
  }

  regionCount(track: Track, task: unknown): number {
    return this.#regions.get(`${track.key}\n${track.kind.region(task)}`) ?? 0
  }

  /** Counts what the answer to a task is like. */
  visitFacets(track: Track, task: unknown): void {
    for (const facet of this.#facetsOf(track, task))
      this.#facets.set(facet, (this.#facets.get(facet) ?? 0) + 1)
  }

  /** Mean of 1/√n over the facets of a task, n how often the run has met one, this time included: in (0, 1]. */
  novelty(track: Track, task: unknown): number {
    const facets = this.#facetsOf(track, task)
    const each = facets.map((facet) => 1 / Math.sqrt(Math.max(1, this.#facets.get(facet) ?? 0)))
    return each.length === 0 ? 1 : each.reduce((sum, value) => sum + value, 0) / each.length
  }

  #facetsOf(track: Track, task: unknown): ReadonlyArray<string> {
    return track.kind.facets(task).map((facet) => `${track.key}\n${facet}`)
  }

  snapshot(): LoopSnapshot {
    return {
      step: this.step,
      seeding: mutableProgress(this.seeding),
      nextId: this.#nextId,
      buffers: Object.fromEntries([...this.#buffers].map(([key, buffer]) => [key, buffer.records])),
      known: [...this.#known].join(""),
      regions: Object.fromEntries(this.#regions),
      facets: Object.fromEntries(this.#facets),
      baselines: Object.fromEntries(this.baselines),
      streams: this.streams.states(),
      ...(this.ahead === null ? {} : { ahead: this.ahead }),
    }
  }
}

/** A copy, so that what a checkpoint holds does not change with the state. */
const mutableProgress = (progress: LoopSnapshot["seeding"]): SeedingProgress | null =>
  progress === null
    ? null
    : {
        seeded: [...progress.seeded],
        round: progress.round,
        tally: Object.fromEntries(Object.entries(progress.tally).map(([key, count]) => [key, { ...count }])),
      }

const admits = ({ buffer, reward }: RunConfig, successRate: number): boolean => {
  switch (buffer.admit) {
    case "all":
      return true
    case "nonOne":
      return successRate < 1
    case "nonExtremes":
      return successRate > 0 && successRate < 1
    case "zone": {
      const { high, low } = reward.propose.zone ?? { low: 0, high: 1 }
      return successRate >= low && successRate <= high
    }
  }
}
