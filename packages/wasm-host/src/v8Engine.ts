import { extractCoreModule, readComponent } from "./component.ts"
import { compile, type CoreModule } from "./coreModule.ts"
import type { Engine } from "./Engine.ts"
import { V8Worker } from "./V8Worker.ts"

/** Worker threads of this process. */
export const v8Engine: Engine<CoreModule> = {
  host: "v8",
  load: async (file) => compile(extractCoreModule(await readComponent(file))),
  spawn: (images) => new V8Worker(images),
  // Code that was never hot runs in the baseline tier, several times slower.
  warmUp: (suggested) => suggested,
}
