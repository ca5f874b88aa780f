import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import { RandomStream, RandomStreams, type StreamState, StreamStates } from "../src/RandomStreams.ts"

const word = 0xffffffffn

/** sfc32 as published (PractRand, sfc.cpp), over unsigned 32-bit words as bigints. */
class Reference {
  a: bigint
  b: bigint
  c: bigint
  counter: bigint
  constructor(state: StreamState) {
    const [a, b, c, counter] = state.map((part) => BigInt.asUintN(32, BigInt(part))) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ]
    this.a = a
    this.b = b
    this.c = c
    this.counter = counter
  }
  next(): bigint {
    const result = (this.a + this.b + this.counter) & word
    this.counter = (this.counter + 1n) & word
    this.a = this.b ^ (this.b >> 9n)
    this.b = (this.c + (this.c << 3n)) & word
    this.c = ((((this.c << 21n) | (this.c >> 11n)) & word) + result) & word
    return result
  }
}

/** The documented seeding, over unsigned words: seed and name through murmur3's finaliser, twelve rounds. */
const referenceStream = (seed: bigint, name: string): Reference => {
  let mixed = ((seed & word) * 0x9e3779b1n) & word
  const absorb = (part: bigint): bigint => {
    mixed = ((mixed ^ part) * 0x85ebca6bn) & word
    mixed = ((mixed ^ (mixed >> 13n)) * 0xc2b2ae35n) & word
    mixed ^= mixed >> 16n
    return mixed
  }
  if (seed > word) absorb(seed >> 32n)
  for (let i = 0; i < name.length; i++) absorb(BigInt(name.charCodeAt(i)))
  const stream = new Reference([0, 0, 0, 1])
  stream.a = absorb(1n)
  stream.b = absorb(2n)
  stream.c = absorb(3n)
  for (let i = 0; i < 12; i++) stream.next()
  return stream
}

const anyState: fc.Arbitrary<StreamState> = fc.tuple(
  fc.integer(),
  fc.integer(),
  fc.integer(),
  fc.oneof(fc.integer(), fc.constant(-1), fc.constant(0x7fffffff)),
)

/** Pearson's statistic of counts against equal expectation, as standard deviations above its mean. */
const chiSquareSigmas = (counts: ReadonlyArray<number>): number => {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  const degrees = counts.length - 1
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  return (statistic - degrees) / Math.sqrt(2 * degrees)
}

const histogram = (size: number, draws: number, draw: () => number): ReadonlyArray<number> => {
  const counts = Array.from({ length: size }, () => 0)
  for (let i = 0; i < draws; i++) {
    const value = draw()
    counts[value] = (counts[value] ?? Number.NaN) + 1
  }
  return counts
}

describe("the generator", () => {
  it("is sfc32, bit for bit", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const stream = new RandomStream(state)
        const reference = new Reference(state)
        for (let i = 0; i < 100; i++) assert.strictEqual(BigInt(stream.uint32()), reference.next())
        assert.deepStrictEqual(
          stream.state.map((part) => BigInt.asUintN(32, BigInt(part))),
          [reference.a, reference.b, reference.c, reference.counter],
        )
      }),
      { numRuns: 200 },
    )
  })

  it("is seeded as documented, for any seed and name", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string(), (seed, name) => {
        const reference = referenceStream(BigInt(seed), name)
        const stream = new RandomStreams(seed).get(name)
        for (let i = 0; i < 4; i++) assert.strictEqual(BigInt(stream.uint32()), reference.next())
      }),
      { numRuns: 500 },
    )
  })

  it("float() is 53 bits of two words, in [0, 1)", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const stream = new RandomStream(state)
        const reference = new Reference(state)
        for (let i = 0; i < 20; i++) {
          const bits = ((reference.next() >> 5n) << 26n) | (reference.next() >> 6n)
          const draw = stream.float()
          assert.strictEqual(BigInt(draw * 2 ** 53), bits)
          assert.isTrue(draw >= 0 && draw < 1)
        }
      }),
    )
    // The largest draw: all 53 bits set.
    const ones = Object.assign(new RandomStream([0, 0, 0, 0]), { uint32: () => 0xffffffff })
    assert.strictEqual(ones.float(), 1 - 2 ** -53)
  })
})

describe("streams", () => {
  it("one name and seed: always the same stream; `get` returns the one in use", () => {
    const streams = new RandomStreams(7)
    const first = streams.get("estimate").uint32()
    assert.strictEqual(new RandomStreams(7).get("estimate").uint32(), first)
    assert.notStrictEqual(streams.get("estimate").uint32(), first)
    assert.strictEqual(streams.get("estimate"), streams.get("estimate"))
  })

  it("draws of one stream never shift another", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 50 }), (seed, draws) => {
        const streams = new RandomStreams(seed)
        for (let i = 0; i < draws; i++) streams.get("a").uint32()
        assert.strictEqual(streams.get("b").uint32(), new RandomStreams(seed).get("b").uint32())
      }),
    )
  })

  it("near seeds and near names give unrelated streams: exclusive-ors have fair bits and bytes", () => {
    const names = [
      "propose/deduction",
      "propose/abduction",
      "propose/deductioo",
      "estimate",
      "estimate/",
      "a",
      "b",
      "",
    ]
    const seeds = [0, 1, 2, 3, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 33, Number.MAX_SAFE_INTEGER]
    const streams = seeds.flatMap((seed) => names.map((name) => new RandomStreams(seed).get(name)))
    const rows = streams.map((stream) => Uint32Array.from({ length: 256 }, () => stream.uint32()))
    let worstBit = 0
    const bytes = Array.from({ length: 256 }, () => 0)
    for (const [i, a] of rows.entries()) {
      for (const b of rows.slice(i + 1)) {
        let ones = 0
        for (let k = 0; k < a.length; k++) {
          const both = ((a[k] as number) ^ (b[k] as number)) >>> 0
          for (let bit = 0; bit < 32; bit++) ones += (both >>> bit) & 1
          for (const shift of [0, 8, 16, 24]) {
            const octet = (both >>> shift) & 255
            bytes[octet] = (bytes[octet] as number) + 1
          }
        }
        const bits = 32 * a.length
        worstBit = Math.max(worstBit, Math.abs(ones - bits / 2) / Math.sqrt(bits / 4))
      }
    }
    // The largest of 2,556 standard normal deviates is about 3.4.
    assert.isBelow(worstBit, 5)
    assert.isBelow(Math.abs(chiSquareSigmas(bytes)), 5)
  })

  it("the first draws over 65,536 seeds are uniform, and all different", () => {
    const firsts = Array.from({ length: 65_536 }, (_, seed) => new RandomStreams(seed).get("init").uint32())
    for (const shift of [0, 12, 24]) {
      let next = 0
      const counts = histogram(256, firsts.length, () => ((firsts[next++] as number) >>> shift) & 255)
      assert.isBelow(Math.abs(chiSquareSigmas(counts)), 5)
    }
    // Birthday: about half a pair of equal words is expected among 65,536 of 2^32.
    assert.isAtLeast(new Set(firsts).size, 65_530)
  })

  it("states() restores every stream where it was, through JSON", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.dictionary(fc.string(), fc.nat({ max: 20 })), (seed, uses) => {
        const streams = new RandomStreams(seed)
        for (const [name, draws] of Object.entries(uses)) {
          for (let i = 0; i < draws; i++) streams.get(name).float()
        }
        const saved = Schema.decodeUnknownSync(StreamStates)(JSON.parse(JSON.stringify(streams.states())))
        const restored = new RandomStreams(seed, saved)
        for (const name of [...Object.keys(uses), "never used before"]) {
          for (let i = 0; i < 3; i++)
            assert.strictEqual(restored.get(name).uint32(), streams.get(name).uint32())
        }
        assert.deepStrictEqual(restored.states(), streams.states())
      }),
    )
  })

  it("states() does not depend on the order of first use", () => {
    const forth = new RandomStreams(1)
    const back = new RandomStreams(1)
    for (const name of ["a", "b", "c"]) forth.get(name).uint32()
    for (const name of ["c", "b", "a"]) back.get(name).uint32()
    assert.strictEqual(JSON.stringify(forth.states()), JSON.stringify(back.states()))
  })
})

const stream = (name: string): RandomStream => new RandomStreams(2026).get(name)

describe("draws", () => {
  it.each([2, 6, 7, 10, 100, 257])("integer(0, %i − 1) is uniform", (size) => {
    const random = stream(`integer/${size}`)
    const counts = histogram(size, 1000 * size, () => random.integer(0, size - 1))
    assert.isBelow(Math.abs(chiSquareSigmas(counts)), 4)
  })

  it("integer() has no modulo bias: a span of 3·2^30 is even over its thirds", () => {
    const random = stream("bias")
    // With `draw % span` the first third would hold half of all draws.
    const counts = histogram(3, 30_000, () => Math.floor(random.integer(0, 3 * 2 ** 30 - 1) / 2 ** 30))
    assert.isBelow(Math.abs(chiSquareSigmas(counts)), 4)
  })

  it("integer() stays within its bounds, negative ones too, and reaches both", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), fc.nat({ max: 5 }), (low, span) => {
        const random = stream(`bounds/${low}/${span}`)
        const seen = new Set(Array.from({ length: 200 }, () => random.integer(low, low + span)))
        assert.deepStrictEqual(
          [...seen].toSorted((a, b) => a - b),
          Array.from({ length: span + 1 }, (_, i) => low + i),
        )
      }),
    )
    assert.doesNotThrow(() => stream("full").integer(0, 2 ** 32 - 1))
  })

  it.each([
    [1, 0],
    [0, 2 ** 32],
    [0, 0.5],
    [0, Number.NaN],
    [0, Infinity],
  ])("integer(%d, %d) is refused", (low, high) => {
    assert.throws(
      () => stream("refused").integer(low, high),
      RangeError,
      `no integer between ${low} and ${high}`,
    )
  })

  it("pick() is uniform and refuses an empty list", () => {
    const random = stream("pick")
    const counts = histogram(5, 10_000, () => random.pick([0, 1, 2, 3, 4]))
    assert.isBelow(Math.abs(chiSquareSigmas(counts)), 4)
    assert.throws(() => random.pick([]), RangeError)
  })

  it("weighted() draws by weight and never a weight of zero", () => {
    const random = stream("weighted")
    const counts = histogram(5, 40_000, () => random.weighted([1, 0, 2, 5, 0]))
    assert.deepStrictEqual([counts[1], counts[4]], [0, 0])
    const scaled = [counts[0] as number, (counts[2] as number) / 2, (counts[3] as number) / 5]
    for (const share of scaled) assert.closeTo(share / 5000, 1, 0.05)
    assert.throws(() => random.weighted([0, 0]), RangeError)
    assert.throws(() => random.weighted([]), RangeError)
    assert.throws(() => random.weighted([Number.NaN]), RangeError)
  })

  it("weighted() gives the last positive weight where rounding leaves a rest", () => {
    const almostOne = Object.assign(new RandomStream([0, 0, 0, 0]), { float: () => 1 - 2 ** -53 })
    assert.strictEqual(almostOne.weighted([0.1, 0.2, 0.3, 0]), 2)
  })

  it("sample() is without replacement and leaves its input alone", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { maxLength: 20 }), fc.nat({ max: 25 }), (items, count) => {
        const before = [...items]
        const drawn = stream(`sample/${count}`).sample(items, count)
        assert.lengthOf(drawn, Math.min(count, items.length))
        assert.strictEqual(new Set(drawn).size, drawn.length)
        assert.isTrue(drawn.every((item) => items.includes(item)))
        assert.deepStrictEqual(items, before)
      }),
    )
  })

  it("sample() draws every arrangement alike", () => {
    const random = stream("arrangements")
    const arrangements = [0, 1, 2, 3].flatMap((a) =>
      [0, 1, 2, 3].filter((b) => b !== a).map((b) => `${a}${b}`),
    )
    const counts = histogram(12, 12_000, () => arrangements.indexOf(random.sample([0, 1, 2, 3], 2).join("")))
    assert.isBelow(Math.abs(chiSquareSigmas(counts)), 4)
  })
})
