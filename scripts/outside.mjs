// Whether the packages work where their users are: packed, installed by npm into an empty folder outside this repository, used
// there. Both templates of `azr env new` are made, built, checked, tried in a run, and packed.
//
// Needs Node 22, pnpm on the PATH, a build, and what npm fetches (or its cache). One line a check: ✓, or ✗ and what went wrong.
import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import os from "node:os"
import path from "node:path"

const root = path.dirname(import.meta.dirname)
/** All of it, in milliseconds: what takes longer is stuck, or on a busy machine; more minutes may be given. */
const limit = Number(process.argv[2] ?? 10) * 60_000
const started = performance.now()

const work = mkdtempSync(path.join(os.tmpdir(), "azr-outside-"))
process.on("exit", () => rmSync(work, { recursive: true, force: true }))
const packages = path.join(work, "packages")
const project = path.join(work, "project")

// Settings that pnpm and npm export to scripts are this repository's; where the registry and the caches are concerns all.
const shared =
  /^npm_config_(registry|cache|userconfig|globalconfig|.*proxy|ca|cafile|strict_ssl|fetch_.*|[@/].*)$/i
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$/i.test(name) || shared.test(name)),
  ),
  PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
  NO_COLOR: "1",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_prefer_offline: "true",
  npm_config_loglevel: "error",
}
delete env.FORCE_COLOR

/** Runs a command line in a folder to its end: what it printed. Rejects where it fails or has no time left. */
const run = (folder, line) =>
  new Promise((resolve, reject) => {
    // A group of its own: what a command line has started ends with it.
    const child = spawn("sh", ["-c", line], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    })
    const timer = setTimeout(
      () => process.kill(-child.pid, "SIGKILL"),
      Math.max(0, limit - (performance.now() - started)),
    )
    let output = ""
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text))
    child.on("error", reject)
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(output)
      else
        reject(
          new Error(`${line}: ${signal ?? `exit code ${code}`}\n${output.split("\n").slice(-30).join("\n")}`),
        )
    })
  })

let failed = 0
/** A check: its steps in order, each a command line in a folder, and what its output has to hold. */
const check = async (title, folder, ...steps) => {
  const began = performance.now()
  try {
    for (const [line, wanted] of steps) {
      const output = await run(folder, line)
      if (wanted !== undefined && !wanted.test(output)) throw new Error(`${line}: no ${wanted} in\n${output}`)
    }
    process.stdout.write(`✓ outside: ${title} (${((performance.now() - began) / 1000).toFixed(0)} s)\n`)
  } catch (error) {
    failed += 1
    process.stdout.write(`✗ outside: ${title}\n${error.message.replace(/^/gmu, "    ")}\n`)
  }
}

/** A scaffold, unmodified: what its README says, one after another. */
const template = async (name, id) => {
  const folder = path.join(work, id)
  await check(`azr env new --template ${name}`, project, [
    `npx azr env new ${id} --template ${name} --dir ../${id} --packages ../packages`,
    /npx azr env test \./u,
  ])
  await check(
    `${name} template installs, builds, has no type errors`,
    folder,
    ["npm install"],
    ["npm run build"],
    ["npm run check"],
  )
  await check(
    `${name} template passes azr env test and its own tests`,
    folder,
    ["npx azr env test .", / 0 broken/u],
    ["npm test"],
  )
  await check(`${name} template plays a run`, folder, ["npx azr train azr.config.ts", /done at step 3 of 3/u])
  await check(
    `${name} template passes packed`,
    folder,
    ["npm pack --ignore-scripts"],
    [`npx azr env test azr-${id}-0.1.0.tgz --filter E15`, / 1 hold, 0 broken/u],
  )
}

mkdirSync(packages)
mkdirSync(project)
await check("packages are packed", root, [`node scripts/pack.mjs --no-build ${packages}`])
writeFileSync(path.join(project, "package.json"), '{ "private": true, "type": "module" }\n')
const tarballs = readdirSync(packages).map((name) => `../packages/${name}`)
await check("npm installs them", project, [`npm install ${tarballs.join(" ")}`])
await check("azr --help", project, ["npx azr --help", /Absolute Zero self-play/u])
await check("azr env test", project, ["npx azr env test python-nano --filter E15", / 1 hold, 0 broken/u])
await check("azr train, three steps", project, [
  "npx azr train --steps 3 --set evaluate.every=0",
  /done at step 3 of 3/u,
])
await Promise.all([template("language", "tiny"), template("task", "sums")])
process.exitCode = failed > 0 ? 1 : 0
