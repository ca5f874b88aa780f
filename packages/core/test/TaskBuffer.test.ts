import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { type RandomStream, RandomStreams } from "../src/RandomStreams.ts"
import { type BufferConfig, type BufferMix, TaskBuffer, type TaskRecord, draw } from "../src/TaskBuffer.ts"

const record = (id: number, step: number): TaskRecord => ({
  id,
  environment: "puzzles",
  kind: "sum",
  step,
  origin: step === 0 ? "seed" : "proposed",
  parents: [],
  task: { id },
  successRate: null,
})

/** Records with ids from 1, at the given steps. */
const records = (steps: ReadonlyArray<number>): ReadonlyArray<TaskRecord> =>
  steps.map((step, i) => record(i + 1, step))
const config = (capacity: number, keepSeeds: number): BufferConfig => ({
  capacity,
  evict: "oldest",
  admit: "all",
  keepSeeds,
  refuseDuplicates: true,
})
const large = config(1000, 0)
const ids = (drawn: ReadonlyArray<TaskRecord>): ReadonlyArray<number> => drawn.map(({ id }) => id)
const random = (name: string) => new RandomStreams(5).get(name)

/** How often each id is drawn. */
const frequencies = (
  buffer: TaskBuffer,
  mix: BufferMix,
  count: number,
  rounds: number,
): Map<number, number> => {
  const stream = random(`${mix}/${count}`)
  const counts = new Map<number, number>()
  for (let i = 0; i < rounds; i++) {
    for (const id of ids(draw(buffer.records, mix, count, stream))) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

const closeShares = (
  counts: Map<number, number>,
  rounds: number,
  expected: Readonly<Record<number, number>>,
) => {
  for (const [id, share] of Object.entries(expected)) {
    assert.closeTo((counts.get(Number(id)) ?? 0) / rounds, share, 0.02, `task ${id}`)
  }
}

describe("eviction", () => {
  it("the oldest leaves first, the newest always enters", () => {
    const buffer = new TaskBuffer(config(3, 0))
    for (const each of records([0, 0, 1, 1, 2])) buffer.add(each)
    assert.deepStrictEqual(ids(buffer.records), [3, 4, 5])
    assert.strictEqual(buffer.size, 3)
  })

  it("the first `keepSeeds` seeds stay, the oldest of the others leaves", () => {
    const buffer = new TaskBuffer(config(4, 2), records([0, 0, 0, 1, 1, 2, 3]))
    assert.deepStrictEqual(ids(buffer.records), [1, 2, 6, 7])
  })

  it("fewer seeds than `keepSeeds`: all seeds stay", () => {
    const buffer = new TaskBuffer(config(3, 2), records([0, 1, 2, 3, 4]))
    assert.deepStrictEqual(ids(buffer.records), [1, 4, 5])
  })

  it("`keepSeeds` beyond the capacity still leaves room for the newest", () => {
    const buffer = new TaskBuffer(config(3, 10), records([0, 0, 0, 0, 1, 2]))
    assert.deepStrictEqual(ids(buffer.records), [1, 2, 6])
  })

  it("with `newest`, a full buffer stays as it is", () => {
    const buffer = new TaskBuffer({ ...config(3, 0), evict: "newest" }, records([0, 0, 1, 1, 2]))
    assert.deepStrictEqual(ids(buffer.records), [1, 2, 3])
  })

  it("is what a plain list does that drops its first unprotected entry", () => {
    const histories = fc.record({
      capacity: fc.integer({ min: 1, max: 12 }),
      keepSeeds: fc.nat({ max: 6 }),
      seeds: fc.nat({ max: 15 }),
      increments: fc.array(fc.nat({ max: 2 }), { maxLength: 40 }),
    })
    fc.assert(
      fc.property(histories, ({ capacity, increments, keepSeeds, seeds }) => {
        fc.pre(keepSeeds < capacity)
        let step = 1
        const steps = [...Array.from({ length: seeds }, () => 0), ...increments.map((more) => (step += more))]
        const all = records(steps)
        const kept = new Set(all.filter((each) => each.step === 0).slice(0, keepSeeds))
        const model: Array<TaskRecord> = []
        const buffer = new TaskBuffer(config(capacity, keepSeeds))
        for (const each of all) {
          model.push(each)
          if (model.length > capacity) {
            model.splice(
              model.findIndex((candidate) => !kept.has(candidate)),
              1,
            )
          }
          buffer.add(each)
          assert.deepStrictEqual(ids(buffer.records), ids(model))
        }
        // A buffer restored from its records continues alike.
        const restored = new TaskBuffer(config(capacity, keepSeeds), buffer.records)
        restored.add(record(1000, step + 1))
        buffer.add(record(1000, step + 1))
        assert.deepStrictEqual(restored.records, buffer.records)
      }),
    )
  })

  it("replaces a record in place, and ignores one that has left", () => {
    const buffer = new TaskBuffer(config(2, 0), records([0, 1, 2]))
    buffer.replace({ ...record(2, 1), successRate: 0.5 })
    buffer.replace({ ...record(1, 0), successRate: 0.5 })
    assert.deepStrictEqual(
      buffer.records.map(({ id, successRate }) => [id, successRate]),
      [
        [2, 0.5],
        [3, null],
      ],
    )
  })
})

describe("draw", () => {
  const mixes: ReadonlyArray<BufferMix> = ["uniform", "maxNew", "halfNew", "recency"]

  it.each(mixes)(
    "%s: no repetition while there are enough, all of them and then repetition where not",
    (mix) => {
      fc.assert(
        fc.property(
          fc.array(fc.nat({ max: 4 }), { maxLength: 12 }),
          fc.nat({ max: 20 }),
          fc.nat(),
          (steps, count, seed) => {
            const all = records(steps.toSorted((a, b) => a - b))
            const drawn = ids(draw(all, mix, count, new RandomStreams(seed).get("draw")))
            assert.lengthOf(drawn, all.length === 0 ? 0 : count)
            assert.strictEqual(new Set(drawn).size, Math.min(count, all.length))
          },
        ),
      )
    },
  )

  it.each(mixes)("%s: the same stream draws the same tasks", (mix) => {
    const buffer = new TaskBuffer(large, records([0, 0, 1, 2, 2, 3]))
    assert.deepStrictEqual(
      ids(draw(buffer.records, mix, 4, random("same"))),
      ids(draw(buffer.records, mix, 4, random("same"))),
    )
  })

  const buffer = new TaskBuffer(large, records([0, 0, 0, 1, 3, 3]))
  const rounds = 10_000

  it.each(mixes)("%s: from a buffer of any size", (mix) => {
    const many = Array.from({ length: 300_000 }, (_, i) => record(i + 1, i % 7))
    assert.lengthOf(ids(draw(many, mix, 2, random(mix))), 2)
  })

  it("uniform: every task alike", () => {
    closeShares(frequencies(buffer, "uniform", 2, rounds), rounds, {
      1: 1 / 3,
      2: 1 / 3,
      3: 1 / 3,
      4: 1 / 3,
      5: 1 / 3,
      6: 1 / 3,
    })
  })

  it("maxNew: the newest step first, the rest uniformly", () => {
    closeShares(frequencies(buffer, "maxNew", 1, rounds), rounds, {
      1: 0,
      2: 0,
      3: 0,
      4: 0,
      5: 1 / 2,
      6: 1 / 2,
    })
    closeShares(frequencies(buffer, "maxNew", 4, rounds), rounds, {
      1: 1 / 2,
      2: 1 / 2,
      3: 1 / 2,
      4: 1 / 2,
      5: 1,
      6: 1,
    })
  })

  it("halfNew: half from the newest step, the rest uniformly over what remains", () => {
    // One of tasks 5 and 6; then one of the five others.
    closeShares(frequencies(buffer, "halfNew", 2, rounds), rounds, {
      1: 1 / 5,
      2: 1 / 5,
      3: 1 / 5,
      4: 1 / 5,
      5: 3 / 5,
      6: 3 / 5,
    })
    closeShares(frequencies(buffer, "halfNew", 3, rounds), rounds, { 1: 1 / 4, 4: 1 / 4, 5: 1, 6: 1 })
  })

  it("recency: weight grows linearly with the step, seeds have weight 1", () => {
    // Weights 1 1 1 2 4 4.
    closeShares(frequencies(buffer, "recency", 1, rounds), rounds, {
      1: 1 / 13,
      3: 1 / 13,
      4: 2 / 13,
      5: 4 / 13,
      6: 4 / 13,
    })
  })

  it("recency: the tasks of the smallest exponential keys, in their order, whatever the count", () => {
    const sorted = (tasks: ReadonlyArray<TaskRecord>, count: number, stream: RandomStream) =>
      tasks
        .map((task) => ({ id: task.id, key: -Math.log(1 - stream.float()) / (task.step + 1) }))
        .toSorted((a, b) => a.key - b.key)
        .slice(0, count)
        .map(({ id }) => id)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2000 }),
        fc.nat({ max: 2500 }),
        fc.nat(),
        (size, wanted, seed) => {
          const tasks = Array.from({ length: size }, (_, i) => record(i + 1, (i * 37) % 50))
          const [one, other] = [new RandomStreams(seed).get("draw"), new RandomStreams(seed).get("draw")]
          const count = Math.min(wanted, size)
          assert.deepStrictEqual(ids(draw(tasks, "recency", count, one)), sorted(tasks, count, other))
          assert.deepStrictEqual(one.state, other.state)
        },
      ),
    )
  })

  it("recency: without replacement, second draws follow the remaining weights", () => {
    const two = new TaskBuffer(large, records([0, 1, 3]))
    // Weights 1 2 4. P(1 among two) = 1/7 + 2/7·1/5 + 4/7·1/3.
    closeShares(frequencies(two, "recency", 2, rounds), rounds, {
      1: 1 / 7 + 2 / 35 + 4 / 21,
      2: 2 / 7 + 1 / 7 / 3 + 8 / 21,
    })
  })

  it("repetition is uniform over all tasks", () => {
    const one = new TaskBuffer(large, records([0, 3]))
    closeShares(frequencies(one, "maxNew", 3, rounds), rounds, { 1: 3 / 2, 2: 3 / 2 })
  })
})
