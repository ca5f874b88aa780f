import { cp, mkdtemp, readdir, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "vitest"
import type { PoolWorker } from "../src/PoolWorker.ts"
import { type Addon, addonFile, loadAddon, wasmtimeStatus } from "../src/wasmtime/addon.ts"
import { sourceDigest } from "../src/wasmtime/sourceDigest.ts"
import { CodeCache } from "../src/wasmtime/CodeCache.ts"
import { wasmtimeEngine } from "../src/wasmtime/wasmtimeEngine.ts"
import { meterGuest, writeComponent } from "./guest.ts"
import { describeWasmtime } from "./hosts.ts"

const temporaryFile = async (name: string, text: string): Promise<URL> => {
  const path = join(await mkdtemp(join(tmpdir(), "azr-addon-")), name)
  await writeFile(path, text)
  return pathToFileURL(path)
}

const native = new URL("../native/", import.meta.url)

describe("the loader of the addon", () => {
  const refusal = (file: URL): string => {
    const loaded = loadAddon(file)
    assert(!loaded.available)
    assert.include(loaded.hint, "npm run build:native")
    assert.notInclude(loaded.reason, tmpdir())
    return loaded.reason
  }

  it("says what is wrong with one that is missing, no library, or of another version", async () => {
    assert.include(refusal(new URL("missing.node", addonFile)), "is not built")
    assert.include(refusal(await temporaryFile("text.node", "no library")), "cannot be loaded")
    const identify = (version: string, protocol: number, sources?: string | null) =>
      `exports.identify = () => (${JSON.stringify({ version, protocol, sources, wasmtime: "1", compatibility: "" })})`
    assert.include(
      refusal(await temporaryFile("old.cjs", identify("0.0.0-old", 1))),
      "was built for version 0.0.0-old (protocol 1), this is ",
    )
    const { version } = JSON.parse(
      JSON.stringify(await import("../package.json", { with: { type: "json" } })),
    ).default as { readonly version: string }
    assert.include(refusal(await temporaryFile("new.cjs", identify(version, 1e6))), "(protocol 1000000)")
    for (const stale of [undefined, "", "0".repeat(64)]) {
      const file = await temporaryFile("stale.cjs", identify(version, 3, stale))
      assert.include(refusal(file), "was built from other sources")
    }
    const current = await temporaryFile("current.cjs", identify(version, 3, sourceDigest(native)))
    assert.isTrue(loadAddon(current).available)
  })

  it("knows sources by each of their files, their names included", async () => {
    const copy = pathToFileURL(`${await mkdtemp(join(tmpdir(), "azr-native-"))}/`)
    assert.isNull(sourceDigest(copy))
    for (const part of ["Cargo.toml", "build.rs", "pinned.lock", "src"])
      await cp(new URL(part, native), new URL(part, copy), { recursive: true })
    const digests = [sourceDigest(copy)]
    assert.strictEqual(digests[0], sourceDigest(native))
    for (const changed of ["src/clean.rs", "src/new.rs", "pinned.lock"]) {
      await writeFile(new URL(changed, copy), "// changed")
      digests.push(sourceDigest(copy))
    }
    assert.strictEqual(new Set(digests).size, digests.length)
  })

  it("agrees with the status that it reports", () => {
    const loaded = loadAddon()
    const status = wasmtimeStatus()
    assert.strictEqual(status.available, loaded.available)
    if (status.available) assert.match(status.version, /^\d+\.\d+\.\d+$/)
  })
})

describeWasmtime("the wasmtime engine", () => {
  const loaded = loadAddon()
  assert(loaded.available)
  const { addon, identity } = loaded

  /** An engine with an empty cache, and how often it compiled. */
  const newEngine = async () => {
    const folder = await mkdtemp(join(tmpdir(), "azr-cache-"))
    let compilations = 0
    const compile: Addon["compile"] = (module) => {
      compilations += 1
      return addon.compile(module)
    }
    const counting: Addon = { ...addon, Worker: addon.Worker, compile }
    const engine = wasmtimeEngine(counting, identity, new CodeCache(folder))
    return { engine, folder, compilations: () => compilations }
  }

  const answers = async (worker: PoolWorker): Promise<boolean> => {
    const [result] = await worker.run([{ image: "main", request: "count", fuel: 1e6 }])
    await worker.stop()
    return result?.response === "1 1"
  }

  it("compiles an image once for all processes, and again when what it stored is damaged", async () => {
    const file = await writeComponent(await meterGuest())
    const { compilations, engine, folder } = await newEngine()
    const works = async () => answers(engine.spawn(new Map([["main", await engine.load(file)]])))
    assert.isTrue(await works())
    assert.isTrue(await works())
    assert.strictEqual(compilations(), 1)
    const [name = ""] = await readdir(folder)
    assert.include(name, file.sha256)
    assert.include(name, identity.compatibility)
    await writeFile(join(folder, name), "damaged")
    assert.isTrue(await works())
    assert.strictEqual(compilations(), 2)
    assert.isTrue(await works())
    assert.strictEqual(compilations(), 2)
  })

  it("compiles again what is stored intact but for another engine", async () => {
    const file = await writeComponent(await meterGuest())
    const { compilations, engine, folder } = await newEngine()
    const name = `${file.sha256}-${identity.wasmtime}-${identity.compatibility}.cwasm`
    await new CodeCache(folder).write(name, Uint8Array.of(1, 2, 3))
    assert.isTrue(await answers(engine.spawn(new Map([["main", await engine.load(file)]]))))
    assert.strictEqual(compilations(), 1)
  })

  it("survives a panic of its own code", async () => {
    const { engine } = await newEngine()
    const file = await writeComponent(await meterGuest())
    const images = new Map([["main", await engine.load(file)]])
    const worker = engine.spawn(images)
    const batch = [{ image: "other", request: "count", fuel: 1e6 }]
    const lost = await worker.run(batch).catch((error: Error) => error.message)
    assert.strictEqual(lost, "the worker thread died: the component has no image other")
    const after = await worker.run(batch).catch((error: Error) => error.message)
    assert.strictEqual(after, lost)
    assert.isTrue(await answers(engine.spawn(images)))
  })

  it("refuses modules that use more than metered ones do", async () => {
    // A memory shared between threads; a function of a SIMD type.
    const header = [0, 97, 115, 109, 1, 0, 0, 0]
    for (const section of [
      [5, 4, 1, 3, 1, 1],
      [1, 5, 1, 0x60, 0, 1, 0x7b],
    ]) {
      const error = await addon
        .compile(Uint8Array.from([...header, ...section]))
        .catch((reason: Error) => reason)
      assert.instanceOf(error, Error)
    }
  })
})
