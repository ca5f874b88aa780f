import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { nanoModel, PieceTokenizer } from "../src/index.ts"

const { pieces } = nanoModel.vocabulary
const tokenizer = new PieceTokenizer(nanoModel.vocabulary)
const token = (piece: string): number => pieces.indexOf(piece)
const encode = (text: string): ReadonlyArray<number> => {
  const encoding = tokenizer.encode(text)
  if (encoding._tag === "unknown") throw new Error(`unknown at ${encoding.position}`)
  return encoding.tokens
}

describe("PieceTokenizer of nano", () => {
  it("has the 107 pieces", () => {
    assert.strictEqual(pieces.length, 107)
    assert.deepStrictEqual([pieces[0], pieces[14], pieces[37], pieces[106]], ["<pad>", "[", "-9", "60"])
  })

  it("writes tasks as a person would", () => {
    const tokens = [
      "D",
      "a=a[1:]",
      ";",
      "a=[x+",
      "3",
      " for x in a]",
      "I",
      "[",
      "1",
      "-2",
      "60",
      "]",
      "O",
    ].map(token)
    const text = "D a=a[1:];a=[x+3 for x in a] I [1,-2,60] O"
    assert.strictEqual(tokenizer.decode(tokens), text)
    assert.deepStrictEqual(encode(text), tokens)
  })

  it("reads text over lines and with spaces after commas", () => {
    assert.deepStrictEqual(
      encode("D\na=a[1:];\n a=len(a)\nI [1, 2,3]\n"),
      encode("D a=a[1:];a=len(a) I [1,2,3]"),
    )
  })

  it("takes the longest piece", () => {
    assert.deepStrictEqual(encode("a=a+[5]"), [token("a=a+["), token("5"), token("]")])
    assert.deepStrictEqual(encode("a=a+5"), [token("a=a+"), token("5")])
    assert.deepStrictEqual(encode("PD P D 60 6"), ["PD", "P", "D", "60", "6"].map(token))
  })

  it("leaves out stop tokens", () => {
    assert.strictEqual(tokenizer.decode(encode("<ans> 5 <eos>")), "<ans> 5")
  })

  it("says where text is no nano text", () => {
    assert.deepStrictEqual(tokenizer.encode("D a=b"), { _tag: "unknown", position: 2 })
    assert.deepStrictEqual(tokenizer.encode("[1]é"), { _tag: "unknown", position: 3 })
  })

  it("is stable: text of tokens, read and written again, is the same", () => {
    const tokens = fc.array(fc.integer({ min: 0, max: pieces.length - 1 }), { maxLength: 40 })
    fc.assert(
      fc.property(tokens, (sequence) => {
        const text = tokenizer.decode(sequence)
        assert.strictEqual(tokenizer.decode(encode(text)), text)
      }),
      { numRuns: 3000 },
    )
  })

  it("returns the tokens of everything that does not spell another piece", () => {
    const solo = pieces
      .filter((piece) => piece !== "<eos>" && piece !== "a=a+" && piece !== "a=a-")
      .map(token)
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...solo), { maxLength: 40 }), (sequence) => {
        assert.deepStrictEqual(encode(tokenizer.decode(sequence)), sequence)
      }),
      { numRuns: 3000 },
    )
  })
})
