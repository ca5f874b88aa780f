/**
 * SQL as an environment that is no programming language.
 *
 * | kind | proposer writes | solver sees | solver writes | correct when |
 * |---|---|---|---|---|
 * | `result` | schema, rows, query | all of it | the rows it gives | they are equal, in order where the query has one |
 * | `query` | schema, rows, hidden rows, query, question | schema, rows, question, result | a query | it gives the right rows on both |
 */
import { Environment, Executor } from "@azr/core"
import { answered, fenced, readBlocks, responseForm, textTask } from "@azr/core/language"
import { ExecutorHost, type GuestExecutor, guestExecutor } from "@azr/wasm-host"
import { Context, Effect, Layer, Result, Schema, Struct } from "effect"

/** A row has a cell for each column. Numbers are integers of at most 53 bits, or doubles. */
const Rows = Schema.Array(Schema.Array(Schema.Union([Schema.Null, Schema.Finite, Schema.String])))
type Rows = typeof Rows.Type

/** SQLite in an import-free component. Faults: `sql`, `denied`, `output`, `unrepresentable`, and those of every guest. */
export class Database extends Context.Service<Database, GuestExecutor<Rows>>()("env-sql/Database") {
  static readonly layer = Layer.effect(
    Database,
    guestExecutor({
      id: "sql",
      artifacts: new URL("../artifacts/", import.meta.url),
      answer: Rows,
      // A tenth of what a program may use: a query over a few rows is done with less than a thousandth.
      fuel: Executor.defaultLimits.fuel / 10,
    }),
  ).pipe(Layer.provide(ExecutorHost.configured))
}

const draftFields = {
  schema: Schema.String,
  rows: Schema.String,
  /** Rows that the solver of a `query` does not see; empty for a `result`. */
  hidden: Schema.String,
  query: Schema.String,
  question: Schema.String,
}
type Draft = Readonly<Record<keyof typeof draftFields, string>>
/** `shown` and `unseen` are what the query gives on the two sets of rows; `ordered` whether their order counts. */
const Task = Schema.Struct({ ...draftFields, shown: Rows, unseen: Rows, ordered: Schema.Boolean })
type Task = typeof Task.Type
type Kind<Answer> = Environment.TaskKind<Task, Answer, Draft, Task, Database>

const refuse = (reason: string, message: string) =>
  Effect.fail(new Environment.ProposalRejected({ reason, message }))
const correct: Environment.Verdict = { verdict: "correct", reason: "" }
const wrong = (reason: string): Environment.Verdict => ({ verdict: "wrong", reason })

/** Most rows and columns of a result: something to work out, not to copy. */
const most = { rows: 20, columns: 6 }

/** Rows as one text: equal for rows that are equal, reals to nine digits. */
const normal = (rows: Rows, ordered: boolean): string => {
  const texts = rows.map((row) =>
    JSON.stringify(row.map((cell) => (typeof cell === "number" ? Number(cell.toPrecision(9)) : cell))),
  )
  return (ordered ? texts : texts.toSorted()).join("\n")
}

/** What the query of a draft gives; refused where it fails, is too large, or looks at anything but the rows. */
const observe = Effect.fnUntraced(function* (setup: string, query: string) {
  const database = yield* Database
  const ask = (conditions: Executor.Conditions) => database.ask({ op: "query", setup, query }, conditions)
  const both = Result.all([yield* ask("reference"), yield* ask("perturbed")])
  if (Result.isFailure(both)) return yield* refuse(both.failure.kind, both.failure.message)
  const [rows, perturbed] = both.success
  if (normal(rows, false) !== normal(perturbed, false))
    return yield* refuse("nondeterministic", "other rows under other conditions")
  if (rows.length === 0 || rows.length > most.rows || (rows[0]?.length ?? 0) > most.columns)
    return yield* refuse("size", `a result of ${rows.length} rows`)
  return { rows, ordered: /\border\s+by\b/i.test(query) && normal(rows, true) === normal(perturbed, true) }
})

const ask = (...parts: Array<string>) => [{ role: "user" as const, content: parts.join("\n\n") }]
const block = (task: Draft, ...tags: ReadonlyArray<keyof Draft>): string =>
  tags.map((tag) => fenced(tag, task[tag])).join("\n")
const words = ({ query }: Draft): ReadonlyArray<string> =>
  query.toLowerCase().match(/[a-z_]\w*|\d+|[^\s\w]/g) ?? []
const clauses = /^(?:join|left|where|group|having|order|limit|distinct|union|with|over|case|in|count|sum)$/

type Own = "id" | "answerSchema" | "solvePrompt" | "parseAnswer" | "verify" | "goldResponse" | "validate"
/** What a kind says for itself; the rest both have in common. */
const kind = <Answer>(
  parts: Pick<Kind<Answer>, Own> & { readonly request: string; readonly tags: ReadonlyArray<keyof Draft> },
): Kind<Answer> => ({
  ...textTask<Task>((task) => [task.schema, task.rows, task.query].join("\n")),
  ...parts,
  taskSchema: Task,
  references: { from: ["result", "query"], given: false },
  proposePrompt: (references) =>
    ask(
      parts.request,
      "SQLite's dialect. `schema` holds CREATE TABLE statements, `rows` INSERT statements, `query` one SELECT that gives 1 to 20 rows. " +
        "Nothing may depend on the clock or on chance. A capable solver gets a good task right about half of the time.",
      ...references.map((task) => `An earlier task, to differ from:\n${block(task, "schema", "query")}`),
      responseForm(parts.tags.map((tag) => fenced(tag, "…"))),
    ),
  parseProposal: (text) =>
    Result.map(readBlocks(text, parts.tags), (contents) => {
      const content = (tag: keyof Draft) => contents[parts.tags.indexOf(tag)] ?? ""
      return Object.fromEntries(Struct.keys(draftFields).map((tag) => [tag, content(tag)])) as Draft
    }),
  reveals: (task) => [`${task.schema}\n${task.query}`.replace(/\s+/g, " ")],
  family: (task) => words(task).join(" "),
  region: (task) => [...new Set(words(task).filter((word) => clauses.test(word)))].toSorted().join(" "),
  facets: (task) => [`${task.shown.length} rows`, normal(task.shown, false)],
  measureTask: (task) => ({ rows: task.shown.length, queryWords: words(task).length }),
})

const decodeRows = Schema.decodeUnknownResult(Schema.fromJsonString(Rows))
const noRows = () => new Environment.FormatError({ message: "no JSON array of rows" })

const result = kind<Rows>({
  id: "result",
  answerSchema: Rows,
  tags: ["schema", "rows", "query"],
  request:
    "Write a small database and a query. Somebody else gets them and has to work out, without running it, which rows it gives.",
  validate: Effect.fnUntraced(function* (draft) {
    const { ordered, rows } = yield* observe(`${draft.schema};\n${draft.rows}`, draft.query)
    return { ...draft, shown: rows, unseen: [], ordered }
  }),
  solvePrompt: (task) =>
    ask(
      "Which rows does this query give in SQLite? Work it out by reasoning; nothing can be run.",
      block(task, "schema", "rows", "query"),
      `Give them as a JSON array of arrays, ${task.ordered ? "in the order of the query" : "in any order"}, e.g. [[1, "a"], [2, null]].`,
      responseForm([fenced("result", "the rows")]),
    ),
  parseAnswer: (text) =>
    Result.flatMap(readBlocks(text, ["result"]), ([rows]) => Result.mapError(decodeRows(rows), noRows)),
  verify: (task, rows) =>
    Effect.succeed(
      normal(rows, task.ordered) === normal(task.shown, task.ordered)
        ? correct
        : wrong(`the rows are ${JSON.stringify(task.shown)}`),
    ),
  goldResponse: (task) => answered(fenced("result", JSON.stringify(task.shown))),
})

const query = kind<string>({
  id: "query",
  answerSchema: Schema.String,
  tags: ["schema", "rows", "hidden", "query", "question"],
  request:
    "Write a small database, a query, and in plain words the question that it answers. Somebody else gets the tables, the question and the " +
    "result, and has to write the query; theirs also has to be right on other rows, `hidden`, which give another result.",
  validate: Effect.fnUntraced(function* (draft) {
    const shown = yield* observe(`${draft.schema};\n${draft.rows}`, draft.query)
    const unseen = yield* observe(`${draft.schema};\n${draft.hidden}`, draft.query)
    if (normal(shown.rows, false) === normal(unseen.rows, false))
      return yield* refuse("hidden", "hidden rows that change nothing")
    return { ...draft, shown: shown.rows, unseen: unseen.rows, ordered: shown.ordered && unseen.ordered }
  }),
  solvePrompt: (task) =>
    ask(
      "Write one SELECT in SQLite's dialect that answers the question, on these rows and on others.",
      block(task, "schema", "rows", "question"),
      fenced("result", JSON.stringify(task.shown)),
      responseForm([fenced("query", "the query")]),
    ),
  parseAnswer: (text) => Result.map(readBlocks(text, ["query"]), ([sql]) => sql as string),
  verify: Effect.fnUntraced(function* (task, sql) {
    const database = yield* Database
    for (const [inserts, wanted] of [
      [task.rows, task.shown],
      [task.hidden, task.unseen],
    ] as const) {
      const request = { op: "query", setup: `${task.schema};\n${inserts}`, query: sql }
      const given = yield* database.ask(request, "reference")
      if (Result.isFailure(given)) return wrong(`${given.failure.kind}: ${given.failure.message}`)
      if (normal(given.success, task.ordered) !== normal(wanted, task.ordered))
        return wrong(`it gives ${JSON.stringify(given.success)}, not ${JSON.stringify(wanted)}`)
    }
    return correct
  }),
  goldResponse: (task) => answered(block(task, "query")),
})

const seed: Draft = {
  schema: "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, city TEXT, age INTEGER);",
  rows: "INSERT INTO person VALUES (1, 'Ann', 'Oslo', 31), (2, 'Bo', 'Rome', 25), (3, 'Cy', 'Oslo', 40);",
  hidden: "INSERT INTO person VALUES (1, 'Di', 'Bern', 19), (2, 'Ed', 'Rome', 52), (3, 'Flo', 'Bern', 33);",
  query: "SELECT city, count(*) FROM person GROUP BY city ORDER BY city;",
  question: "How many people live in each city? By name of the city.",
}

export default Environment.defineEnvironment<Database>({
  id: "sql",
  apiVersion: 1,
  title: "Questions to small databases in SQL",
  styles: ["full"],
  kinds: [result, query] as Environment.Environment<Database>["kinds"],
  seeds: (id, count) => (count === 0 ? [] : [id === "query" ? seed : { ...seed, hidden: "", question: "" }]),
  suites: Effect.succeed([]),
  layer: Database.layer,
})
