// What `npm start`, `npm test`, `npm run build:native` and `npm run test:skyrl` run: from a bare checkout to the command, with
// nothing but Node >= 20 and npm; the third one needs cargo, too, the last one Python >= 3.12.
//
//   node scripts/bootstrap.cjs start  [arguments of `azr train`]
//   node scripts/bootstrap.cjs test   [arguments of `nx run-many`]
//   node scripts/bootstrap.cjs native [arguments of buildNative.ts]
//   node scripts/bootstrap.cjs skyrl  [names of suites]
//
// It installs the packages and Node 22 into this checkout with the pinned pnpm, builds the generated files (WASM
// kernels, executor modules), and hands over. Both steps leave a stamp and are skipped while nothing that they depend
// on has changed. Progress goes to stderr, stdout belongs to the command. Plain CommonJS without dependencies, because
// it runs before anything is installed.
"use strict"

const { spawn, spawnSync } = require("node:child_process")
const { createHash } = require("node:crypto")
const fs = require("node:fs")
const os = require("node:os")
const path = require("node:path")

const root = path.dirname(__dirname)
const modules = path.join(root, "node_modules")
const installStamp = path.join(modules, ".azr-install")
const assetsStamp = path.join(modules, ".azr-assets")
const node22 = path.join(modules, "node", "bin", "node")

const piped = ["ignore", "pipe", "pipe"]

const say = (text) => process.stderr.write(`azr: ${text}\n`)

/** Ends with the exit code 1 after saying what happened and what to try. */
function fail(text) {
  say(text)
  process.exit(1)
}

function main([command, ...args]) {
  const { node } = process.versions
  if (Number(node.split(".")[0]) < 20)
    fail(`Node ${node} is too old for the set-up: install Node 20 or newer.`)
  if (process.platform === "win32") fail("Linux and macOS only: on Windows, run this inside WSL.")
  if (!["start", "test", "native", "pack", "skyrl"].includes(command))
    fail("usage: bootstrap.cjs start|test|native|pack|skyrl [arguments]")
  const environment = childEnvironment()
  install(environment)
  checkNode22()
  if (command === "start") {
    buildAssets(environment)
    handOver(path.join(root, "azr"), ["train", "--preset", "nano", ...args], environment)
  } else if (command === "native") {
    say("compiling the wasmtime host with cargo (first time: some minutes)")
    const script = path.join(root, "packages", "wasm-host", "scripts", "buildNative.ts")
    handOver(node22, ["--conditions=@azr/source", script, ...args], environment)
  } else if (command === "pack") {
    // Where the user is: a folder is named from there.
    const folders = args.map((arg) =>
      arg.startsWith("--") ? arg : path.resolve(process.env.INIT_CWD || "", arg),
    )
    handOver(node22, [path.join(root, "scripts", "pack.mjs"), ...folders], withPnpm(environment))
  } else if (command === "skyrl") {
    buildAssets(environment)
    const script = path.join(root, "packages", "trainer-tinker", "scripts", "skyrl.ts")
    const options = ["--conditions=@azr/source", "--disable-warning=ExperimentalWarning"]
    handOver(node22, [...options, script, "test", ...args], environment)
  } else {
    handOver(node22, [path.join(root, "scripts", "test.mjs"), ...args], withPnpm(environment))
  }
}

/** Runs a program to its end; `stdio` says what of its output is captured. A signal ends this process, too. */
function run(file, args, environment, stdio) {
  const result = spawnSync(file, args, { cwd: root, env: environment, encoding: "utf8", stdio })
  if (result.signal) process.exit(128 + os.constants.signals[result.signal])
  if (result.error) fail(`cannot run ${file}: ${result.error.message}`)
  return result
}

function install(environment) {
  const { packageManager } = readJson("package.json")
  const manifests = workspaceFolders().map((folder) => path.join(folder, "package.json"))
  const inputs = ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests]
  const stamp = createHash("sha256").update(`${process.platform} ${process.arch}\n`)
  for (const file of inputs) stamp.update(`${file}\n`).update(fs.readFileSync(path.join(root, file)))
  const wanted = stamp.digest("hex")
  if (readIfPresent(installStamp) === wanted && fs.existsSync(node22)) return

  say("installing the pinned packages and Node 22 into node_modules (first time: about 20 s)")
  // A user's global `ignore-scripts` or production-only setting must not apply: Node 22 comes with an install script of
  // a development dependency. Which install scripts may run is listed in pnpm-workspace.yaml.
  const settings = ["--config.ignore-scripts=false", "--config.confirm-modules-purge=false", "--prod=false"]
  // npx fetches pnpm into npm's cache, once; it is never installed globally.
  const args = ["--yes", packageManager, "install", "--frozen-lockfile", "--loglevel=error", ...settings]
  const { status } = run("npx", args, environment, ["ignore", 2, 2])
  if (status !== 0) fail("installing failed, see above; the first time needs the npm registry.")
  fs.writeFileSync(installStamp, wanted)
}

function checkNode22() {
  const { stdout, stderr } = run(node22, ["-p", "process.versions.node"], process.env, piped)
  const [major, minor] = stdout.split(".").map(Number)
  if (major === 22 && minor >= 19) return
  fs.rmSync(installStamp, { force: true })
  fail(`${node22} must be Node >=22.19 <23, but says: ${stdout || stderr} Delete node_modules and try again.`)
}

/** The environment with the pinned pnpm on its PATH, by which nx runs the packages' scripts. */
function withPnpm(environment) {
  const { packageManager } = readJson("package.json")
  const args = ["--yes", "--package", packageManager, "--call", "command -v pnpm"]
  const { status, stdout } = run("npx", args, environment, ["ignore", "pipe", 2])
  if (status !== 0)
    fail(`npx cannot provide ${packageManager}, see above; the first time needs the npm registry.`)
  return { ...environment, PATH: `${path.dirname(stdout.trim())}:${environment.PATH}` }
}

function buildAssets(environment) {
  // nx would find out by itself that all is current, but takes seconds to.
  if (readIfPresent(assetsStamp) === fileTimes()) return

  say("building generated files: WASM kernels, executor modules (first time: about 10 s)")
  const nx = path.join(modules, ".bin", "nx")
  const args = ["run-many", "-t", "assets", "--outputStyle=static"]
  const { status, stdout, stderr } = run(nx, args, withPnpm(environment), piped)
  if (status !== 0) {
    process.stderr.write(`${stdout}${stderr}`)
    fail("building the generated files failed, see above.")
  }
  fs.writeFileSync(assetsStamp, fileTimes())
}

/** Path, size and modification time of every file that `nx run-many -t assets` may read or write, as one digest. */
function fileTimes() {
  const ignored = new Set(["node_modules", "dist", "target", "test", "test-results"])
  const digest = createHash("sha256").update(readIfPresent(installStamp))
  const visit = (folder) => {
    const entries = fs.readdirSync(path.join(root, folder), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path.join(folder, entry.name)
      if (entry.isDirectory() && !ignored.has(entry.name)) visit(name)
      if (!entry.isFile()) continue
      const { size, mtimeMs } = fs.statSync(path.join(root, name))
      digest.update(`${name}\n${size} ${mtimeMs}\n`)
    }
  }
  workspaceFolders().forEach(visit)
  return digest.digest("hex")
}

/** Runs the command in place of this process, as far as Node allows: same terminal, its exit code, its signals. */
function handOver(file, args, environment) {
  const child = spawn(file, args, { cwd: root, env: environment, stdio: "inherit" })
  let forwardedAt = 0
  const onSignal = (signal) => {
    // One Ctrl-C arrives here twice: the terminal signals every process in the foreground, the command too, and npm
    // passes on what it got. The command must see it once: to it a second Ctrl-C means "stop without saving".
    if (signal === "SIGINT" && inForeground()) return
    const now = Date.now()
    if (now - forwardedAt > 500) child.kill(signal)
    forwardedAt = now
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, onSignal)
  child.on("error", (error) => fail(`cannot run ${path.relative(root, file) || file}: ${error.message}`))
  child.on("exit", (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code))
}

/** Whether a terminal delivers Ctrl-C to this process and its children by itself. */
function inForeground() {
  const { stdout } = spawnSync("ps", ["-o", "pgid=,tpgid=", "-p", String(process.pid)], { encoding: "utf8" })
  const groups = (stdout || "").trim().split(/\s+/)
  return groups.length === 2 ? groups[0] === groups[1] : Boolean(process.stdin.isTTY || process.stderr.isTTY)
}

/** What every child inherits: Node 22 first on the PATH, nx and its caches in the checkout, none of npm's settings. */
function childEnvironment() {
  const environment = {}
  // npm exports its settings, and pnpm would take them for its own (`omit`, `prefix`, …). What concerns both is where
  // the registry and the caches are.
  const shared =
    /^npm_config_(registry|cache|userconfig|globalconfig|store_dir|.*proxy|ca|cafile|strict_ssl|fetch_.*|[@/].*)$/i
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^npm_/i.test(name) || shared.test(name)) environment[name] = value
  }
  if (environment.NODE_ENV === "production") delete environment.NODE_ENV
  return {
    ...environment,
    // The second entry is spelled around a rule of nx: before it runs a package's script, it drops from the PATH what
    // starts with <root>/node_modules, and pnpm would be back under the system's Node.
    PATH: `${modules}/.bin:${root}/scripts/../node_modules/node/bin:${process.env.PATH}`,
    // Warnings of npm and pnpm about each other's settings say nothing to a user; errors are shown.
    npm_config_loglevel: "error",
    NX_DAEMON: "false",
    NX_NO_CLOUD: "true",
    // Both would go to the machine's temporary folder.
    NX_NATIVE_FILE_CACHE_DIRECTORY: path.join(root, ".nx", "native"),
    NODE_COMPILE_CACHE: path.join(modules, ".cache", "node"),
  }
}

function workspaceFolders() {
  return ["packages", "apps"].flatMap((parent) =>
    fs
      .readdirSync(path.join(root, parent))
      .map((name) => path.join(parent, name))
      .filter((folder) => fs.existsSync(path.join(root, folder, "package.json"))),
  )
}

function readJson(...segments) {
  return JSON.parse(fs.readFileSync(path.join(root, ...segments), "utf8"))
}

function readIfPresent(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : ""
}

main(process.argv.slice(2))
