// Every check of the workspace, and one line at the end that counts them: `N passed, N failed`.
//
// Runs under Node 22 with pnpm on the PATH: `npm test`, or `pnpm run check`. Arguments go to `nx run-many`.
// A test counts as one; so does each lint, typecheck and build of a package, the packages outside (scripts/outside.mjs), and each check of scripts/checkRepo.mjs.
import { spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import os from "node:os"
import path from "node:path"
import { stripVTControlCharacters } from "node:util"

const root = path.dirname(import.meta.dirname)
const runReport = path.join(root, ".nx", "cache", "run.json")

// nx forces colours upon the tools that it runs, terminal or not, and not all of them heed FORCE_COLOR=0.
const coloured = process.env.FORCE_COLOR !== "0" && !process.env.NO_COLOR && process.stdout.isTTY === true
const env = { ...process.env, FORCE_COLOR: coloured ? "1" : "0" }
delete env.NO_COLOR

const readJson = (...segments) => JSON.parse(readFileSync(path.join(...segments), "utf8"))

/** Runs a program to its end: its exit code and what it printed, which is shown at once. An interrupt ends both. */
const run = (file, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] })
    const stop = (signal) => {
      child.kill(signal)
      process.exit(128 + os.constants.signals[signal])
    }
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop)
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text
      process.stdout.write(coloured ? text : stripVTControlCharacters(text))
    })
    child.on("error", reject)
    child.on("close", (code, signal) => (signal ? stop(signal) : resolve({ code, output })))
  })

/** The vitest report of each project, by the project's name; vitest.config.ts says where it is. */
const testReports = new Map(
  ["packages", "apps", "examples"].flatMap((parent) =>
    readdirSync(path.join(root, parent))
      .map((name) => path.join(root, parent, name))
      .filter((folder) => existsSync(path.join(folder, "package.json")))
      .map((folder) => [
        readJson(folder, "package.json").name,
        path.join(folder, "test-results", "vitest.json"),
      ]),
  ),
)

/** Passed and failed tests in a vitest report; a file that failed outside its tests (an import, a hook) is one. */
const countTests = ({ numPassedTests, numFailedTests, testResults }) => {
  const brokenFiles = testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  )
  return { passed: numPassedTests, failed: numFailedTests + brokenFiles.length }
}

/**
 * Titles of the tests in a vitest report that were left out because something is not on this machine, which they say. Others
 * are skipped because there is nothing to check, such as held-out suites of an environment that has none.
 */
const leftOut = ({ testResults }) =>
  testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "skipped" || status === "pending")
      .map(({ ancestorTitles, title }) => [...ancestorTitles, title].join(" › "))
      .filter((title) => title.includes("left out")),
  )

/** What one nx task stands for: its tests, or one check. A task that failed, or ran no test, is one failure or more. */
const countTask = ({ target, projectName, status }) => {
  if (target !== "test") return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  const report = testReports.get(projectName)
  const { passed, failed } = existsSync(report) ? countTests(readJson(report)) : { passed: 0, failed: 0 }
  return { passed, failed: status === 0 && passed > 0 ? failed : Math.max(failed, 1) }
}

// Whatever is counted below must come from this run: nx writes the reports of cached test runs anew.
for (const report of [runReport, ...testReports.values()]) rmSync(report, { force: true })

process.stderr.write(
  "azr: lint, typecheck, test, build every package (first time: minutes; later what changed)\n",
)
const targets = ["lint", "typecheck", "test", "build", "outside"]
// nx itself, not its link in node_modules/.bin: that is a shell script, which would keep signals to itself.
const nxFolder = path.join(root, "node_modules", "nx")
const nxArguments = ["run-many", "-t", ...targets, "--outputStyle=static", ...process.argv.slice(2)]
const nx = await run(process.execPath, [
  path.join(nxFolder, readJson(nxFolder, "package.json").bin.nx),
  ...nxArguments,
])
const results = existsSync(runReport)
  ? readJson(runReport).tasks.map((task) => ({ name: task.taskId, ...countTask(task) }))
  : []
if (nx.code !== 0 && results.every(({ failed }) => failed === 0)) {
  results.push({ name: "nx run-many", passed: 0, failed: 1 })
}

process.stderr.write("azr: repository checks\n")
const repository = await run(process.execPath, [path.join("scripts", "checkRepo.mjs")])
const lines = repository.output.split("\n")
for (const line of lines) {
  if (line.startsWith("✓ ")) results.push({ name: line.slice(2), passed: 1, failed: 0 })
  if (line.startsWith("✗ ")) results.push({ name: line.slice(2), passed: 0, failed: 1 })
}
if (repository.code !== 0 && !lines.some((line) => line.startsWith("✗ "))) {
  results.push({ name: "repository checks", passed: 0, failed: 1 })
}

const skipped = [...testReports].flatMap(([project, report]) =>
  existsSync(report) ? leftOut(readJson(report)).map((title) => `  ${project}: ${title}\n`) : [],
)
if (skipped.length > 0) process.stdout.write(`\nleft out here, ${skipped.length} tests:\n${skipped.join("")}`)

const failures = results.filter(({ failed }) => failed > 0).map(({ name }) => name)
const passed = results.reduce((sum, result) => sum + result.passed, 0)
const failed = results.reduce((sum, result) => sum + result.failed, 0)
process.stdout.write(failures.length > 0 ? `\nfailed: ${failures.join(", ")}\n` : "\n")
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0
