/**
 * Tasks as rows of a data set of the `verifiers` library (docs.primeintellect.ai/verifiers, Environments, Datasets): `prompt`, chat
 * messages; `answer`, a response that scores; `task`, by which an `EnvGroup` tells its environments apart; `info`, JSON text with the
 * rest: what the prompt was made from, and the answer inside the response, both as the environment keeps them.
 */
import type { Environment, TaskBuffer } from "@azr/core"
import { Result, Schema } from "effect"
import type { AnyEnvironment } from "../environments.ts"
import type { Row, Rows } from "./Rows.ts"
import type { TaskRecords } from "./runRows.ts"

export const verifiersRows = (
  records: TaskRecords,
  environments: ReadonlyArray<AnyEnvironment>,
  style: Environment.PromptStyle,
): Rows => {
  const rowOf = ({
    environment: id,
    id: number,
    kind: kindId,
    successRate,
    task: encoded,
  }: TaskBuffer.TaskRecord): ReadonlyArray<Row> => {
    const kind = environments.find((each) => each.id === id)?.kinds.find((each) => each.id === kindId)
    const task = kind === undefined ? undefined : Schema.decodeUnknownResult(kind.taskSchema)(encoded)
    if (kind === undefined || task === undefined || Result.isFailure(task)) return []
    const response = kind.goldResponse(task.success, style)
    const answer = Result.map(kind.parseAnswer(response, style), Schema.encodeUnknownSync(kind.answerSchema))
    const info = {
      environment: id,
      kind: kindId,
      successRate,
      task: encoded,
      answer: Result.getOrElse(answer, () => null),
    }
    return [
      {
        example_id: number,
        prompt: kind.solvePrompt(task.success, style),
        answer: response,
        task: `${id}/${kindId}`,
        info: JSON.stringify(info),
      },
    ]
  }
  return {
    columns: [
      { name: "example_id", type: "integer" },
      { name: "prompt", type: "json" },
      { name: "answer", type: "text" },
      { name: "task", type: "text" },
      { name: "info", type: "text" },
    ],
    rows: async function* () {
      for await (const record of records) yield* rowOf(record)
    },
  }
}
