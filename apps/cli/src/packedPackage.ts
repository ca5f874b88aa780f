/** A packed package (`npm pack`), installed into a folder of its own for as long as the scope lasts. */
import { execFile } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import path from "node:path"
import { promisify } from "node:util"
import { Effect, FileSystem } from "effect"
import { absoluteName } from "./environmentNames.ts"
import { UsageError } from "./exitCodes.ts"
import { Output } from "./Output.ts"

const execute = promisify(execFile)

export const isPacked = (name: string): boolean => /\.t(?:ar\.)?gz$/u.test(name)

const manifest = async (folder: string) =>
  JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>
  }

/**
 * Installs a tarball with npm and gives the reference by which the package is read. What it depends on comes from npm's cache or
 * registry; what it shares with this command (peer dependencies) is this command's, and no script of it runs.
 */
export const installPacked = Effect.fn("installPacked")(function* (tarball: string) {
  const fs = yield* FileSystem.FileSystem
  const output = yield* Output
  const file = path.resolve(tarball)
  if (!(yield* fs.exists(file).pipe(Effect.orElseSucceed(() => false)))) {
    return yield* new UsageError({ message: `there is no file ${tarball}` })
  }
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "azr-packed-" }).pipe(Effect.orDie)
  yield* output.progress(
    `installing ${tarball} into a temporary folder, with npm; its dependencies may be fetched, none of its scripts runs`,
  )
  const installed = yield* Effect.tryPromise({
    try: async () => {
      await writeFile(path.join(folder, "package.json"), '{ "private": true }\n')
      await execute(
        "npm",
        [
          "install",
          "--ignore-scripts",
          "--legacy-peer-deps",
          "--prefer-offline",
          "--no-audit",
          "--no-fund",
          file,
        ],
        { cwd: folder },
      )
      return Object.keys((await manifest(folder)).dependencies ?? {})[0]
    },
    catch: (error) => {
      const { stderr } = error as { readonly stderr?: string }
      const [reason] = [...(stderr ?? "").matchAll(/npm error (?!code|A complete log)(.+)/gu)]
      return new UsageError({
        message: `${tarball} cannot be installed: ${reason?.[1] ?? (error instanceof Error ? error.message : String(error))}`,
      })
    },
  })
  if (installed === undefined) return yield* new UsageError({ message: `${tarball} holds no package` })
  return absoluteName(installed, folder)
})
