/** Drafts of tasks and a response that proposes one. */
import { fenced } from "@azr/core/language"

const schema = "CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer TEXT, amount REAL, paid INTEGER);"
const rows =
  "INSERT INTO invoice VALUES (1, 'Kim', 12.5, 1), (2, 'Lee', 3, 0), (3, 'Kim', 7.25, NULL), (4, 'Mo', 3, 1);"
const hidden = "INSERT INTO invoice VALUES (1, 'Ada', 4, 1), (2, 'Ada', 6, 1), (3, 'Bob', 1, 0);"
const invoice = { schema, rows, hidden, question: "A question." }

export const invoices = [
  {
    ...invoice,
    query:
      "SELECT customer, sum(amount) AS total FROM invoice GROUP BY customer ORDER BY total DESC, customer",
  },
  { ...invoice, query: "SELECT customer FROM invoice WHERE paid" },
  {
    ...invoice,
    query:
      "SELECT i.id, j.id FROM invoice i JOIN invoice j ON i.amount = j.amount AND i.id < j.id UNION SELECT 0, count(*) FROM invoice",
  },
]

const blocks = {
  schema,
  rows,
  hidden,
  query: "SELECT max(amount) FROM invoice WHERE customer LIKE '%o%';",
  question: "The largest amount of a customer with an o in the name?",
}
const tags = {
  result: ["schema", "rows", "query"],
  query: ["schema", "rows", "hidden", "query", "question"],
} as const

export const proposal = (kind: "result" | "query"): string =>
  `<think>\nHm.\n</think>\n<answer>\n${tags[kind].map((tag) => fenced(tag, blocks[tag])).join("\n")}\n</answer>`
