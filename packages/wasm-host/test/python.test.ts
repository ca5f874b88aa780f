/** The largest component that there is, CPython: clean after many bad ends, and the same on both hosts. */
import { Effect } from "effect"
import { it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { assert, describe } from "vitest"
import { extractCoreModule, readComponent } from "../src/component.ts"
import { compile, Instance } from "../src/coreModule.ts"
import { type Call, type CallResult, ExecutorHost } from "../src/index.ts"
import { describeHosts, describeWasmtime, type HostUnderTest } from "./hosts.ts"

const artifacts = new URL("../../env-python-wasm/artifacts/", import.meta.url)
const { file, sha256 } = JSON.parse(readFileSync(new URL("digests.json", artifacts), "utf8")).images.a
const component = { id: "python", images: { main: { url: new URL(file, artifacts), sha256 } }, warmUp: [] }

const call = (request: object, fuel = 2e8): Call => ({
  image: "main",
  request: JSON.stringify(request),
  fuel,
})
const run = (program: string, args: ReadonlyArray<unknown> = [], fuel?: number): Call =>
  call({ op: "run", program, entry: "f", args, entropy: 0, outputBytes: 65_536 }, fuel)

const ordinary: ReadonlyArray<Call> = [
  run("def f(a): return sorted(a)", [[3, 1, 2]]),
  run("def f(s):\n  return s[::-1].upper()", ["hello"]),
  run("import collections\ndef f(xs): return sorted(collections.Counter(xs).items())", [[3, 1, 2, 3, 3, 1]]),
  run("def f(n): return [x for x in range(2, n) if all(x % d for d in range(2, int(x ** 0.5) + 1))]", [60]),
  run("def f(): return {i: str(i) * 50 for i in range(500)}"),
  run("import math\ndef f(): return [math.sin(i) ** 0.5 if i % 2 else -(i ** -1.5) for i in range(1, 60)]"),
  run("def f(): return [0.1 + 0.2, 1e308 * 10, -0.0, 2 ** 200, 5 // -3, -5 % 3, round(2.5), 1 / 3]"),
  run("import math\ndef f():\n  n = math.inf - math.inf\n  return [n, -n, math.copysign(1, n), n * -1.0]"),
  run("import struct, math\ndef f(): return struct.pack('<dd', math.inf - math.inf, -(math.inf * 0)).hex()"),
  run("import random\ndef f(): return [random.random() for _ in range(5)]"),
  run("def f(): return [hash('a'), id(f), list({'x', 'y', 'z'}), repr(object())]"),
  run(
    "import decimal, fractions\ndef f(): return str(decimal.Decimal(2).sqrt() + 1), str(fractions.Fraction('0.7'))",
  ),
  run("import re\ndef f(): return re.findall(r'(\\w+)@(\\w+)', 'a@b, c@d ' * 30)"),
  run("def f():\n  print('x' * 10)\n  return 1 / 0"),
  run("def f(: pass"),
  call({ op: "inspect", program: "import re\ndef f(a, b=1): return re.sub(a, str(b), 'x')" }),
  call({ op: "literal", text: "[1, 'a', {2: (3.5, None)}], dict(a=1)", as: "arguments" }),
  call({ op: "no such operation" }),
]

const hostile: ReadonlyArray<Call> = [
  run("def f():\n  while True:\n    try:\n      while True: pass\n    except BaseException: pass"),
  run("def f(): return 10 ** 10 ** 7"),
  run("import re\ndef f(): return re.match('(a+)+$', 'a' * 40 + 'b')"),
  run("def f():\n  x = []\n  while True: x.append('y' * 1_000_000)", [], 2e9),
  run("def f(): return len(bytearray(10 ** 9))"),
  run("def f(): return bytes(50_000_000)[-1]"),
  run("def f(n=0): return f(n + 1)"),
  run("def f():\n  class A:\n    def __getattr__(self, n): return getattr(self, n + 'a')\n  return A().x"),
  run(`def f(): return ${"(".repeat(150)}${")".repeat(150)}`),
  run(`def f(): return ${"-".repeat(30_000)}1`),
  run("def f():\n  x = []\n  for _ in range(100_000): x = [x]\n  return x"),
  run("def f():\n  x = []\n  for _ in range(100_000): x = [x]\n  return repr(x)"),
  run("def f(): return 'x' * 70_000"),
  run("def f():\n  import sys\n  sys.setrecursionlimit(10 ** 6)\n  g = lambda n: g(n + 1)\n  return g(0)"),
  run("def f(): return open('/etc/passwd').read()"),
  run("import os\ndef f(): os._exit(1)"),
  run("def f(): raise SystemExit"),
  run("def f():\n  import ctypes\n  return ctypes.string_at(0)"),
]

const open = ({ layer }: HostUnderTest, workers: number) =>
  Effect.gen(function* () {
    const host = yield* ExecutorHost
    return yield* host.open(component, { workers })
  }).pipe(Effect.provide(layer))

describe("the memory of the Python guest", () => {
  it("is the image again, every byte, after every program", async () => {
    const module = compile(extractCoreModule(await readComponent(component.images.main)))
    const instance = new Instance(module)
    const bytes = instance["bytes"]
    const image = new Uint8Array(module.image.buffer)
    const nothing = new Uint8Array(bytes.length - image.length)
    for (const { fuel, request } of [...ordinary, ...hostile]) {
      instance.call(request, Math.min(fuel, 1e8))
      assert.notStrictEqual(Buffer.compare(bytes.subarray(0, image.length), image), 0, request)
      instance["restore"]()
      assert.strictEqual(Buffer.compare(bytes.subarray(0, image.length), image), 0, request)
      assert.strictEqual(Buffer.compare(bytes.subarray(image.length), nothing), 0, request)
    }
  }, 120_000)
})

describeHosts((host) => {
  it.effect(
    "runs Python programs as if the 200 hostile ones between them were not",
    () =>
      Effect.gen(function* () {
        const pool = yield* open(host, 2)
        const clean: ReadonlyArray<CallResult> = yield* pool.runAll(ordinary)
        const bad = hostile.map((each) => ({ ...each, fuel: Math.min(each.fuel, 3e7) }))
        const mixed = Array.from({ length: 200 }, (_, index) => [
          bad[index % bad.length] ?? run(""),
          ordinary[index % ordinary.length] ?? run(""),
        ]).flat()
        const results = yield* pool.runAll(mixed)
        for (const [index, result] of results.entries()) {
          if (index % 2 === 0) continue
          assert.deepEqual(result, clean[((index - 1) / 2) % clean.length], mixed[index]?.request)
        }
      }).pipe(Effect.scoped),
    120_000,
  )
})

describeWasmtime("both hosts", (wasmtime, v8) => {
  it.effect(
    "answer the same, with the same fuel, to Python programs",
    () =>
      Effect.gen(function* () {
        const programs = [...ordinary, ...hostile]
        const native = yield* (yield* open(wasmtime, 2)).runAll(programs)
        const other = yield* (yield* open(v8, 2)).runAll(programs)
        for (const [index, { request }] of programs.entries()) {
          assert.deepEqual(native[index], other[index], request)
        }
        const ends = new Set(
          native.map(({ response, trap }) => trap ?? Object.keys(JSON.parse(response ?? ""))[0]),
        )
        assert.includeMembers([...ends], ["ok", "fail", "fuel"])
      }).pipe(Effect.scoped),
    120_000,
  )
})
