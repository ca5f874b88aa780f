/**
 * Batched sampling with a key-value cache. A prompt is read once and shared by its samples; a sample leaves the batch
 * as soon as it stops and the next prompts take its slot. Rows of a product never depend on each other and every
 * sample draws from its own seed, so a sample is the same in whatever batch and on whatever thread it is drawn.
 */
import { type FeatureTracker, StructuralFeatures } from "../model/FeatureTracker.ts"
import { ELEMENT } from "./MemoryPlan.ts"
import type { Network } from "./Network.ts"

/** One sample to draw: `id` is the caller's, the rest as in `SampleRequest`. */
export interface SampleSpec {
  readonly id: number
  readonly seed: number
  readonly maxTokens: number
  readonly temperature: number
}

/** Samples of one prompt, at most as many as a thread has slots. */
export interface SampleGroup {
  readonly prompt: ReadonlyArray<number>
  readonly samples: ReadonlyArray<SampleSpec>
}

export interface DrawnSample {
  readonly id: number
  readonly tokens: ReadonlyArray<number>
  readonly logprobs: ReadonlyArray<number>
  readonly stopReason: "stop" | "length"
}

interface Active {
  readonly spec: SampleSpec
  readonly slot: number
  readonly tracker: FeatureTracker
  /** Position of the next token to be drawn. */
  position: number
  readonly tokens: Array<number>
  readonly logprobs: Array<number>
}

export class Decoder {
  readonly #network: Network
  readonly #features: StructuralFeatures
  readonly #slots: number
  readonly #stops: ReadonlySet<number>
  /** Tokens of the prompts that are read together. */
  readonly #prefillTokens: number

  constructor(network: Network, slots: number, prefillTokens: number) {
    this.#network = network
    this.#features = new StructuralFeatures(network.config)
    this.#slots = slots
    this.#prefillTokens = prefillTokens
    this.#stops = new Set(network.config.vocabulary.stops)
  }

  /** Draws all samples of the groups that `nextGroup` hands out until it returns undefined. */
  run(nextGroup: () => SampleGroup | undefined): ReadonlyArray<DrawnSample> {
    const queue = new GroupQueue(nextGroup, this.#prefillTokens)
    const free = Array.from({ length: this.#slots }, (_, slot) => slot)
    const done: Array<DrawnSample> = []
    let active: Array<Active> = []
    for (;;) {
      for (let groups = queue.take(free.length); groups.length > 0; groups = queue.take(free.length)) {
        const started = this.#prefill(groups, free)
        this.#draw(started)
        active = active.concat(this.#release(started, free, done))
      }
      if (active.length === 0) return done
      this.#advance(active)
      this.#draw(active)
      active = this.#release(active, free, done)
    }
  }

  /** Reads the prompts, fills a slot for every sample and leaves each sample's row in `lastNorm`. */
  #prefill(groups: ReadonlyArray<SampleGroup>, free: Array<number>): Array<Active> {
    const network = this.#network
    const { i32, f32, buffers, config } = network
    const starts = buffers.starts / ELEMENT
    let rows = 0
    const trackers = groups.map((group, g) => {
      i32[starts + g] = rows
      const tracker = this.#features.track(0)
      group.prompt.forEach((token, position) => {
        tracker.advance(token)
        network.setRow(rows++, token, position, tracker.rows)
      })
      return tracker
    })
    i32[starts + groups.length] = rows
    network.forward(rows, groups.length)

    const width = config.width
    const lastNorm = buffers.lastNorm / ELEMENT
    const lastRows = groups.map((_, g) => {
      const row = lastNorm + ((i32[starts + g + 1] as number) - 1) * width
      return f32.slice(row, row + width)
    })
    const started: Array<Active> = []
    groups.forEach((group, g) => {
      const first = i32[starts + g] as number
      const length = group.prompt.length
      const source = free.at(-1) as number
      network.cacheSequence(first, length, source)
      for (const spec of group.samples) {
        const slot = free.pop() as number
        if (slot !== source) network.copySlot(source, slot, length)
        f32.set(lastRows[g] as Float32Array, lastNorm + started.length * width)
        const tracker = (trackers[g] as FeatureTracker).clone()
        started.push({ spec, slot, tracker, position: length, tokens: [], logprobs: [] })
      }
    })
    return started
  }

  /** One step of the network for the latest token of each sample. */
  #advance(active: ReadonlyArray<Active>): void {
    const network = this.#network
    const { i32, buffers } = network
    const slotList = buffers.slotList / ELEMENT
    const positionList = buffers.positionList / ELEMENT
    active.forEach((sample, row) => {
      const token = sample.tokens.at(-1) as number
      sample.tracker.advance(token)
      const position = sample.position - 1
      network.setRow(row, token, position, sample.tracker.rows)
      i32[slotList + row] = sample.slot
      i32[positionList + row] = position
    })
    network.forwardCached(active.length)
  }

  /** From `lastNorm`, one row a sample, to each sample's next token and its log-probability. */
  #draw(active: ReadonlyArray<Active>): void {
    const network = this.#network
    const { kernels, i32, f32, buffers, plan, config } = network
    const vocabulary = config.vocabulary.pieces.length
    const targets = buffers.targets / ELEMENT
    network.head(active.length)
    active.forEach(({ spec, tokens }, row) => {
      const step = tokens.length
      const logits = buffers.logits + row * plan.logitStride * ELEMENT
      const uniform = spec.temperature === 0 ? 0 : kernels.uniform(spec.seed, step)
      i32[targets + row] = kernels.chooseToken(vocabulary, logits, spec.temperature, uniform, buffers.choice)
    })
    network.targetLogprobs(active.length)
    active.forEach((sample, row) => {
      sample.tokens.push(i32[targets + row] as number)
      sample.logprobs.push(f32[buffers.logprobs / ELEMENT + row] as number)
      sample.position++
    })
  }

  /** The samples that go on; the others are `done` and their slots `free`. */
  #release(active: ReadonlyArray<Active>, free: Array<number>, done: Array<DrawnSample>): Array<Active> {
    return active.filter(({ spec, slot, tokens, logprobs }) => {
      const stopped = this.#stops.has(tokens.at(-1) as number)
      if (!stopped && tokens.length < spec.maxTokens) return true
      free.push(slot)
      done.push({ id: spec.id, tokens, logprobs, stopReason: stopped ? "stop" : "length" })
      return false
    })
  }
}

/** Groups in order, as many at a time as fit. */
class GroupQueue {
  readonly #next: () => SampleGroup | undefined
  readonly #tokens: number
  #head: SampleGroup | undefined

  constructor(next: () => SampleGroup | undefined, tokens: number) {
    this.#next = next
    this.#tokens = tokens
    this.#head = next()
  }

  /** The next groups whose samples need at most `slots`, with prompts of at most `tokens` but for a single one. */
  take(slots: number): ReadonlyArray<SampleGroup> {
    const groups: Array<SampleGroup> = []
    let tokens = 0
    let samples = 0
    while (this.#head !== undefined) {
      tokens += this.#head.prompt.length
      samples += this.#head.samples.length
      if (samples > slots || (groups.length > 0 && tokens > this.#tokens)) break
      groups.push(this.#head)
      this.#head = this.#next()
    }
    return groups
  }
}
