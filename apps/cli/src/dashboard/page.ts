/**
 * Where the built page is: inside the installed command, or in the checkout, where it is built when it is asked for and
 * its sources are newer.
 */
import { execFile } from "node:child_process"
import { createRequire } from "node:module"
import { existsSync, readdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect, Schema } from "effect"
import { Output } from "../Output.ts"

/** The page is not there and cannot be built. */
export class PageMissing extends Schema.TaggedError<PageMissing>()("PageMissing", {
  message: Schema.String,
}) {}

const root = fileURLToPath(new URL("../..", import.meta.url))
const shipped = join(root, "page")
const sources = join(root, "../dashboard")

/** The folder of the page. */
export const pageFolder = Effect.fn("pageFolder")(function* () {
  const output = yield* Output
  if (!existsSync(join(sources, "vite.config.ts"))) {
    if (existsSync(join(shipped, "index.html"))) return shipped
    return yield* new PageMissing({
      message: "the page is missing from this installation; install azr again",
    })
  }
  const built = join(sources, "dist")
  if (newest(sources) > modified(join(built, "index.html"))) {
    yield* output.announce("building the page …")
    yield* Effect.tryPromise({
      try: build,
      catch: (error) =>
        new PageMissing({
          message: `the page cannot be built in ${sources}: ${String(error).slice(0, 2000)}`,
        }),
    })
  }
  return built
})

const build = async (): Promise<void> => {
  const vite = createRequire(join(sources, "package.json")).resolve("vite/package.json")
  await promisify(execFile)(process.execPath, [join(dirname(vite), "bin/vite.js"), "build"], { cwd: sources })
}

const modified = (file: string): number => (existsSync(file) ? statSync(file).mtimeMs : 0)

/** When the page's sources changed last. */
const newest = (folder: string): number =>
  Math.max(
    ...["index.html", "vite.config.ts", "package.json"].map((name) => modified(join(folder, name))),
    ...["src", "public"].flatMap((name) =>
      existsSync(join(folder, name))
        ? readdirSync(join(folder, name), { recursive: true, encoding: "utf8" }).map((file) =>
            modified(join(folder, name, file)),
          )
        : [],
    ),
  )
