/** What every command promises: examples, completions, results on stdout, no colour where none is wanted. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import type { Command } from "effect/cli"
import { loadCommand } from "../src/cli.ts"
import { azr, bin, ended, start, workspace } from "./azr.ts"
import { writeRun } from "./runWriter.ts"

type Node = Pick<Command.Command.Any, "name" | "description" | "examples" | "subcommands">

const everyCommand = (command: Node, path = command.name): ReadonlyArray<readonly [string, Node]> => [
  [path, command],
  ...command.subcommands.flatMap(({ commands }) =>
    commands.flatMap((each) => everyCommand(each, `${path} ${each.name}`)),
  ),
]
const commands = everyCommand(await loadCommand(undefined))
const ansi = "\u001b["

describe("every command", () => {
  it.each(commands)(
    "%s: says what it does, with examples that name it",
    (path, { description, examples }) => {
      assert.isAbove(description?.length ?? 0, 10)
      assert.isNotEmpty(examples)
      for (const { command } of examples) assert.include(command, path.split(" ", 1).join(""))
    },
  )

  it("is there when only its branch is loaded", async () => {
    for (const word of new Set(commands.flatMap(([path]) => path.split(" ")[1] ?? []))) {
      const branch = everyCommand(await loadCommand(word))
      const whole = commands.filter(([path]) => path === "azr" || path.split(" ")[1] === word)
      assert.deepStrictEqual(
        branch.map(([path]) => path),
        whole.map(([path]) => path),
      )
    }
  })
})

describe("completions", { timeout: 60_000 }, () => {
  it.each(["bash", "zsh", "fish"])(
    "%s: a script with every command, which its shell can read",
    async (shell) => {
      const { code, stdout } = await azr(["--completions", shell], workspace())
      assert.strictEqual(code, 0)
      for (const word of ["train", "resume", "doctor", "diff", "runs-dir"]) assert.include(stdout, word)
      const read = spawnSync(shell, ["-n"], { input: stdout, encoding: "utf8" })
      if (read.error === undefined) assert.strictEqual(read.status, 0, read.stderr)
    },
  )
})

describe("output", { timeout: 60_000 }, () => {
  let folder = ""
  beforeAll(async () => {
    folder = workspace()
    await writeRun(folder, "a")
  })
  const show = ["runs", "show", "a"]

  it("is plain in a pipe, and coloured where that is forced", async () => {
    const plain = await azr(show, folder)
    assert.notInclude(plain.stdout, ansi)
    assert.strictEqual(plain.stderr, "")
    const forced = await ended(start(show, folder, { FORCE_COLOR: "1", NO_COLOR: "" }))
    assert.include(forced.stdout, ansi)
  })

  // util-linux's script gives a command a terminal.
  const hasTerminal = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0
  const leftOut = hasTerminal ? "" : " (left out: no util-linux script here)"
  it.skipIf(!hasTerminal)(`on a terminal is coloured, unless NO_COLOR is set${leftOut}`, () => {
    const line = [
      process.execPath,
      "--conditions=@azr/source",
      "--disable-warning=ExperimentalWarning",
      bin,
      ...show,
    ]
    const onTerminal = (environment: Readonly<Record<string, string | undefined>>) =>
      spawnSync("script", ["-qec", line.join(" "), "/dev/null"], {
        cwd: folder,
        encoding: "utf8",
        // Node takes no terminal of a CI for one with colours.
        env: { ...process.env, TERM: "xterm", CI: undefined, FORCE_COLOR: undefined, ...environment },
      }).stdout
    assert.include(onTerminal({ NO_COLOR: undefined }), ansi)
    const without = onTerminal({ NO_COLOR: "1" })
    assert.include(without, join("runs", "a"))
    assert.notInclude(without, ansi)
  })

  it.each([
    [["runs", "show", "none"], 2],
    [["runs", "shwo"], 2],
    [["train", "--steps", "many"], 2],
    [["train", "--set", "estimate.samples=many"], 2],
    [["train", "--dashboard=70000"], 2],
    [["train", "--name", "a"], 2],
    [["train", "--backend", "none"], 4],
    [["eval", "a", "--kind", "deduction", "--kind", "abduction"], 2],
    [["resume"], 2],
    [["resume", "a"], 0],
  ] as const)("%j: nothing on stdout, one line of reason on stderr, exit code %d", async (args, expected) => {
    const { code, stderr, stdout } = await azr(args, folder)
    assert.strictEqual(code, expected)
    assert.strictEqual(stdout, "")
    assert.match(stderr, /^[^\n]{10,}\n$/)
  })

  it("a slip in a word names the nearest one, and the help that has them all", async () => {
    for (const [args, line] of [
      [["train", "--stpes", "3"], /--stpes.* did you mean --steps\? See azr train --help/],
      [["runs", "shwo"], /"shwo".* did you mean show\? See azr runs --help/],
      [["runs", "--sort", "disc"], /"disk"\. See azr runs --help/],
    ] as const)
      assert.match((await azr(args, folder)).stderr, line)
  })
})
