import { chmod, mkdtemp, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { assert, beforeEach, describe, it } from "vitest"
import { cacheFolder, CodeCache } from "../src/wasmtime/CodeCache.ts"

const code = Uint8Array.of(1, 2, 3)

describe("the cache of compiled code", () => {
  let folder: string
  let cache: CodeCache
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "azr-cache-")), "made", "when needed")
    cache = new CodeCache(folder)
  })

  it("gives back what was stored, to the user alone", async () => {
    assert.isNull(await cache.read("a.cwasm"))
    await cache.write("a.cwasm", code)
    assert.deepEqual([...((await cache.read("a.cwasm")) ?? [])], [1, 2, 3])
    assert.deepEqual(await readdir(folder), ["a.cwasm"])
    assert.strictEqual((await stat(folder)).mode & 0o777, 0o700)
    assert.strictEqual((await stat(join(folder, "a.cwasm"))).mode & 0o777, 0o600)
  })

  it("gives back nothing that was changed, cut short, or put under another name", async () => {
    await cache.write("a.cwasm", code)
    const path = join(folder, "a.cwasm")
    const stored = await readFile(path)
    for (const [position] of stored.entries()) {
      const changed = Buffer.from(stored)
      changed[position] = (changed[position] ?? 0) ^ 1
      await writeFile(path, changed)
      assert.isNull(await cache.read("a.cwasm"), `byte ${position}`)
      await writeFile(path, stored.subarray(0, position))
      assert.isNull(await cache.read("a.cwasm"), `${position} bytes`)
    }
    await writeFile(path, stored)
    assert.isNotNull(await cache.read("a.cwasm"))
    await writeFile(join(folder, "b.cwasm"), stored, { mode: 0o600 })
    assert.isNull(await cache.read("b.cwasm"))
  })

  it("gives back nothing that others may write to", async () => {
    await cache.write("a.cwasm", code)
    await chmod(join(folder, "a.cwasm"), 0o620)
    assert.isNull(await cache.read("a.cwasm"))
  })

  it("replaces what is there, and removes what nobody used for a month", async () => {
    await cache.write("a.cwasm", code)
    await cache.write("old.cwasm", code)
    const longAgo = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000)
    await utimes(join(folder, "old.cwasm"), longAgo, longAgo)
    await utimes(join(folder, "a.cwasm"), longAgo, longAgo)
    await cache.read("a.cwasm")
    await cache.write("b.cwasm", code)
    assert.sameMembers(await readdir(folder), ["a.cwasm", "b.cwasm"])
    await cache.write("a.cwasm", Uint8Array.of(4))
    assert.deepEqual([...((await cache.read("a.cwasm")) ?? [])], [4])
  })

  it("is not missed where there is no place for it", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "azr-cache-")), "a file")
    await writeFile(file, "")
    const nowhere = new CodeCache(join(file, "folder"))
    await nowhere.write("a.cwasm", code)
    assert.isNull(await nowhere.read("a.cwasm"))
  })
})

describe("the folder of the cache", () => {
  it("is where the system keeps caches, or where the user wants it", () => {
    assert.strictEqual(cacheFolder({}, "linux"), join(homedir(), ".cache", "azr", "wasmtime"))
    assert.strictEqual(cacheFolder({}, "darwin"), join(homedir(), "Library", "Caches", "azr", "wasmtime"))
    assert.strictEqual(cacheFolder({ XDG_CACHE_HOME: "/x" }, "linux"), join("/x", "azr", "wasmtime"))
    assert.strictEqual(
      cacheFolder({ XDG_CACHE_HOME: "relative" }, "linux"),
      join(homedir(), ".cache", "azr", "wasmtime"),
    )
    assert.strictEqual(
      cacheFolder({ AZR_CACHE_DIR: "/y", XDG_CACHE_HOME: "/x" }, "darwin"),
      join("/y", "wasmtime"),
    )
  })
})
