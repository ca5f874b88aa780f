/** What the executor costs on this machine: `pnpm bench:executor`. Prints; asserts nothing. */
import { readFileSync } from "node:fs"
import { availableParallelism, loadavg } from "node:os"
import { ExecutorHost, type ExecutorPool } from "@azr/wasm-host"
import { Effect } from "effect"

const artifacts = new URL("../artifacts/", import.meta.url)
const { images } = JSON.parse(readFileSync(new URL("digests.json", artifacts), "utf8"))
const file = { url: new URL(images.a.file, artifacts), sha256: images.a.sha256 }
const component = { id: "javascript", warmUp: [], images: { a: file } }

const FUEL = 2e9
const PROGRAMS = 8000
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const call = (request: object) => ({ image: "a", fuel: FUEL, request: JSON.stringify(request) })
const runCall = (program: string, ...args: ReadonlyArray<unknown>) =>
  call({ op: "run", program, entry: "f", args, entropy: 0, outputBytes: 65_536 })

const words =
  "function f(text) {\n  const counts = new Map()\n  for (const word of text.toLowerCase().split(/\\W+/)) {\n" +
  "    if (word) counts.set(word, (counts.get(word) ?? 0) + 1)\n  }\n" +
  "  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))\n}"

/** Programs of the size that tasks have. */
const typical = [
  runCall("const f = (a) => a.toSorted((x, y) => x - y)", [3, 1, 2]),
  runCall("function f(s) {\n  return [...s].reverse().join('').toUpperCase()\n}", "hello"),
  runCall(words, "The quick brown fox jumps over the lazy dog; the dog sleeps."),
  runCall(
    "function f(n) {\n  const primes = []\n  for (let x = 2; x < n; x++) if (primes.every((p) => x % p)) primes.push(x)\n  return primes\n}",
    60,
  ),
]
const kinds = {
  "run, one line": typical[0]!,
  "run, word counts": typical[2]!,
  "run with export": runCall(`export ${words}`, "a b a"),
  inspect: call({ op: "inspect", program: words }),
  literal: call({ op: "literal", text: "[1, 'a'], new Map([['k', { a: -1 }]])", as: "arguments" }),
}
const loop = runCall(
  "function f(n) { let s = 0; for (let i = 0; i < n; i++) s = (s * 31 + i) % 1000003; return s }",
  1_000_000,
)

const rate = Effect.fn(function* (pool: ExecutorPool, calls: ReadonlyArray<ReturnType<typeof call>>) {
  const start = { wall: performance.now(), cpu: process.cpuUsage() }
  const results = yield* pool.runAll(calls)
  const { system, user } = process.cpuUsage(start.cpu)
  const perSecond = (calls.length / (performance.now() - start.wall)) * 1e3
  const perCpuSecond = (calls.length / (system + user)) * 1e6
  const text = `${perSecond.toFixed(0)}/s, ${perCpuSecond.toFixed(0)} a CPU-second`
  return { text, fuel: results.at(-1)?.fuelUsed ?? 0 }
})

const measure = Effect.fn(function* (workers: number) {
  const host = yield* ExecutorHost
  const opening = performance.now()
  const pool = yield* host.open(component, { workers })
  yield* pool.run(typical[0]!)
  say(`${workers} worker(s): open and first answer ${(performance.now() - opening).toFixed(0)} ms`)
  const mixed = Array.from({ length: PROGRAMS }, (_, index) => typical[index % typical.length]!)
  for (const round of ["cold", "warm", "warm"]) {
    say(`  ${round}: ${(yield* rate(pool, mixed)).text}`)
  }
  if (workers > 1) return
  for (const [kind, one] of Object.entries(kinds)) {
    const { fuel, text } = yield* rate(
      pool,
      Array.from({ length: 1000 }, () => one),
    )
    say(`  ${kind}: ${text}, ${(fuel / 1e3).toFixed(0)} k units`)
  }
  const start = performance.now()
  const { fuelUsed } = yield* pool.run(loop)
  const milliseconds = performance.now() - start
  say(`  a million rounds of a loop: ${milliseconds.toFixed(0)} ms, ${(fuelUsed / 1e6).toFixed(0)} M units`)
})

const cores = availableParallelism()
const counts = [1, ...(cores > 1 ? [cores] : [])]
await Effect.runPromise(
  Effect.forEach(counts, (workers) => Effect.scoped(measure(workers)), { discard: true }).pipe(
    Effect.provide(ExecutorHost.v8),
  ),
)
const rss = (process.memoryUsage().rss / 2 ** 20).toFixed(0)
say(`${cores} cores, load ${loadavg()[0]!.toFixed(1)}, memory ${rss} MiB`)
