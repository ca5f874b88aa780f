import { extractCoreModule, readComponent } from "../component.ts"
import type { Engine } from "../Engine.ts"
import type { Addon, Identity, NativeImage } from "./addon.ts"
import type { CodeCache } from "./CodeCache.ts"

/** Native threads of this process, whose code was compiled ahead. */
export const wasmtimeEngine = (
  addon: Addon,
  { compatibility, wasmtime }: Identity,
  cache: CodeCache,
): Engine<NativeImage> => ({
  host: "wasmtime",
  load: async (file) => {
    const name = `${file.sha256}-${wasmtime}-${compatibility}.cwasm`
    const stored = await cache.read(name)
    const known = stored === null ? null : await addon.load(stored).catch(() => null)
    if (known !== null) return known
    const code = await addon.compile(extractCoreModule(await readComponent(file)))
    const image = await addon.load(code)
    await cache.write(name, code)
    return image
  },
  spawn: (images) => {
    const worker = new addon.Worker([...images.keys()], [...images.values()])
    let before: Promise<unknown> = Promise.resolve()
    return {
      started: Promise.resolve(),
      run: (batch) => {
        // What two batches come to may be told in another order than that in which they were done.
        const inOrder = Promise.all([worker.run(batch), before]).then(([results]) => results)
        before = inOrder
        return inOrder
      },
      progress: () => worker.progress,
      stop: async () => worker.stop(),
    }
  },
  // There is one tier, and it is hot from the start.
  warmUp: () => [],
})
