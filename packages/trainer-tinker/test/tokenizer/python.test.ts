/** Python's `tokenizers` and `transformers` as the oracle. Left out, visibly, where python3 has none of them. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import {
  type HuggingFaceTokenizer,
  makeHuggingFaceTokenizer,
} from "../../src/tokenizer/HuggingFaceTokenizer.ts"
import { modelFamilies } from "../../src/tokenizer/ModelFamily.ts"
import { PythonAnswer, pythonCheck, pythonComparison } from "../../src/tokenizer/pythonCheck.ts"
import { type TinyModel, tinyFiles, tinyModels } from "./tinyModels.ts"

const python = process.env["AZR_PYTHON"] ?? "python3"
const imports = spawnSync(python, ["-c", "import jinja2, tokenizers, transformers"], { encoding: "utf8" })
const leftOut =
  imports.status === 0 ? "" : ` (left out: ${python} has no transformers, or there is none; set AZR_PYTHON)`

const compare = (tokenizer: HuggingFaceTokenizer, folder: string) => {
  const { problems, question } = pythonComparison(tokenizer, folder, 1)
  const { stderr, stdout } = spawnSync(python, [fileURLToPath(pythonCheck)], {
    input: `${JSON.stringify(question)}\n`,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  })
  if (stdout === "") throw new Error(stderr)
  const answer = Schema.decodeSync(Schema.fromJsonString(PythonAnswer))(stdout)
  if ("missing" in answer) throw new Error(answer.missing)
  return { answer, problemsOf: (given: typeof answer) => Effect.runSync(problems(given)) }
}

const inFolder = <A>(model: TinyModel, use: (folder: string) => A): A => {
  const folder = mkdtempSync(path.join(tmpdir(), "azr-tokenizer-"))
  try {
    for (const { bytes, name } of tinyFiles(model)) writeFileSync(path.join(folder, name), bytes)
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe(`against transformers${leftOut}`, { timeout: 120_000 }, () => {
  for (const [id, model] of Object.entries(tinyModels)) {
    it.skipIf(leftOut !== "")(`${id}: same tokens of prompts and texts, same texts of samples`, () => {
      const tokenizer = Result.getOrThrow(
        makeHuggingFaceTokenizer(tinyFiles(model), {
          model: model.name,
          form: null,
          thinking: false,
          families: modelFamilies,
        }),
      )
      inFolder(model, (folder) => {
        const { answer, problemsOf } = compare(tokenizer, folder)
        assert.deepStrictEqual(problemsOf(answer), [])
        // It can tell: one token less is found, one character more, too.
        const [first = [], ...texts] = answer.texts
        assert.lengthOf(problemsOf({ ...answer, texts: [first.slice(1), ...texts] }), 1)
        const [sample = "", ...samples] = answer.samples
        assert.lengthOf(problemsOf({ ...answer, samples: [`${sample} `, ...samples] }), 1)
      })
    })
  }
})
