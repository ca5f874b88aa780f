import { spawnSync } from "node:child_process"
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createHash } from "node:crypto"
import { crc32c } from "@aws-crypto/crc32c"
import { BinaryReader } from "@bufbuild/protobuf/wire"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { parse } from "csv-parse/sync"
import { parquetReadObjects } from "hyparquet"
import { rmSync } from "node:fs"
import { azr, jsonLines, workspace } from "./azr.ts"

const python = (program: string, ...args: ReadonlyArray<string>) =>
  spawnSync("python3", ["-c", program, ...args], { encoding: "utf8" })
const has = (packages: string): boolean => python(`import ${packages}`).status === 0
/** What a test that needs Python packages says of itself where they are not there. */
const leftOut = (present: boolean, packages: string): string =>
  present ? "" : ` (left out: python3 has no ${packages})`

const folder = workspace()
const settings = [
  "kinds.deduction.seeds=16",
  "kinds.deduction.proposals=8",
  "evaluate.devTasks=2",
  'evaluate.suites=["deduction-2"]',
  "estimate.samples=2",
]

beforeAll(async () => {
  const run = await azr(
    ["train", "--name", "small", "--steps", "2", ...settings.flatMap((setting) => ["--set", setting])],
    folder,
  )
  assert.strictEqual(run.code, 0, run.stderr)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true }))

const exported = async (...args: ReadonlyArray<string>) => {
  const run = await azr(["export", "small", ...args, "--json"], folder)
  assert.strictEqual(run.code, 0, run.stderr)
  return jsonLines(run.stdout) as ReadonlyArray<{ path: string; bytes: number; sha256: string }>
}

const parquet = (file: string) =>
  parquetReadObjects({ file: readFileSync(join(folder, file)).buffer as ArrayBuffer })

/** A row as a table without structures holds it. */
const flatRow = (columns: ReadonlyArray<string>) => (row: Record<string, unknown>) =>
  Object.fromEntries(
    columns.map((name) => {
      const cell = row[name] ?? null
      return [name, typeof cell === "object" && cell !== null ? JSON.stringify(cell) : cell]
    }),
  )

describe("azr export of tables", { timeout: 120_000 }, () => {
  it.each(["tasks", "rollouts", "metrics"])(
    "gives the same %s as JSON lines, CSV and Parquet",
    async (what) => {
      for (const format of ["jsonl", "csv", "parquet"]) {
        const [file] = await exported("--what", what, "--format", format)
        assert.isDefined(file)
        assert.strictEqual(file.path, `small-${what}.${format}`)
        const bytes = readFileSync(join(folder, file.path))
        assert.strictEqual(file.bytes, bytes.length)
        assert.strictEqual(file.sha256, createHash("sha256").update(bytes).digest("hex"))
        const printed = await azr(
          ["export", "small", "--what", what, "--format", format, "--out", "-"],
          folder,
        )
        if (format === "parquet") assert.strictEqual(printed.code, 2, printed.stderr)
        else assert.strictEqual(printed.stdout, bytes.toString())
      }
      const table = await parquet(`small-${what}.parquet`)
      const columns = Object.keys(table[0] ?? {})
      const lines = jsonLines(readFileSync(join(folder, `small-${what}.jsonl`), "utf8")).map(flatRow(columns))
      assert.isAbove(lines.length, 1)
      assert.deepStrictEqual(table, lines)
      const cells = parse(readFileSync(join(folder, `small-${what}.csv`)), { columns: true })
      assert.deepStrictEqual(
        cells,
        lines.map((line) =>
          Object.fromEntries(
            Object.entries(line).map(([name, cell]) => [name, cell === null ? "" : String(cell)]),
          ),
        ),
      )
    },
  )

  it("gives every metric of every step, and every rollout", async () => {
    const run = join(folder, "runs/small")
    const metrics = jsonLines(readFileSync(join(run, "metrics.jsonl"), "utf8"))
    await exported("--what", "metrics", "--out", "m.jsonl")
    const rows = jsonLines(readFileSync(join(folder, "m.jsonl"), "utf8"))
    for (const { at: _, ...step } of metrics) {
      const row = rows.find((each) => each["step"] === step["step"])
      assert.deepInclude(row, step)
    }
    assert.property(rows[0], "evaluate/dev/deduction-2/correct")
    // What the machine did is of a real training: more than Node takes, and calls that took their time.
    const {
      "executors/python/calls": calls,
      "executors/python/p99": p99,
      "machine/memoryBytes": memory,
    } = rows.find(({ step }) => step === 1) ?? {}
    assert.isAbove(Number(memory), 30e6)
    assert.isAbove(Number(calls), 0)
    assert.isAbove(Number(p99), 0)
    await exported("--what", "rollouts", "--out", "r.jsonl")
    const texts = readdirSync(join(run, "rollouts"))
      .toSorted()
      .map((name) => readFileSync(join(run, "rollouts", name), "utf8"))
    assert.deepStrictEqual(
      jsonLines(readFileSync(join(folder, "r.jsonl"), "utf8")),
      texts.flatMap((text) => jsonLines(text)),
    )
  })

  it("writes tasks as rows of a verifiers data set: messages, an answer that scores, the task as JSON text", async () => {
    const [file] = await exported("--what", "tasks", "--format", "verifiers")
    assert.strictEqual(file?.path, "small-tasks-verifiers.jsonl")
    const rows = jsonLines(readFileSync(join(folder, "small-tasks-verifiers.jsonl"), "utf8"))
    await exported("--what", "tasks", "--format", "jsonl", "--out", "all.jsonl")
    assert.lengthOf(rows, jsonLines(readFileSync(join(folder, "all.jsonl"), "utf8")).length)
    for (const row of rows) {
      assert.deepStrictEqual(Object.keys(row), ["example_id", "prompt", "answer", "task", "info"])
      const [message] = row["prompt"] as ReadonlyArray<Record<string, unknown>>
      assert.strictEqual(message?.["role"], "user")
      assert.isString(message?.["content"])
      assert.match(String(row["task"]), /^python-nano\/(?:deduction|abduction|induction)$/)
      const { answer, environment, kind } = JSON.parse(String(row["info"]))
      assert.strictEqual(row["task"], `${environment}/${kind}`)
      assert.isNotEmpty(answer.text)
      // The answer is what is read out of the response, whose compact form has less of a program than the answer is.
      if (kind !== "induction") assert.include(String(row["answer"]), answer.text)
    }
  })

  it("writes tasks that azr corpus reads and finds true", async () => {
    await exported("--what", "tasks", "--out", "t.jsonl")
    const { stdout } = await azr(["corpus", "t.jsonl", "--json"], folder)
    const statuses = new Set(jsonLines(stdout).map(({ status }) => status))
    assert.deepStrictEqual([...statuses], ["match"])
  })

  const pandas = has("pandas, pyarrow")
  it.skipIf(!pandas)(`is what pandas reads${leftOut(pandas, "pandas and pyarrow")}`, async () => {
    await exported("--what", "rollouts", "--format", "parquet", "--out", "p.parquet")
    const { stderr, stdout } = python(
      "import pandas, sys; t = pandas.read_parquet(sys.argv[1]); print(len(t), t.reward.sum(), t.step.dtype)",
      join(folder, "p.parquet"),
    )
    const rows = await parquet("p.parquet")
    const reward = rows.reduce((sum, row) => sum + Number(row["reward"] ?? 0), 0)
    const [count, sum, type] = stdout.trim().split(" ")
    assert.strictEqual(Number(count), rows.length, stderr)
    assert.approximately(Number(sum), reward, 1e-9)
    assert.strictEqual(type, "int32")
  })
})

describe("azr export for TensorBoard", { timeout: 120_000 }, () => {
  const masked = (bytes: Uint8Array): number => {
    const crc = crc32c(bytes)
    return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
  }

  it("is made of records with their checksums, each of one step", async () => {
    // RFC 3720, B.4: 32 bytes of zeroes.
    assert.strictEqual(crc32c(new Uint8Array(32)), 0x8a9136aa)
    const [file] = await exported("--what", "metrics", "--format", "tensorboard", "--out", "logs")
    const bytes = readFileSync(join(folder, file?.path ?? ""))
    const steps: Array<number> = []
    for (let offset = 0; offset < bytes.length;) {
      const length = Number(bytes.readBigUInt64LE(offset))
      assert.strictEqual(bytes.readUInt32LE(offset + 8), masked(bytes.subarray(offset, offset + 8)))
      const content = bytes.subarray(offset + 12, offset + 12 + length)
      assert.strictEqual(bytes.readUInt32LE(offset + 12 + length), masked(content))
      const reader = new BinaryReader(content)
      while (reader.pos < reader.len) {
        const [number, type] = reader.tag()
        if (number === 2) steps.push(Number(reader.int64()))
        else reader.skip(type)
      }
      offset += 16 + length
    }
    assert.deepStrictEqual(steps, [0, 1, 2])
  })

  const board = has("tensorboard.backend.event_processing.event_accumulator")
  it.skipIf(!board)(`is what TensorBoard reads${leftOut(board, "tensorboard")}`, async () => {
    await exported("--what", "metrics", "--format", "tensorboard", "--out", "board")
    await exported("--what", "metrics", "--out", "board.jsonl")
    const { stderr, stdout } = python(
      [
        "import json, sys",
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator",
        "e = EventAccumulator(sys.argv[1]); e.Reload()",
        "print(json.dumps({t: [[x.step, x.value] for x in e.Scalars(t)] for t in e.Tags()['scalars']}))",
      ].join("\n"),
      join(folder, "board"),
    )
    assert.isNotEmpty(stdout, stderr)
    const scalars = JSON.parse(stdout) as Record<string, ReadonlyArray<readonly [number, number]>>
    const expected: Record<string, Array<readonly [number, number]>> = {}
    for (const row of jsonLines(readFileSync(join(folder, "board.jsonl"), "utf8"))) {
      for (const [name, value] of Object.entries(row)) {
        if (name === "step" || name === "at") continue
        ;(expected[name] ??= []).push([Number(row["step"]), Math.fround(Number(value))])
      }
    }
    assert.deepStrictEqual(scalars, expected)
  })
})

describe("azr export of checkpoints", { timeout: 400_000 }, () => {
  const transformers = has("torch, transformers")

  it("gives the checkpoint's own weights, from a run, a folder and an embedded name", async () => {
    const weights = readFileSync(join(folder, "runs/small/checkpoints/step-000002/policy.safetensors"))
    const digest = createHash("sha256").update(weights).digest("hex")
    const [byRun] = await exported()
    assert.deepStrictEqual(byRun, {
      path: "small-checkpoint-step-2.safetensors",
      bytes: weights.length,
      sha256: digest,
    })
    const place = join("runs", "small", "checkpoints", "step-000002")
    const byFolder = await azr(["export", place, "--out", "again.safetensors"], folder)
    assert.strictEqual(
      byFolder.stdout,
      `again.safetensors  ${weights.length} bytes  sha256 ${digest}\n`,
      byFolder.stderr,
    )
    const embedded = await azr(["export", "nano"], folder)
    assert.match(embedded.stdout, /^nano-checkpoint\.safetensors {2}\d+ bytes/)
  })

  it("writes a Hugging Face folder, and says whether it was checked", async () => {
    const run = await azr(["export", "small", "--format", "hf", "--out", "hf"], folder)
    assert.strictEqual(run.code, 0, run.stderr)
    assert.match(
      run.stderr,
      transformers
        ? /checked with transformers .*: \d+ log-probabilities within \S+, same tokens, same greedy answers/
        : /check left out: /,
    )
    const files = run.stdout.trimEnd().split("\n")
    assert.deepStrictEqual(
      files.map((line) => line.split(" ")[0]),
      readdirSync(join(folder, "hf"))
        .toSorted()
        .map((name) => join("hf", name)),
    )
    const config = JSON.parse(readFileSync(join(folder, "hf/config.json"), "utf8")) as {
      readonly auto_map: Readonly<Record<string, string>>
    }
    for (const reference of Object.values(config.auto_map)) {
      assert.isTrue(existsSync(join(folder, "hf", `${reference.split(".")[0]}.py`)), reference)
    }
  })

  it("says that the check was left out where there is no Python", async () => {
    const run = await azr(
      ["export", "nano", "--format", "hf", "--out", "unchecked", "--python", "no-such-python"],
      folder,
    )
    assert.strictEqual(run.code, 0, run.stderr)
    assert.include(run.stderr, "check left out: no-such-python")
  })

  it.skipIf(!transformers)(
    `exits with 3 where transformers computes something else${leftOut(transformers, "torch and transformers")}`,
    async () => {
      // A Python that puts other weights into the folder before it looks.
      const other = await azr(["export", "nano", "--format", "hf", "--out", "nano", "--no-check"], folder)
      assert.strictEqual(other.code, 0, other.stderr)
      copyFileSync(join(folder, "nano/model.safetensors"), join(folder, "other.safetensors"))
      const script = join(folder, "python.sh")
      writeFileSync(
        script,
        `#!/bin/sh\ncp ${join(folder, "other.safetensors")} "$2/model.safetensors"\nexec python3 "$@"\n`,
        { mode: 0o755 },
      )
      const run = await azr(
        ["export", "small", "--format", "hf", "--out", "changed", "--python", script],
        folder,
      )
      assert.strictEqual(run.code, 3, run.stderr)
      assert.include(run.stderr, "log-probabilities differ")
    },
  )
})

describe("usage of azr export", { timeout: 60_000 }, () => {
  it.each([
    [["nowhere"], "no run nowhere"],
    [["small", "--what", "tasks", "--format", "hf"], "tasks cannot be written as hf"],
    [["small", "--what", "tasks", "--step", "1"], "--step chooses a checkpoint"],
    [["small", "--step", "7"], "no checkpoint at step 7"],
    [["small", "--out", "runs"], "runs is already there"],
  ])("exits with 2 for %j", async (args, message) => {
    const { code, stderr, stdout } = await azr(["export", ...args], folder)
    assert.strictEqual(code, 2)
    assert.include(stderr, message)
    assert.strictEqual(stdout, "")
  })
})
