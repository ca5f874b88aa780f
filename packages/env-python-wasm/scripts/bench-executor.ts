/** What the executor costs on this machine: `pnpm bench:executor`. Prints; asserts nothing. */
import { readFileSync } from "node:fs"
import { availableParallelism, loadavg } from "node:os"
import { ExecutorHost } from "@azr/wasm-host"
import { Effect } from "effect"

const artifacts = new URL("../artifacts/", import.meta.url)
const { images } = JSON.parse(readFileSync(new URL("digests.json", artifacts), "utf8"))
const componentFile = ({ file, sha256 }: { readonly file: string; readonly sha256: string }) => ({
  url: new URL(file, artifacts),
  sha256,
})
const component = {
  id: "python",
  warmUp: [],
  images: { a: componentFile(images.a), b: componentFile(images.b) },
}

const FUEL = 2e9
const PROGRAMS = 2000
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const call = (program: string, ...args: ReadonlyArray<unknown>) => ({
  image: "a",
  fuel: FUEL,
  request: JSON.stringify({ op: "run", program, entry: "f", args, entropy: 0, outputBytes: 65_536 }),
})

/** Programs of the size that tasks have. */
const typical = [
  call("def f(a): return sorted(a)", [3, 1, 2]),
  call("def f(s):\n  return s[::-1].upper()", "hello"),
  call("import collections\ndef f(xs): return sorted(collections.Counter(xs).items())", [3, 1, 2, 3, 3, 1]),
  call("def f(n): return [x for x in range(2, n) if all(x % d for d in range(2, int(x ** 0.5) + 1))]", 60),
]
const loop = call(
  "def f(n):\n  s = 0\n  for i in range(n): s = (s * 31 + i) % 1000003\n  return s",
  1_000_000,
)

const measure = Effect.fn(function* (workers: number) {
  const host = yield* ExecutorHost
  const opening = performance.now()
  const pool = yield* host.open(component, { workers })
  yield* pool.run(typical[0]!)
  const opened = performance.now()
  if (workers === 1) say(`process start to first answer: ${(process.uptime() * 1000).toFixed(0)} ms`)
  say(`${workers} worker(s): open and first answer ${(opened - opening).toFixed(0)} ms`)

  const calls = Array.from({ length: PROGRAMS }, (_, index) => typical[index % typical.length]!)
  for (const round of ["cold", "warm", "warm"]) {
    const start = performance.now()
    yield* pool.runAll(calls)
    say(`  ${round}: ${((PROGRAMS / (performance.now() - start)) * 1000).toFixed(0)} programs/s`)
  }
  const start = performance.now()
  const { fuelUsed } = yield* pool.run(loop)
  say(
    `  a million rounds of a loop: ${(performance.now() - start).toFixed(0)} ms, ${(fuelUsed / 1e6).toFixed(0)} M units`,
  )
})

const cores = availableParallelism()
const counts = [1, ...(cores > 1 ? [cores] : [])]
await Effect.runPromise(
  Effect.forEach(counts, (workers) => Effect.scoped(measure(workers)), { discard: true }).pipe(
    Effect.provide(ExecutorHost.v8),
  ),
)
say(
  `${cores} cores, load ${loadavg()[0]!.toFixed(1)}, memory ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`,
)
