// Checks of the repository, one line each: ✓, or ✗ and what is wrong. Needs Node 22, pnpm on the PATH
// and, for publint, a build.
//
//   pnpm run check:repo
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import path from "node:path"

const root = path.dirname(import.meta.dirname)
const bin = path.join(root, "node_modules", ".bin")
const largestFile = 12 * 1024 * 1024

const read = (...segments) => readFileSync(path.join(root, ...segments), "utf8")
const readJson = (...segments) => JSON.parse(read(...segments))

const env = { ...process.env, NO_COLOR: "1" }
delete env.FORCE_COLOR

/** Output of an installed tool when it fails, nothing when it passes. */
const tool = (name, ...args) => {
  const options = { cwd: root, env, encoding: "utf8" }
  const { status, stdout, stderr, error } = spawnSync(path.join(bin, name), args, options)
  return status === 0 ? [] : [error?.message ?? (`${stdout}${stderr}`.trim() || `exit code ${status}`)]
}

const workspaces = ["packages", "apps", "examples"].flatMap((parent) =>
  readdirSync(path.join(root, parent))
    .map((name) => path.join(parent, name))
    .filter((folder) => existsSync(path.join(root, folder, "package.json"))),
)

/** Every file that git would track: the tree without what .gitignore names. Works in a copy without git, too. */
const sourceFiles = () => {
  const ignored = read(".gitignore").split("\n").filter(Boolean)
  const ignoredHere = new Set(ignored.filter((line) => line.startsWith("/")).map((line) => line.slice(1, -1)))
  const ignoredAnywhere = new Set([
    ".git",
    ...ignored.filter((line) => !line.startsWith("/")).map((line) => line.slice(0, -1)),
  ])
  const visit = (folder) =>
    readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const name = path.join(folder, entry.name)
      if (!entry.isDirectory()) return entry.isFile() && !name.endsWith(".tsbuildinfo") ? [name] : []
      return ignoredAnywhere.has(entry.name) || ignoredHere.has(name) ? [] : visit(name)
    })
  return visit("")
}

const portableFiles = () => {
  // A registry, a tarball, or a folder of the machine that somebody worked on: each makes a clone depend on one place.
  const forbidden = [
    ["registry URL", /https?:\/\/[^\s"'`)]*registry\b/u],
    ["tarball URL", /https?:\/\/[^\s"'`)]*\.(?:tgz|tar\.[gx]z)\b/u],
    ["absolute path", /(?:file:\/\/|(?<![\w./~$})-]))\/(?:work|root|home|Users)\/[\w.-]/u],
  ]
  return sourceFiles().flatMap((file) => {
    const size = statSync(path.join(root, file)).size
    if (size > largestFile) return [`${file}: ${(size / 2 ** 20).toFixed(1)} MiB, at most 12`]
    const text = read(file)
    if (text.includes("\0")) return []
    return forbidden.flatMap(([what, pattern]) => {
      const found = pattern.exec(text)
      return found ? [`${file}:${text.slice(0, found.index).split("\n").length}: ${what} ${found[0]}`] : []
    })
  })
}

/** Documents go stale at their file names first. */
const documentedFiles = () =>
  sourceFiles()
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) =>
      [...read(file).matchAll(/`((?:packages|apps|scripts|docs|examples)\/[\w./-]+)`/gu)]
        // A package's README names its own scripts.
        .filter(([, named]) =>
          [root, path.dirname(path.join(root, file))].every((at) => !existsSync(path.join(at, named))),
        )
        .map(([, named]) => `${file}: there is no ${named}`),
    )

const exactVersions = () => {
  const catalog = /^catalog:\n((?: {2}.*\n)+)/mu.exec(read("pnpm-workspace.yaml"))?.[1] ?? ""
  const shared = [...catalog.matchAll(/^ {2}"?([^":]+)"?: "?([^"\n]+)"?$/gmu)].map(([, name, version]) => ({
    exact: /^(?:npm:@?[\w./-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/u.test(version),
    problem: `pnpm-workspace.yaml: ${name}: ${version} is not one exact version`,
  }))
  const declared = [".", ...workspaces].flatMap((folder) => {
    const { dependencies, devDependencies, optionalDependencies } = readJson(folder, "package.json")
    return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).map(
      ([name, version]) => ({
        exact: version === "catalog:" || version === "workspace:*",
        problem: `${folder}/package.json: ${name}: ${version}; write catalog: or workspace:*`,
      }),
    )
  })
  const { packageManager } = readJson("package.json")
  const pnpm = {
    exact: /^pnpm@\d+\.\d+\.\d+$/u.test(packageManager),
    problem: `package.json: packageManager: ${packageManager} is not one exact version of pnpm`,
  }
  if (shared.length === 0) return ["pnpm-workspace.yaml: no catalog found"]
  return [...shared, ...declared, pnpm].filter(({ exact }) => !exact).map(({ problem }) => problem)
}

const nodeVersion = () => {
  const [major, minor] = process.versions.node.split(".").map(Number)
  return major === 22 && minor >= 19 ? [] : [`this is Node ${process.versions.node}`]
}

const compilerVersion = () => {
  const { stdout } = spawnSync(path.join(bin, "tsc"), ["--version"], { encoding: "utf8" })
  return /^Version 7\..*effect-tsgo/u.test(stdout ?? "")
    ? []
    : [`tsc --version says: ${stdout}; run pnpm install`]
}

const lockfile = () => {
  const lines = read("pnpm-lock.yaml").split("\n")
  return lines.flatMap((line, index) =>
    /tarball:|https?:/u.test(line) ? [`pnpm-lock.yaml:${index + 1}: ${line.trim()}`] : [],
  )
}

const published = workspaces.filter((folder) => readJson(folder, "package.json").private !== true)

const checks = [
  ["Node >=22.19 <23", nodeVersion],
  ["TypeScript 7 with Effect diagnostics", compilerVersion],
  ["versions are exact", exactVersions],
  ["the lockfile names no tarball", lockfile],
  ["files are portable: no registry or tarball URL, no path of this machine, none over 12 MB", portableFiles],
  ["files that documents name exist", documentedFiles],
  [
    "oxlint on the root's files",
    () => tool("oxlint", "--deny-warnings", "scripts", "vitest.config.ts", ".dependency-cruiser.cjs"),
  ],
  [
    "oxfmt on the root's files",
    () => tool("oxfmt", "--check", ".", "!packages/**", "!apps/**", "!examples/**"),
  ],
  [
    "layers (dependency-cruiser)",
    () => tool("depcruise", "--config", ".dependency-cruiser.cjs", "packages", "apps", "examples"),
  ],
  ["nothing unused (knip)", () => tool("knip", "--no-config-hints")],
  ["manifests agree (sherif)", () => tool("sherif")],
  [
    "every mutation has its line (packages/core/scripts/mutate.ts)",
    () => tool("node", "--conditions=@azr/source", "packages/core/scripts/mutate.ts", "--check"),
  ],
  ...published.map((folder) => [
    `${readJson(folder, "package.json").name} can be published (publint)`,
    () => tool("publint", "run", folder, "--pack", "pnpm", "--strict"),
  ]),
]

for (const [name, check] of checks) {
  const problems = check()
  process.stdout.write(
    problems.length === 0 ? `✓ ${name}\n` : `✗ ${name}\n${problems.join("\n").replace(/^/gmu, "    ")}\n`,
  )
  if (problems.length > 0) process.exitCode = 1
}
