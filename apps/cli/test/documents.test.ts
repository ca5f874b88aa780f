/**
 * The code of documents. A block `sh run` or `ts run` is executed in a folder of the document's own, and prints what the block
 * `text output` behind it holds (a line `…` stands for any lines); a block `ts file=PATH` is in that file, word for word.
 */
import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { bin, workspace } from "./azr.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const documents = ["docs/NEW-LANGUAGE.md", "docs/ENVIRONMENTS.md"]

interface Block {
  readonly info: string
  readonly text: string
  readonly line: number
  /** What the next block says that it prints; null where that says nothing. */
  readonly output: string | null
}

const blocksOf = (document: string): ReadonlyArray<Block> => {
  const text = readFileSync(join(root, document), "utf8")
  const found = [...text.matchAll(/^```(.+)\n([^]*?)^```$/gmu)].map(
    ({ 1: info = "", 2: content = "", index }) => ({
      info,
      text: content,
      line: text.slice(0, index).split("\n").length,
    }),
  )
  return found.map((block, index) => {
    const next = found[index + 1]
    return { ...block, output: next?.info === "text output" ? next.text : null }
  })
}

/** A folder with `azr` on its PATH, and with the packages that a module of the user's imports. */
const folderOf = () => {
  const folder = workspace()
  const azr = join(folder, "bin/azr")
  mkdirSync(dirname(azr))
  writeFileSync(
    azr,
    `#!/bin/sh\nexec ${process.execPath} --conditions=@azr/source --disable-warning=ExperimentalWarning ${bin} "$@"\n`,
  )
  chmodSync(azr, 0o755)
  mkdirSync(join(folder, "node_modules/@azr"), { recursive: true })
  for (const name of ["core", "wasm-host"]) {
    symlinkSync(join(root, "packages", name), join(folder, "node_modules/@azr", name))
  }
  symlinkSync(join(root, "packages/core/node_modules/effect"), join(folder, "node_modules/effect"))
  return folder
}

const execute = (folder: string, { info, text }: Block) => {
  const env = {
    ...process.env,
    PATH: `${folder}/bin:${process.env["PATH"]}`,
    NO_COLOR: "1",
    FORCE_COLOR: undefined,
  }
  const options = { cwd: folder, env, encoding: "utf8" } as const
  if (info === "sh run") return spawnSync("sh", ["-ec", text], options)
  writeFileSync(join(folder, "block.ts"), text)
  return spawnSync(process.execPath, ["--conditions=@azr/source", "block.ts"], options)
}

const matches = (output: string, wanted: string): boolean => {
  const parts = wanted.split(/^…\n/mu).map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, "\\$&"))
  return new RegExp(`^${parts.join("[^]*")}$`, "u").test(output)
}

describe("documents", { timeout: 120_000 }, () => {
  for (const document of documents) {
    const folder = folderOf()
    for (const block of blocksOf(document)) {
      const { info, line, output, text } = block
      const file = /file=(\S+)/u.exec(info)?.[1]
      if (file !== undefined) {
        it(`${document}:${line} quotes ${file}`, () => {
          assert.include(readFileSync(join(root, file), "utf8"), text)
        })
      }
      if (!info.endsWith(" run")) continue
      it(`${document}:${line} does what it says`, () => {
        const { status, stderr, stdout } = execute(folder, block)
        assert.strictEqual(status, 0, stderr)
        if (output !== null) assert.isTrue(matches(stdout, output), `it printed\n${stdout}`)
      })
    }
  }
})
