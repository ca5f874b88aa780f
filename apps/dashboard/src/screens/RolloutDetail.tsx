/** One response in full, with the task that it proposed or answers, and all answers to that task. */
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { rolloutQuery, taskQuery } from "../api/client.ts"
import type { RolloutDetail as Rollout, TaskView } from "@azr/core/dashboard"
import { number, percent, words } from "../model/format.ts"
import { inertLine } from "../model/inert.ts"
import { lookOf } from "../model/palette.ts"
import { answerOf, verifyLine, rolloutName } from "../model/task.ts"
import { Code } from "../ui/Code.tsx"
import { Copy } from "../ui/Copy.tsx"
import { Hostile, Pieces } from "../ui/Hostile.tsx"
import { Outcome } from "../ui/Outcome.tsx"

const Block = ({
  title,
  children,
  aside,
}: {
  readonly title: string
  readonly children: ReactNode
  readonly aside?: ReactNode
}) => (
  <section className="border-t border-rule px-4 py-2.5">
    <h3 className="mb-1 flex items-baseline justify-between text-xs font-medium text-soft">
      {title}
      {aside}
    </h3>
    {children}
  </section>
)

const Fact = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => (
  <div>
    <dt className="text-xs text-soft">{label}</dt>
    <dd className="font-medium">{children}</dd>
  </div>
)

export const languageOf = (environment: string): "python" | "javascript" =>
  environment.startsWith("javascript") ? "javascript" : "python"

/** A task that is no program: its fields as they are encoded. */
const TaskFields = ({ task }: { readonly task: unknown }) => {
  if (typeof task !== "object" || task === null) return <Hostile text={JSON.stringify(task)} />
  return (
    <dl className="grid gap-2">
      {Object.entries(task)
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt className="text-xs text-soft">
              <Hostile text={words(name)} />
            </dt>
            <dd>
              <Hostile text={typeof value === "string" ? value : JSON.stringify(value)} />
            </dd>
          </div>
        ))}
    </dl>
  )
}

export const TaskBody = ({ record, source }: Pick<TaskView, "record" | "source">) => {
  if (source === null) return <TaskFields task={record.task} />
  const { inputs, message, outputs, program } = source
  return (
    <>
      <Code program={program} language={languageOf(record.environment)} />
      {message === "" ? null : <Hostile text={message} />}
      {inputs.length === 0 ? null : (
        <table className="table mt-2">
          <thead>
            <tr>
              <th scope="col">input</th>
              <th scope="col">output, from running it</th>
            </tr>
          </thead>
          <tbody>
            {inputs.map((input, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- pairs of a task do not move
              <tr key={index}>
                <td>
                  <Hostile text={input} empty="no argument" />
                </td>
                <td>
                  <Hostile text={outputs[index] ?? ""} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

export const RolloutDetail = ({
  run,
  kinds,
  step,
  index,
  onClose,
}: {
  readonly run: string
  readonly kinds: ReadonlyArray<string>
  readonly step: number
  readonly index: number
  readonly onClose: () => void
}) => {
  const { data: rollout, error } = useQuery(rolloutQuery(run, step, index))
  const task = useQuery({ ...taskQuery(run, rollout?.task ?? 0), enabled: typeof rollout?.task === "number" })
  if (rollout === undefined)
    return (
      <p role="status" className="rounded-lg border border-rule bg-panel p-10 text-center text-sm text-soft">
        {error === null ? "Reading …" : `Step ${step} has no rollout ${index}: ${error.message}`}
      </p>
    )
  const { record, answers, source = null } = task.data ?? {}
  const line =
    source?.notation !== "language"
      ? null
      : verifyLine(
          rollout.environment,
          rollout.kind,
          source,
          rollout.role === "solve" ? answerOf(rollout.response) : undefined,
        )
  return (
    <article
      aria-label={`Rollout ${index} of step ${step}`}
      tabIndex={0}
      className="rounded-lg border border-rule bg-panel lg:h-[calc(100vh-11.5rem)] lg:min-h-80 lg:overflow-auto"
    >
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
        <h2 className="text-sm font-semibold">
          {rollout.role === "propose" ? "Proposal" : "Answer"},{" "}
          <span style={{ color: `var(${lookOf(rollout.kind, kinds).color})` }}>{rollout.kind}</span>
          <span className="font-normal text-soft"> in {rollout.environment}</span>
        </h2>
        <Outcome outcome={rollout.outcome} />
        <span className="ml-auto flex gap-2">
          {line === null ? null : <Copy text={line}>Copy as test case</Copy>}
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
        </span>
        {rollout.reason === "" || rollout.reason === rollout.outcome ? null : (
          <p className="hostile w-full text-soft">
            <Pieces text={inertLine(rollout.reason, 1000)} />
          </p>
        )}
      </header>
      <dl className="grid grid-cols-3 gap-x-4 gap-y-2 border-t border-rule px-4 py-2.5 text-sm sm:grid-cols-5">
        <Fact label="reward">{rollout.reward === null ? "none" : number(rollout.reward)}</Fact>
        <Fact label="advantage">{rollout.advantage === null ? "none" : number(rollout.advantage)}</Fact>
        <Fact label="tokens">{rollout.tokens}</Fact>
        <Fact label="log-prob., mean">{number(rollout.logprob)}</Fact>
        <Fact label="probability a token">{percent(Math.exp(rollout.logprob))}</Fact>
      </dl>
      <Block title="Prompt">
        <Hostile text={rollout.prompt} />
      </Block>
      <Block title="Response">
        <Hostile text={rollout.response} empty="an empty response" />
      </Block>
      {record === undefined ? null : (
        <Block
          title={rollout.role === "propose" ? "The task that it became" : "The task"}
          aside={
            <Link className="link" from="/runs/$run" to="/runs/$run/lineage" search={{ task: record.id }}>
              #{record.id}, its lineage
            </Link>
          }
        >
          <TaskBody record={record} source={source} />
        </Block>
      )}
      {answers === undefined || answers.length === 0 ? null : (
        <Block
          title={`${answers.length} answers to the task${record?.successRate === null || record === undefined ? "" : `, ${percent(record.successRate, 0)} correct`}`}
        >
          <Answers answers={answers} />
        </Block>
      )}
    </article>
  )
}

export const Answers = ({ answers }: { readonly answers: ReadonlyArray<Rollout> }) => (
  <ul>
    {answers.map((answer) => (
      <li key={rolloutName(answer)} className="grid grid-cols-[5.5rem_1fr_3rem] gap-x-2 py-0.5 text-xs">
        <Outcome outcome={answer.outcome} />
        <Link
          className="truncate font-mono hover:underline"
          from="/runs/$run"
          to="/runs/$run/rollouts"
          search={{ task: answer.task ?? undefined, rollout: rolloutName(answer) }}
        >
          {inertLine(answer.response, 160) || "an empty response"}
        </Link>
        <span className="text-right">{answer.reward === null ? "–" : number(answer.reward)}</span>
      </li>
    ))}
  </ul>
)
