/** The guest's modules and the parser they use as one script for the engine. */
import { rolldown } from "rolldown"

export const bundle = async (entry: string): Promise<string> => {
  const build = await rolldown({
    input: entry,
    platform: "neutral",
    resolve: { mainFields: ["module", "main"] },
  })
  const { output } = await build.generate({ format: "esm", codeSplitting: false })
  const [chunk, ...others] = output
  if (others.length > 0) throw new Error("the guest does not fit into one script")
  if (chunk.imports.length > 0) throw new Error(`the guest imports ${chunk.imports.join(", ")}`)
  return chunk.code
}
