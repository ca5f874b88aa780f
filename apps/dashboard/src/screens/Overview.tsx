/** Is it learning, is the curriculum healthy, is anything wrong: one screen. */
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import type { Alert } from "@azr/core/dashboard"
import { Funnel } from "../charts/Funnel.tsx"
import { Legend } from "../charts/Legend.tsx"
import { difficultyMix } from "../charts/LineageTree.tsx"
import { type Line, TimeChart } from "../charts/TimeChart.tsx"
import { count, number, percent, points, seconds } from "../model/format.ts"
import { inertLine } from "../model/inert.ts"
import { shortTitle, rolloutName } from "../model/task.ts"
import { lookOf } from "../model/palette.ts"
import {
  changesByKind,
  evaluationSeconds,
  hasNoSuites,
  isKnown,
  lastOf,
  mainSplit,
  meanOver,
  reasonInWords,
  refusalsOf,
  seriesOf,
  stagesOf,
  suitesOf,
} from "../model/series.ts"
import { Nothing, Panel } from "../ui/Panel.tsx"
import { RefusalLink } from "../ui/RefusalLink.tsx"
import { type RunScreenProps, useStep } from "./RunLayout.tsx"

const share = (value: number) => percent(value, 0)

export const Overview = ({ view }: RunScreenProps) => (
  <div className="grid grid-cols-1 gap-3 xl:grid-cols-12">
    <Answers view={view} />
    <HeldOut view={view} />
    <Proposals view={view} />
    <Rewards view={view} />
    <Training view={view} />
    <StepTime view={view} />
    <Alerts view={view} />
  </div>
)

const Answer = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => (
  <div className="min-w-0 px-3.5 py-2.5">
    <dt className="text-xs text-soft">{label}</dt>
    <dd className="min-w-0">{children}</dd>
  </div>
)

/** The three questions that everybody asks first, answered in words. */
const Answers = ({ view }: RunScreenProps) => {
  const split = mainSplit(view.evaluations)
  const changes = changesByKind(view.evaluations, split)
  const [most] = changes
  const refusals = refusalsOf(view)
  const { hardest, summary } = view
  return (
    <dl className="grid divide-rule rounded-lg border border-rule bg-panel max-md:divide-y md:grid-cols-3 md:divide-x xl:col-span-12">
      <Answer label="Improved most since the start, held-out tasks">
        {most === undefined ? (
          <span className="text-soft">
            {hasNoSuites(view) ? "this run has no held-out suites" : "known after the second evaluation"}
          </span>
        ) : (
          <>
            <span
              className="text-lg font-semibold"
              style={{ color: `var(${lookOf(most.kind, view.kinds).color})` }}
            >
              {most.kind}
            </span>{" "}
            <span className="text-lg font-semibold">{points(most.now - most.before)} points</span>
            <span className="block truncate text-xs text-soft">
              {share(most.before)} → {share(most.now)}
              {changes.slice(1).map(({ before, kind, now }) => ` · ${kind} ${points(now - before)}`)}
            </span>
          </>
        )}
      </Answer>
      <Answer label="Proposals refused, and why">
        {refusals.proposed === 0 ? (
          <span className="text-soft">no proposal yet</span>
        ) : (
          <>
            <span className="text-lg font-semibold">{percent(refusals.refused / refusals.proposed)}</span>
            <span className="text-soft"> of {count(refusals.proposed)}</span>
            <span className="block text-xs text-soft md:truncate">
              {refusals.reasons.slice(0, 3).map(({ count: n, reason, status }, index) => (
                <span key={`${status}/${reason}`}>
                  {index === 0 ? "" : " · "}
                  <RefusalLink reason={reason} status={status} /> {percent(n / refusals.proposed)}
                </span>
              ))}
            </span>
          </>
        )}
      </Answer>
      <Answer label="Hardest task that was solved">
        {hardest === null ? (
          <span className="text-soft">known after the first step</span>
        ) : (
          <>
            <Link
              className="link text-lg font-semibold"
              from="/runs/$run"
              to="/runs/$run/lineage"
              search={{ task: hardest.id }}
            >
              #{hardest.id}
            </Link>
            <span className="text-soft">
              {" "}
              {hardest.kind}, solved {share(hardest.successRate ?? 0)} of the time
              {hardest.parents.length === 0 ? "" : ", descends from "}
            </span>
            {hardest.parents.map((parent) => (
              <Link
                key={parent}
                className="link"
                from="/runs/$run"
                to="/runs/$run/lineage"
                search={{ task: hardest.id }}
              >
                #{parent}
              </Link>
            ))}
            <span className="block truncate font-mono text-xs text-soft">
              <i
                aria-hidden
                className="mr-1.5 inline-block size-2 rounded-full"
                style={{ background: difficultyMix(hardest.successRate) }}
              />
              {inertLine(shortTitle(hardest.title), 80)}
            </span>
          </>
        )}
        {summary.state === "seeding" ? <span className="text-soft"> (seeding)</span> : null}
      </Answer>
    </dl>
  )
}

const HeldOut = ({ view }: RunScreenProps) => {
  const [pinned, pin] = useStep()
  const split = mainSplit(view.evaluations)
  const suites = suitesOf(view.evaluations, split)
  return (
    <Panel
      className="xl:col-span-8"
      title="Held-out accuracy"
      note={`by suite, ${split} split, greedy; band: 95 % interval`}
      table={{
        columns: ["suite, step", "solved", "tasks", "95 % interval"],
        rows: () =>
          suites.flatMap(({ points: all, suite }) =>
            all.map(({ correct, high, low, step, total }) => [
              `${suite}, ${step}`,
              percent(correct / total),
              count(total),
              `${percent(low)} – ${percent(high)}`,
            ]),
          ),
      }}
    >
      {suites.length === 0 ? (
        <Nothing>
          {hasNoSuites(view)
            ? "The environments of this run have no held-out suites. azr eval RUN --suite FILE asks those of a benchmark file."
            : "The first evaluation comes once the buffers are seeded."}
        </Nothing>
      ) : (
        <div
          className={`grid grid-cols-2 gap-x-4 gap-y-1.5 md:grid-cols-4 ${suites.length > 8 ? "xl:grid-cols-5" : ""}`}
        >
          {suites.map(({ kind, points: all, suite }) => {
            const first = all[0]
            const last = all.at(-1)
            if (first === undefined || last === undefined) return null
            const [before, now] = [first.correct / first.total, last.correct / last.total]
            const line: Line = {
              label: suite,
              look: { ...lookOf(kind, view.kinds), dash: [] },
              values: all.map(({ correct, total }) => correct / total),
              low: all.map(({ low }) => low),
              high: all.map(({ high }) => high),
            }
            return (
              <div key={suite} className="min-w-0">
                <div className="flex items-baseline gap-1.5 text-xs">
                  <span className="truncate text-soft">{suite}</span>
                  <b className="ml-auto text-sm font-semibold">{percent(now)}</b>
                  <span className={now >= before ? "text-good" : "text-bad"}>
                    {all.length < 2 ? "" : points(now - before)}
                  </span>
                </div>
                <TimeChart
                  label={`${suite}, held-out accuracy`}
                  steps={all.map(({ step }) => step)}
                  lines={[line]}
                  format={share}
                  height={92}
                  range={[0, 1]}
                  points
                  axes="small"
                  pinned={pinned}
                  onPin={pin}
                />
              </div>
            )
          })}
        </div>
      )}
    </Panel>
  )
}

const Proposals = ({ view }: RunScreenProps) => {
  const stages = stagesOf(view)
  const { proposed, reasons } = refusalsOf(view)
  return (
    <Panel
      className="xl:col-span-4"
      title="Proposals"
      note="all steps; hatched: lost at this stage"
      table={{
        columns: ["stage or reason", "proposals", "share"],
        rows: () => [
          ...stages.map(({ count: n, label }) => [label, count(n), percent(n / Math.max(1, proposed))]),
          ...reasons.map(({ count: n, reason }) => [
            `refused: ${reasonInWords(reason)}`,
            count(n),
            percent(n / Math.max(1, proposed)),
          ]),
        ],
      }}
    >
      {proposed === 0 ? (
        <Nothing>No proposal yet.</Nothing>
      ) : (
        <>
          <Funnel stages={stages} label="Proposals left at each stage" />
          <ul className="mt-2 flex flex-wrap gap-x-3 border-t border-rule pt-1.5 text-xs text-soft">
            {reasons.slice(0, 6).map(({ count: n, reason, status }) => (
              <li key={`${status}/${reason}`}>
                <RefusalLink reason={reason} status={status} /> {count(n)}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}

const Rewards = ({ view }: RunScreenProps) => {
  const [pinned, pin] = useStep()
  const roles = [
    ["propose", "reward", "proposer's reward", [null, null]],
    ["solve", "correct", "solver, correct", [0, 1]],
  ] as const
  return (
    <Panel
      className="xl:col-span-5"
      title="Rewards"
      note="by kind, mean of each step"
      actions={
        <Legend area entries={view.kinds.map((kind) => ({ label: kind, look: lookOf(kind, view.kinds) }))} />
      }
      table={{
        columns: ["step", ...view.kinds.flatMap((kind) => [`propose ${kind}`, `solve ${kind}`])],
        rows: () =>
          view.steps.map((step, i) => [
            String(step),
            ...view.kinds.flatMap((kind) =>
              roles.map(([role, name]) => {
                const value = seriesOf(view, `${role}/${kind}/${name}`)[i]
                return value === null || value === undefined ? "–" : number(value)
              }),
            ),
          ]),
      }}
    >
      {view.steps.length === 0 ? (
        <Nothing>Rewards come with the first step.</Nothing>
      ) : (
        <div
          className="grid gap-x-3 gap-y-1"
          style={{ gridTemplateColumns: `repeat(${view.kinds.length}, 1fr)` }}
        >
          {roles.flatMap(([role, name, words, range]) => {
            const rows = view.kinds.map((kind) => seriesOf(view, `${role}/${kind}/${name}`))
            const known = rows.flat().filter((value) => value !== null)
            const scale: readonly [number | null, number | null] =
              range[0] === null ? [Math.min(0, ...known), Math.max(0.1, ...known)] : range
            return view.kinds.map((kind, index) => {
              const values = rows[index] ?? []
              const last = lastOf(values)
              return (
                <div key={`${role}/${kind}`} className="min-w-0">
                  <div className="flex items-baseline justify-between gap-1 text-xs text-soft">
                    <span className="truncate">{index === 0 ? words : ""}</span>
                    <b className="font-semibold text-ink">
                      {last === null ? "–" : role === "solve" ? share(last) : number(Number(last.toFixed(2)))}
                    </b>
                  </div>
                  <TimeChart
                    label={`${words}, ${kind}`}
                    steps={view.steps}
                    lines={[{ label: kind, look: { ...lookOf(kind, view.kinds), dash: [] }, values }]}
                    format={role === "solve" ? share : number}
                    height={96}
                    range={scale}
                    axes="small"
                    pinned={pinned}
                    onPin={pin}
                  />
                </div>
              )
            })
          })}
        </div>
      )}
    </Panel>
  )
}

const Training = ({ view }: RunScreenProps) => {
  const [pinned, pin] = useStep()
  const lengths = meanOver(view.kinds.map((kind) => seriesOf(view, `solve/${kind}/tokens`)))
  const charts = [
    ["Entropy", "nats", seriesOf(view, "train/entropy")],
    ["KL from the start", "nats", seriesOf(view, "train/kl")],
    ["Gradient norm", "", seriesOf(view, "train/gradNorm")],
    ["Response length", "tokens", lengths],
  ] as const
  return (
    <Panel
      className="xl:col-span-4"
      title="Training"
      table={{
        columns: ["step", ...charts.map(([name]) => name)],
        rows: () =>
          view.steps.map((step, i) => [
            String(step),
            ...charts.map(([, , values]) => {
              const value = values[i]
              return value === null || value === undefined ? "–" : number(value)
            }),
          ]),
      }}
    >
      <div className="grid grid-cols-2 gap-x-4 gap-y-1">
        {charts.map(([name, unit, values]) => {
          const last = lastOf(values)
          return (
            <div key={name} className="min-w-0">
              <div className="flex items-baseline justify-between gap-1 text-xs text-soft">
                <span className="truncate">{name}</span>
                <span>
                  <b className="font-semibold text-ink">{last === null ? "" : number(last)}</b>{" "}
                  {last === null ? "" : unit}
                </span>
              </div>
              {isKnown(values) ? (
                <TimeChart
                  label={name}
                  steps={view.steps}
                  lines={[{ label: name, look: { color: "--accent", dash: [] }, values }]}
                  format={number}
                  height={96}
                  range={[0, null]}
                  axes="small"
                  pinned={pinned}
                  onPin={pin}
                />
              ) : (
                <p className="flex h-[96px] items-center justify-center rounded bg-raised/50 px-2 text-center text-xs text-soft">
                  {name.startsWith("KL") && view.steps.length > 0
                    ? "not measured: kl is null in the config"
                    : "nothing yet"}
                </p>
              )}
            </div>
          )
        })}
      </div>
    </Panel>
  )
}

const stepParts = ["generate", "execute", "train", "evaluate", "wait"] as const

const StepTime = ({ view }: RunScreenProps) => {
  const [pinned, pin] = useStep()
  const lines = stepParts.map((part) => ({
    label: part,
    look: { color: `--${part}`, dash: [] },
    values: part === "evaluate" ? evaluationSeconds(view) : seriesOf(view, `seconds/${part}`),
  }))
  const drawn = lines.filter(({ values }) => isKnown(values))
  return (
    <Panel
      className="xl:col-span-3"
      title="Step time"
      table={{
        columns: ["step", ...stepParts],
        rows: () =>
          view.steps.map((step, i) => [
            String(step),
            ...lines.map(({ values }) => {
              const value = values[i]
              return value === null || value === undefined ? "–" : seconds(value)
            }),
          ]),
      }}
    >
      {view.steps.length === 0 ? (
        <Nothing>Nothing yet.</Nothing>
      ) : (
        <>
          <Legend area entries={drawn} />
          <TimeChart
            label="Step time"
            steps={view.steps}
            lines={drawn}
            format={seconds}
            height={196}
            range={[0, null]}
            stacked
            pinned={pinned}
            onPin={pin}
          />
        </>
      )}
    </Panel>
  )
}

const severities = { error: ["✕", "--bad"], warning: ["▲", "--warn"], info: ["●", "--accent"] } as const

const AlertItem = ({ alert }: { readonly alert: Alert }) => {
  const [shape, color] = severities[alert.severity]
  return (
    <li className="flex items-baseline gap-2 text-sm">
      <span aria-hidden style={{ color: `var(${color})` }}>
        {shape}
      </span>
      <span className="sr-only">{alert.severity}:</span>
      <span className="min-w-0">
        {inertLine(alert.message, 300)}{" "}
        <Link
          className="link whitespace-nowrap"
          from="/runs/$run"
          to="/runs/$run/rollouts"
          search={{
            ...(alert.evidence ?? { step: alert.step }),
            ...(alert.rollout === null
              ? {}
              : { rollout: rolloutName({ step: alert.step, index: alert.rollout }) }),
          }}
        >
          see step {alert.evidence?.step ?? alert.step}
        </Link>
        {alert.until === null ? null : <span className="text-soft"> over since step {alert.until}</span>}
      </span>
    </li>
  )
}

/** What lasts before what is over, the latest first. */
const inOrder = (alerts: ReadonlyArray<Alert>): ReadonlyArray<Alert> =>
  alerts.toReversed().sort((a, b) => Number(a.until !== null) - Number(b.until !== null))

const Alerts = ({ view: { alerts, steps } }: RunScreenProps) => (
  <Panel
    className="xl:col-span-12"
    title="Alerts"
    note={
      alerts.length === 0
        ? null
        : `${alerts.filter(({ until }) => until === null).length} of ${alerts.length} last`
    }
  >
    {alerts.length === 0 ? (
      <p className="text-sm text-soft">
        {steps.length === 0
          ? "Alerts watch the steps; there is none yet."
          : "None. Watched are entropy, duplicates, valid rate, cells without variance, faults and restarts of executors, exploit attempts and held-out accuracy."}
      </p>
    ) : (
      <div className="max-h-28 overflow-auto" tabIndex={0} role="region" aria-label="List of alerts">
        <ul className="grid gap-x-8 gap-y-1 md:grid-cols-2">
          {inOrder(alerts).map((alert) => (
            <AlertItem key={`${alert.rule}/${alert.step}/${alert.message}`} alert={alert} />
          ))}
        </ul>
      </div>
    )}
  </Panel>
)
