import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { RandomStreams } from "@azr/core"
import { assert, describe, it } from "@effect/vitest"
import { nanoModel } from "../src/index.ts"
import { StructuralFeatures } from "../src/model/FeatureTracker.ts"

const { pieces } = nanoModel.vocabulary
const token = (piece: string): number => pieces.indexOf(piece)

/** Rows of list index, last marker and statement number for each token. */
const rowsOf = (text: ReadonlyArray<string>, offset = 0) => {
  const tracker = new StructuralFeatures(nanoModel).track(offset)
  return text.map((piece) => {
    tracker.advance(token(piece))
    return [...tracker.rows]
  })
}

describe("structural features of nano", () => {
  // A deduction task of two statements with a thought: what each token is worth was written down by hand.
  const task: ReadonlyArray<readonly [piece: string, listIndex: number, marker: string, statement: number]> =
    [
      ["D", 0, "D", 1],
      ["a=a[1:]", 0, "D", 1],
      [";", 0, "D", 2],
      ["a=a+[", 0, "D", 2],
      ["7", 0, "D", 2],
      ["]", 0, "D", 2],
      ["I", 0, "I", 0],
      ["[", 1, "I", 0],
      ["3", 2, "I", 0],
      ["4", 3, "I", 0],
      ["]", 4, "I", 0],
      // The output stands behind the last statement.
      ["O", 0, "O", 3],
      ["<think>", 0, "I", 1],
      ["[", 1, "I", 1],
      ["4", 2, "I", 1],
      ["]", 3, "I", 1],
      [";", 0, "I", 2],
      ["[", 1, "I", 2],
      ["]", 2, "I", 2],
      ["<ans>", 0, "<ans>", 0],
      ["60", 0, "<ans>", 0],
      ["<eos>", 0, "<eos>", 0],
    ]
  const text = task.map(([piece]) => piece)

  it("are those of the definition", () => {
    assert.deepStrictEqual(
      rowsOf(text),
      task.map(([, listIndex, marker, statement]) => [listIndex, token(marker), statement]),
    )
  })

  it("of a thought that undoes count down from the last statement", () => {
    // A two-statement program: its output is step 3, the values before statement 2 and before statement 1.
    const text = ["A", "a=a[1:]", ";", "a=a[1:]", "O", "[", "]", "I", "<undo>", "[", "]", ";", "[", "]"]
    const counts = rowsOf(text).map((row) => row[2])
    assert.deepStrictEqual(counts, [1, 1, 2, 2, 3, 3, 3, 0, 2, 2, 2, 1, 1, 1])
    assert.deepStrictEqual(rowsOf([...text, ";", ";", "<ans>"]).at(-2)?.[2], 0)
    assert.strictEqual(rowsOf(text).at(8)?.[1], token("O"))
    // Without a program there is nothing to count down from.
    assert.deepStrictEqual(
      rowsOf(["S", "I", "O", "I", "O"]).map((row) => row[2]),
      [0, 0, 1, 0, 1],
    )
  })

  it("shift statement counts by the offset, up to the last row", () => {
    assert.deepStrictEqual(
      rowsOf(text, 2).map((row) => row[2]),
      task.map(([, , , statement]) => statement + 2),
    )
    assert.strictEqual(rowsOf(["D", ...Array.from({ length: 30 }, () => ";")], 1).at(-1)?.[2], 11)
    assert.strictEqual(rowsOf(["[", ...Array.from({ length: 30 }, () => "5")]).at(-1)?.[0], 15)
  })

  it("restart with a list inside a list and are 0 before any marker", () => {
    assert.deepStrictEqual(
      rowsOf(["5", "[", "1", "[", "2", "]", "]"]).map((row) => row[0]),
      [0, 1, 2, 1, 2, 3, 0],
    )
    assert.deepStrictEqual(rowsOf(["<pad>", "5"]), [
      [0, 0, 0],
      [0, 0, 0],
    ])
  })

  it("of a clone go their own way", () => {
    const tracker = new StructuralFeatures(nanoModel).track(0)
    for (const piece of ["D", "[", "1"]) tracker.advance(token(piece))
    const clone = tracker.clone()
    clone.advance(token("]"))
    clone.advance(token(";"))
    tracker.advance(token("2"))
    assert.deepStrictEqual([...tracker.rows], [3, token("D"), 1])
    assert.deepStrictEqual([...clone.rows], [0, token("D"), 2])
  })

  const python = spawnSync("python3", ["--version"]).status === 0
  it.skipIf(!python)(`are in Python what they are here${python ? "" : " (left out: no python3)"}`, () => {
    const random = new RandomStreams.RandomStreams(3).get("features")
    // Markers and separators often: they are what the numbers depend on.
    const markers = nanoModel.features.flatMap((feature) =>
      feature._tag === "statementCount"
        ? [feature.separator, ...[...feature.markers, ...feature.descending].map(([marker]) => marker)]
        : feature._tag === "listIndex"
          ? [feature.open, feature.close]
          : [],
    )
    const sequences = Array.from({ length: 200 }, () =>
      Array.from({ length: random.integer(1, 60) }, () =>
        random.float() < 0.7 ? random.pick(markers) : random.integer(0, pieces.length - 1),
      ),
    )
    const expected = sequences.map((sequence) => {
      const tracker = new StructuralFeatures(nanoModel).track(2)
      return sequence.map((each) => {
        tracker.advance(each)
        return [...tracker.rows]
      })
    })
    const { stderr, stdout } = spawnSync(
      "python3",
      [
        "-B",
        "-c",
        [
          "import json, sys; from structural_features import feature_rows",
          "asked = json.load(sys.stdin)",
          "rows = lambda tokens: [feature_rows(f['_tag'], f, tokens, 2) for f in asked['features']]",
          "print(json.dumps([list(zip(*rows(tokens))) for tokens in asked['sequences']]))",
        ].join("\n"),
      ],
      {
        encoding: "utf8",
        input: JSON.stringify({ features: nanoModel.features, sequences }),
        env: { ...process.env, PYTHONPATH: fileURLToPath(new URL("../pytorch", import.meta.url)) },
        maxBuffer: 1 << 28,
      },
    )
    assert.strictEqual(stderr, "")
    assert.deepStrictEqual(JSON.parse(stdout), expected)
  })
})
