/**
 * Batched sampling with a key-value cache. Prompts of like length are read together, padded on the left so that all
 * go on in the same column; equal prompts are read once. Rows that have ended leave the batch a quarter at a time.
 */
import { setImmediate } from "node:timers/promises"
import type { PolicyEngine } from "@azr/core"
import { type FeatureTracker, StructuralFeatures } from "../model/FeatureTracker.ts"
import type { ModelConfig } from "../model/ModelConfig.ts"
import { chooseToken, uniform } from "./choice.ts"
import type { GptModel } from "./GptModel.ts"
import { type Cache, causalMask, paddingMask } from "./Layers.ts"
import { makeIndices, setRow } from "./PaddedBatch.ts"
import type { TensorFlow } from "./TensorFlow.ts"

/** A sample that is being drawn. */
interface Draft {
  readonly request: PolicyEngine.SampleRequest
  readonly seed: number
  readonly tokens: Array<number>
  readonly logprobs: Array<number>
  stopReason: PolicyEngine.Sample["stopReason"]
}

/** A draft that goes on, in row `row` of the batch, after `padding` empty columns. */
interface Active {
  readonly draft: Draft
  readonly tracker: FeatureTracker
  readonly padding: number
  row: number
}

export class Decoder {
  readonly #tf: TensorFlow
  readonly #config: ModelConfig
  readonly #model: GptModel
  readonly #features: StructuralFeatures
  readonly #stops: ReadonlySet<number>

  constructor(tf: TensorFlow, config: ModelConfig, model: GptModel) {
    this.#tf = tf
    this.#config = config
    this.#model = model
    this.#features = new StructuralFeatures(config)
    this.#stops = new Set(config.vocabulary.stops)
  }

  /** One list a request, one sample a seed; `slots` sequences at a time. `assertOpen` throws when it is time to end. */
  async run(
    requests: ReadonlyArray<PolicyEngine.SampleRequest>,
    slots: number,
    assertOpen: () => void,
  ): Promise<ReadonlyArray<ReadonlyArray<PolicyEngine.Sample>>> {
    const drafts = requests.map((request) =>
      request.seeds.map((seed): Draft => ({ request, seed, tokens: [], logprobs: [], stopReason: "length" })),
    )
    const order = drafts.flat().sort((a, b) => a.request.prompt.length - b.request.prompt.length)
    for (let first = 0; first < order.length; first += slots) {
      await this.#decode(order.slice(first, first + slots), assertOpen)
    }
    return drafts.map((row) =>
      row.map(({ logprobs, stopReason, tokens }) => ({ tokens, logprobs, stopReason })),
    )
  }

  async #decode(drafts: ReadonlyArray<Draft>, assertOpen: () => void): Promise<void> {
    const start = this.#readPrompts(drafts)
    let { active, caches } = start
    let rows = active.length
    active = this.#draw(active, start.logits)
    try {
      for (let column = start.length; active.length > 0; column++) {
        await setImmediate()
        assertOpen()
        if (active.length <= 0.75 * rows) {
          caches = this.#takeRows(
            caches,
            active.map(({ row }) => row),
          )
          rows = active.length
          active.forEach((each, row) => (each.row = row))
        }
        const next = this.#advance(active, rows, column, caches)
        this.#tf.dispose([...caches])
        caches = next.caches
        active = this.#draw(active, next.logits)
      }
    } finally {
      this.#tf.dispose([...caches])
    }
  }

  /** Logits and caches after the prompts, one row a draft. `length` is the column that comes next. */
  #readPrompts(drafts: ReadonlyArray<Draft>) {
    const tf = this.#tf
    const prompts = [
      ...new Map(drafts.map(({ request: { prompt } }) => [prompt.join(), prompt] as const)).values(),
    ]
    const length = prompts.reduce((most, prompt) => Math.max(most, prompt.length), 0)
    const padding = prompts.map((prompt) => length - prompt.length)
    const indices = makeIndices(this.#config, prompts.length * length)
    const trackers = prompts.map((prompt, p) => {
      const tracker = this.#features.track(0)
      prompt.forEach((token, position) => {
        tracker.advance(token)
        setRow(indices, p * length + (padding[p] as number) + position, token, position, tracker.rows)
      })
      return tracker
    })
    const numberOf = new Map(prompts.map((prompt, p) => [prompt.join(), p]))
    const promptOf = drafts.map(({ request }) => numberOf.get(request.prompt.join()) as number)

    const causal = causalMask(tf, length)
    const pads = paddingMask(tf, padding, length)
    const mask = pads === null ? causal : tf.add(causal, pads)
    const read = this.#model.read(indices, prompts.length, mask)
    tf.dispose([causal, mask, ...(pads === null ? [] : [pads])])

    const vocabulary = this.#config.vocabulary.pieces.length
    const logits = new Float32Array(drafts.length * vocabulary)
    promptOf.forEach((p, row) =>
      logits.set(read.logits.subarray(p * vocabulary, (p + 1) * vocabulary), row * vocabulary),
    )
    const active = drafts.map((draft, row): Active => {
      const p = promptOf[row] as number
      const tracker = (trackers[p] as FeatureTracker).clone()
      return { draft, tracker, padding: padding[p] as number, row }
    })
    return { active, caches: this.#takeRows(read.caches, promptOf), length, logits }
  }

  /** The latest token of each draft goes into `column`. */
  #advance(active: ReadonlyArray<Active>, rows: number, column: number, caches: ReadonlyArray<Cache>) {
    const indices = makeIndices(this.#config, rows)
    const padding = Array.from({ length: rows }, () => 0)
    for (const { draft, tracker, padding: empty, row } of active) {
      const token = draft.tokens.at(-1) as number
      tracker.advance(token)
      setRow(indices, row, token, column - empty, tracker.rows)
      padding[row] = empty
    }
    const mask = paddingMask(this.#tf, padding, column + 1)
    const next = this.#model.advance(indices, caches, mask)
    mask?.dispose()
    return next
  }

  /** Draws the next token of each; gives those that go on. */
  #draw(active: ReadonlyArray<Active>, logits: Float32Array): Array<Active> {
    const vocabulary = this.#config.vocabulary.pieces.length
    return active.filter(({ draft, row }) => {
      const { maxTokens, temperature } = draft.request
      const draw = temperature === 0 ? 0 : uniform(draft.seed, draft.tokens.length)
      const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary)
      const { logprob, token } = chooseToken(own, temperature, draw)
      draft.tokens.push(token)
      draft.logprobs.push(logprob)
      if (this.#stops.has(token)) draft.stopReason = "stop"
      return draft.stopReason === "length" && draft.tokens.length < maxTokens
    })
  }

  /** New caches of the rows given, in that order, in place of `caches`. */
  #takeRows(caches: ReadonlyArray<Cache>, rows: ReadonlyArray<number>): ReadonlyArray<Cache> {
    const tf = this.#tf
    const taken = tf.tidy(() => {
      const index = tf.tensor1d([...rows], "int32")
      return caches.map(({ keys, values }) => ({
        keys: tf.gather(keys, index),
        values: tf.gather(values, index),
      }))
    })
    tf.dispose([...caches])
    return taken
  }
}
