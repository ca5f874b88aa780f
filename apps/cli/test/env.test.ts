import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { wasmtimeStatus } from "@azr/wasm-host"
import { assert, describe, it } from "@effect/vitest"
import { azr, jsonLines, workspace } from "./azr.ts"

const broken = fileURLToPath(new URL("fixtures/brokenEnvironment.ts", import.meta.url))

describe("azr env list", () => {
  it("says which environments there are, as a table and as JSON", async () => {
    const table = await azr(["env", "list"], workspace())
    assert.match(
      table.stdout,
      /^environment +kinds +styles +title\npython +deduction abduction induction error +full /,
    )
    const json = await azr(["env", "list", "--json"], workspace())
    assert.deepInclude(jsonLines(json.stdout), {
      id: "python-nano",
      title: "Small Python programs on lists of integers, for nano policies",
      kinds: ["deduction", "abduction", "induction"],
      styles: ["compact"],
    })
  })
})

describe("azr env info", () => {
  it("says what an environment consists of", async () => {
    const { code, stdout } = await azr(["env", "info", "python-nano", "--json"], workspace())
    const [facts] = jsonLines(stdout)
    assert.strictEqual(facts?.["language"], "Python")
    assert.deepInclude(facts?.["kinds"] as ReadonlyArray<unknown>, {
      id: "induction",
      references: { from: ["deduction", "abduction"], given: true },
    })
    assert.deepInclude(facts?.["suites"] as ReadonlyArray<unknown>, {
      id: "deduction-6",
      kind: "deduction",
      split: "test",
      tasks: 1000,
    })
    assert.strictEqual(code, 0)
    const people = await azr(["env", "info", broken], workspace())
    assert.match(
      people.stdout,
      /^environment +broken\n[^]*kind +induction +made for a task of deduction, abduction\n/,
    )
  })
})

describe("azr env test", () => {
  it("checks the clauses that are chosen, one line each", async () => {
    const { code, stderr, stdout } = await azr(
      ["env", "test", "python-nano", "--filter", "gold"],
      workspace(),
    )
    assert.match(
      stdout,
      /^✓ E15 the gold response of every task .*\n✓ E18 damaged .*\n✓ E19 .*\n✓ E26 gold responses of suites are correct\n$/,
    )
    assert.include(stderr, "clauses: 4 hold, 0 broken, 0 skipped")
    assert.strictEqual(code, 0)
  })

  it("says of a broken clause what was found and how to see it again, and exits with 3", async () => {
    const { code, stderr, stdout } = await azr(["env", "test", broken, "--filter", "E15"], workspace())
    const [clause, found, call, again] = stdout.split("\n")
    assert.match(clause ?? "", /^✗ E15 /)
    assert.match(found ?? "", /^ +found: the gold response is wrong: the output is /)
    assert.match(call ?? "", /^ +call: {2}deduction\.verify\(\{"_tag":"deduction".*\}, \{"text":"[^"]+"\}\)$/)
    assert.include(again ?? "", `env test ${broken} --filter E15`)
    assert.include(stderr, "broken breaks E15")
    assert.strictEqual(code, 3)
  })

  const statuses = async (name: string, filter: string) => {
    const { stdout } = await azr(["env", "test", name, "--filter", filter, "--json"], workspace())
    return jsonLines(stdout).map(({ id, reproduce, status }) => [id, status, reproduce !== ""])
  }

  it("gives one JSON object a clause, as people get a line", async () => {
    assert.deepStrictEqual(await statuses(broken, "E26"), [["E26", "broken", true]])
    assert.deepStrictEqual(await statuses("python", "e26"), [["E26", "skipped", false]])
  })

  it("compares hosts", async () => {
    assert.deepStrictEqual(await statuses("python", "L18"), [["L18", "holds", false]])
  })

  it("refuses what names no environment and no clause", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "empty.mjs"), "export default 7\n")
    for (const [args, message] of [
      [["pythn"], "did you mean python?"],
      [["empty.mjs"], "empty.mjs is no environment: the default export is a number"],
      [["python", "--filter", "E99"], "no clause has this id or text"],
      [["python", "--host", "docker"], "docker"],
    ] as const) {
      const { code, stderr } = await azr(["env", "test", ...args], folder)
      assert.include(stderr, message)
      assert.strictEqual(code, 2, args.join(" "))
    }
  })
})

describe("--host", () => {
  it("runs programs on the host that it names, or says why not", async () => {
    const folder = workspace()
    writeFileSync(join(folder, "p.py"), "def f(a):\n    return a + 1")
    const run = (host: string) =>
      azr(["run-program", "p.py", "--input", "1", "--host", host, "--json"], folder)
    const v8 = await run("v8")
    assert.strictEqual(v8.code, 0)
    assert.strictEqual(jsonLines(v8.stdout)[0]?.["value"], 2)
    const wasmtime = await run("wasmtime")
    if (wasmtimeStatus().available) assert.strictEqual(wasmtime.stdout, v8.stdout)
    else {
      assert.strictEqual(wasmtime.code, 4)
      assert.include(wasmtime.stderr, "wasmtime")
    }
  })
})
