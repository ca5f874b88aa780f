import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { wasmtimeStatus } from "@azr/wasm-host"
import { command, quoted } from "../command.ts"
import { type ClauseReport, checkClauses, chooseClauses } from "../conformance.ts"
import { describeOptions } from "../environmentOptions.ts"
import { environments, isLanguage, readPlugin, withGivenOptions } from "../environments.ts"
import { CheckFailed, UsageError } from "../exitCodes.ts"
import { hostFlag } from "../hostFlag.ts"
import { Output } from "../Output.ts"
import { installPacked, isPacked } from "../packedPackage.ts"
import { Table } from "../Table.ts"
import { newCommand } from "./envNew.ts"

const json = Flag.Boolean("json").pipe(Flag.withDescription("JSON on stdout"), Flag.withDefault(false))

const environment = Argument.String("environment").pipe(
  Argument.withDescription(
    "Id of an environment; or a module file, a package's folder, an installed package or a packed one (.tgz) that exports one",
  ),
)

const options = Flag.String("options").pipe(
  Flag.withDescription("Options of the environment as JSON, e.g. '{\"digits\": 4}'"),
  Flag.withMetavar("json"),
  Flag.optional,
)

const parseOptions = (text: string): Effect.Effect<unknown, UsageError> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => new UsageError({ message: `--options ${text} is not JSON` }),
  })

/** The environment that an argument names, packed or not, with the options given. */
const named = Effect.fnUntraced(function* (name: string, options: Option.Option<string>) {
  const plugin = yield* Effect.flatMap(
    isPacked(name) ? installPacked(name) : Effect.succeed(name),
    readPlugin,
  )
  const given = Option.isSome(options) ? yield* parseOptions(options.value) : undefined
  return { plugin, environment: yield* Effect.fromResult(withGivenOptions(name, plugin, given)) }
})

const list = Effect.fn("azr env list")(function* ({ json }: { readonly json: boolean }) {
  const output = yield* Output
  const table = new Table(["environment", "kinds", "styles", "title"], "llll")
  for (const { id, kinds, styles, title } of environments) {
    const names = kinds.map((kind) => kind.id)
    if (json) yield* output.result(JSON.stringify({ id, title, kinds: names, styles }))
    else table.row([id, names.join(" "), styles.join(" "), title])
  }
  if (!json) for (const line of table.lines()) yield* output.result(line)
})

const listCommand = Command.make("list", { json }, list).pipe(
  Command.withDescription("All environments: kinds of tasks, prompt styles, title"),
  Command.withExamples([{ command: "azr env list --json", description: "One JSON object an environment" }]),
)

const infoCommand = Command.make(
  "info",
  { environment, options, json },
  Effect.fn("azr env info")(function* ({ environment: name, json, options: given }) {
    const output = yield* Output
    const { environment: found, plugin } = yield* named(name, given)
    const suites = yield* found.suites
    const facts = {
      id: found.id,
      title: found.title,
      styles: found.styles,
      language: isLanguage(found) ? found.language.name : null,
      options: plugin._tag === "environment" ? [] : describeOptions(plugin.plugin.options),
      kinds: found.kinds.map(({ id, references }) => ({ id, references })),
      suites: suites.map(({ id, kind, split, tasks }) => ({ id, kind, split, tasks: tasks.length })),
    }
    if (json) return yield* output.result(JSON.stringify(facts))
    const row = (label: string, text: string) =>
      output.result(`${output.style("stdout", "dim", label.padEnd(12))} ${text}`)
    yield* row("environment", facts.id)
    yield* row("title", facts.title)
    yield* row("language", facts.language ?? "none")
    yield* row("styles", facts.styles.join(", "))
    for (const { id, references } of facts.kinds) {
      const from = references.from.join(", ")
      yield* row(
        "kind",
        `${id.padEnd(12)} ${references.given ? `made for a task of ${from}` : `shown tasks of ${from}`}`,
      )
    }
    for (const { id, split, tasks } of facts.suites)
      yield* row("suite", `${id.padEnd(12)} ${split}, ${tasks} tasks`)
    for (const { default: fallback, description, name: option, required, type } of facts.options) {
      const without = required
        ? "must be given"
        : fallback === undefined
          ? "may be left out"
          : `${JSON.stringify(fallback)} without it`
      yield* row(
        "option",
        `${option.padEnd(12)} ${type}, ${without}${description === "" ? "" : `: ${description}`}`,
      )
    }
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "One environment: language, styles, kinds and what they refer to, held-out suites, options",
  ),
  Command.withExamples([
    { command: "azr env info python-nano", description: "What the default trains on" },
    { command: "azr env info ./my-environment.ts", description: "One of your own" },
  ]),
)

const marks = { holds: "✓", broken: "✗", fault: "✗", skipped: "–" } as const

/** What is printed of a clause: a line, and for a broken one what was found and how to see it again. */
const reportLines = (
  report: ClauseReport,
  name: string,
  { style }: Output["Service"],
): ReadonlyArray<string> => {
  const { id, message, reproduce, status, title } = report
  const mark = marks[status]
  switch (status) {
    case "holds":
      return [`${style("stdout", "green", mark)} ${id.padEnd(3)} ${title}`]
    case "skipped":
      return [style("stdout", "dim", `${mark} ${id.padEnd(3)} ${title} (${message})`)]
    default:
      return [
        `${style("stdout", "red", mark)} ${id.padEnd(3)} ${title}`,
        `      ${status === "broken" ? "found" : "fault"}: ${message.replaceAll(/\s*\n\s*/g, " ")}`,
        ...(reproduce === "" ? [] : [`      call:  ${reproduce}`]),
        `      again: ${command} env test ${quoted(name)} --filter ${id}`,
      ]
  }
}

const testCommand = Command.make(
  "test",
  {
    environment,
    filter: Flag.String("filter").pipe(
      Flag.withDescription("Only the clause of this id, or those with this text in their title"),
      Flag.withDefault(""),
    ),
    host: hostFlag,
    options,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON object a clause on stdout"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr env test")(function* ({ environment: name, filter, host, json, options: given }) {
    const output = yield* Output
    const { environment: found } = yield* named(name, given)
    const clauses = yield* chooseClauses(found, filter)
    yield* output.announce(`checking ${found.id} …`)
    const reports = yield* checkClauses(found, clauses, host, (report) =>
      json
        ? output.result(JSON.stringify({ environment: found.id, ...report }))
        : Effect.forEach(reportLines(report, name, output), output.result, { discard: true }),
    )
    const wasmtime = wasmtimeStatus()
    if (!wasmtime.available) yield* output.progress(`not compared with wasmtime: ${wasmtime.reason}`)
    const count = (status: ClauseReport["status"]) =>
      reports.filter((report) => report.status === status).length
    const broken = count("broken") + count("fault")
    yield* output.progress(`clauses: ${count("holds")} hold, ${broken} broken, ${count("skipped")} skipped`)
    if (broken > 0) {
      const ids = reports.flatMap(({ id, status }) => (status === "broken" || status === "fault" ? [id] : []))
      return yield* new CheckFailed({ message: `${found.id} breaks ${ids.join(", ")}` })
    }
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Check an environment against its contract, clause by clause (docs/ENVIRONMENTS.md). Exit code 3 when one is broken",
  ),
  Command.withShortDescription("Check an environment against its contract"),
  Command.withExamples([
    {
      command: "azr env test python",
      description: "Every clause, with a line to reproduce for each that is broken",
    },
    {
      command: "azr env test ./my-environment.ts --filter gold",
      description: "Clauses about gold responses",
    },
    { command: "azr env test ./azr-lox-1.0.0.tgz", description: "A package as it would be published" },
  ]),
)

export const envCommand = Command.make("env", { json }, list).pipe(
  Command.withDescription("List, inspect, test and make environments"),
  Command.withExamples([
    { command: "azr env", description: "All of them" },
    { command: "azr env test python", description: "Check one against its contract" },
    { command: "azr env new lox --template language", description: "Begin one of your own" },
  ]),
  Command.withSubcommands([listCommand, infoCommand, testCommand, newCommand]),
)
