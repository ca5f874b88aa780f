// Packs every package that is published, as `npm publish` would, into a folder: `npm run pack -- ../azr-packages`.
// Needs Node 22 and pnpm on the PATH. With --no-build, what is built is packed.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import path from "node:path"

const root = path.dirname(import.meta.dirname)
const args = process.argv.slice(2)
const folder = args.find((arg) => !arg.startsWith("--"))
if (folder === undefined) {
  process.stderr.write("azr: name the folder to pack into: npm run pack -- ../azr-packages\n")
  process.exit(2)
}
const target = path.resolve(folder)
mkdirSync(target, { recursive: true })

const readJson = (...segments) => JSON.parse(readFileSync(path.join(...segments), "utf8"))

/** Runs a program to its end; what it printed is shown when it fails. */
const run = (file, args, cwd) => {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd, encoding: "utf8" })
  if (status === 0) return
  process.stderr.write(error?.message ?? `${stdout}${stderr}`)
  process.exit(1)
}

const published = ["packages", "apps"].flatMap((parent) =>
  readdirSync(path.join(root, parent))
    .map((name) => path.join(root, parent, name))
    .filter((folder) => existsSync(path.join(folder, "package.json")))
    .filter((folder) => readJson(folder, "package.json").private !== true),
)

if (!args.includes("--no-build")) {
  process.stderr.write("azr: building (first time: a minute)\n")
  const nx = path.join(root, "node_modules", "nx")
  run(
    process.execPath,
    [path.join(nx, readJson(nx, "package.json").bin.nx), "run-many", "-t", "build", "--outputStyle=static"],
    root,
  )
}
for (const folder of published) run("pnpm", ["pack", "--pack-destination", target], folder)
process.stdout.write(
  `${readdirSync(target)
    .filter((name) => name.endsWith(".tgz"))
    .map((name) => path.join(folder, name))
    .join("\n")}\n`,
)
