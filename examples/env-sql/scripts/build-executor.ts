/**
 * Builds SQLite as an executor component and writes it, compressed, to `artifacts/`: `pnpm build:executor`.
 *
 *     guest.c, sqlite3.c ─ zig cc ▶ one core module without imports ─ run `seal`, freeze ▶ snapshot
 *                        ─ meter ▶ fuel, virtual memory, marks ─ wrap ▶ component ─ brotli ▶ artifacts/
 *
 * Needs python3 with venv and pip, which is how the C compiler comes. A minute or two.
 */
import { execFile } from "node:child_process"
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import {
  exposeState,
  freeze,
  installNpmTools,
  interfaceOnly,
  meter,
  packComponent,
  runTool,
  seal,
} from "@azr/wasm-host/build"

const execute = promisify(execFile)
const within = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** 32 MiB; and more recursion than the limits on the depth of expressions let through. */
const LIMITS = { maximumPages: 512, maximumDepth: 10_000 }

/** No threads, files, extensions or time zone; a name in double quotes is never a text; temporary tables stay in memory. */
const OPTIONS = [
  "DEFAULT_MEMSTATUS=0",
  "DQS=0",
  "OMIT_DEPRECATED",
  "OMIT_LOAD_EXTENSION",
  "OMIT_LOCALTIME",
  "OMIT_SHARED_CACHE",
  "OMIT_WAL",
  "OS_OTHER=1",
  "TEMP_STORE=3",
  "THREADSAFE=0",
].map((option) => `-DSQLITE_${option}`)

const work = within("generated/executor")
const artifacts = within("artifacts")
const module = `${work}/sqlite.wasm`

await rm(work, { recursive: true, force: true })
await mkdir(artifacts, { recursive: true })
say("installing the toolchain")
const tools = await installNpmTools(new URL("toolchain/", import.meta.url), `${work}/toolchain`)
await execute("python3", ["-m", "venv", `${work}/venv`])
const requirements = `${work}/toolchain/requirements.txt`
await execute(`${work}/venv/bin/pip`, ["install", "--quiet", "--requirement", requirements])

say("zig cc")
const sqlite = `${work}/toolchain/node_modules/better-sqlite3/deps/sqlite3`
const caches = { ZIG_GLOBAL_CACHE_DIR: `${work}/zig`, ZIG_LOCAL_CACHE_DIR: `${work}/zig` }
const target =
  "-target wasm32-wasi -mexec-model=reactor -O2 -s -DNDEBUG -Wl,--no-entry -Wl,-z,stack-size=1048576"
const sources = [`${sqlite}/sqlite3.c`, within("guest/guest.c")]
await runTool(
  `${work}/venv/bin/python`,
  ["-m", "ziglang", "cc", ...target.split(" "), ...OPTIONS, "-I", sqlite, ...sources, "-o", module],
  caches,
)
say("seal and meter")
const core = exposeState(interfaceOnly(await readFile(module)))
const { report, state } = seal(core)
const metered = meter(freeze(core, state), LIMITS)
say("wrap and compress")
const image = await packComponent(metered, { artifacts, file: "executor-sql.wasm.br", tools })
const [name, version] = (await readFile(requirements, "utf8")).trim().split("==")
const digests = {
  world: "azr:executor/executor",
  images: { a: { ...image, memoryBytes: state.memory.length } },
  ...LIMITS,
  tools: { ...tools.versions, [String(name)]: version, node: process.versions.node },
  ...(report as { readonly sqlite: string }),
}
await writeFile(`${artifacts}/digests.json`, `${JSON.stringify(digests, null, 2)}\n`)
await rm(work, { recursive: true })
say(JSON.stringify(digests.images, null, 2))
