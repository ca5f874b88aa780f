/** What all screens of a run share: its name and state, the ways between them, the pinned step. */
import { useQuery } from "@tanstack/react-query"
import { Link, Outlet, getRouteApi, useLocation, useNavigate, useSearch } from "@tanstack/react-router"
import { useEffect, useRef } from "react"
import { RequestFailed, runQuery, useLive } from "../api/client.ts"
import type { RunView } from "@azr/core/dashboard"
import { inertLine } from "../model/inert.ts"
import { percent } from "../model/format.ts"
import { useKeys } from "../ui/keys.ts"
import { Notice } from "../ui/Notice.tsx"
import { RunStateBadge } from "../ui/RunStateBadge.tsx"
import { StopRun } from "./StopRun.tsx"

export interface RunScreenProps {
  readonly view: RunView
}

const route = getRouteApi("/runs/$run")

/** The step that the reader holds on to, in the URL, and the way to change it. */
export const useStep = (): readonly [number | undefined, (step: number | undefined) => void] => {
  const { step } = useSearch({ strict: false })
  const navigate = useNavigate()
  return [
    step,
    (next) =>
      void navigate({
        to: ".",
        search: (before: object) => ({ ...before, step: next, rollout: undefined }),
        replace: true,
      }),
  ]
}

export const screens = [
  ["Overview", "/runs/$run"],
  ["Curriculum", "/runs/$run/curriculum"],
  ["Lineage", "/runs/$run/lineage"],
  ["Rollouts", "/runs/$run/rollouts"],
  ["Executors", "/runs/$run/executors"],
  ["System", "/runs/$run/system"],
  ["Config", "/runs/$run/config"],
] as const

export const useRun = (): RunView | undefined => useQuery(runQuery(route.useParams().run)).data

export const RunLayout = () => {
  const { run } = route.useParams()
  const { data: view, error } = useQuery(runQuery(run))
  const connection = useLive(run)
  const navigate = useNavigate()
  const [step, setStep] = useStep()
  useEffect(() => {
    document.title = `${run} · azr`
  }, [run])
  // Where the screens do not fit beside each other, the one that is shown is in view.
  const screensBar = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  useEffect(() => {
    const shown = screensBar.current?.querySelector<HTMLElement>("[aria-current=page]")
    if (shown) screensBar.current?.scrollTo({ left: shown.offsetLeft - shown.offsetWidth })
  }, [pathname])
  const move = (by: 1 | -1) => {
    const steps = view?.steps ?? []
    if (steps.length === 0) return
    const at = step === undefined ? -1 : steps.findLastIndex((each) => each <= step)
    const next = at < 0 ? (by < 0 ? steps.length - 1 : 0) : Math.min(steps.length - 1, Math.max(0, at + by))
    setStep(steps[next])
  }
  useKeys({
    "[": () => move(-1),
    "]": () => move(1),
    Escape: () => setStep(undefined),
    ...Object.fromEntries(
      screens.map(([, to], index) => [
        String(index + 1),
        () => void navigate({ to, params: { run }, search: step === undefined ? {} : { step } }),
      ]),
    ),
  })
  const missing = error instanceof RequestFailed && error.status === 404
  const done = view === undefined || view.summary.steps === 0 ? 0 : view.summary.step / view.summary.steps
  return (
    <>
      <section
        aria-label="Run"
        className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-rule px-4 pt-1.5"
      >
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 pb-1.5">
          <h1 className="truncate font-semibold">{inertLine(run, 80)}</h1>
          {view === undefined ? null : (
            <>
              <RunStateBadge state={view.summary.state} />
              <span className="flex items-center gap-2 text-sm text-soft">
                step {view.summary.step} of {view.summary.steps}
                <span className="h-1.5 w-20 overflow-hidden rounded-full bg-raised" aria-hidden>
                  <span
                    className="block h-full bg-accent"
                    style={{ width: percent(Math.min(1, done), 1).replace(" ", "") }}
                  />
                </span>
              </span>
            </>
          )}
          {view === undefined ? null : <StopRun view={view} />}
          {step === undefined ? null : (
            <button
              type="button"
              className="button h-6"
              onClick={() => setStep(undefined)}
              aria-label={`let go of step ${step}`}
            >
              step {step} <span aria-hidden>×</span>
            </button>
          )}
          <span role="status" className="text-xs text-warn">
            {connection === "lost" ? "The server is away; trying again every second." : ""}
          </span>
        </div>
        <nav
          ref={screensBar}
          aria-label="Screens of the run"
          className="relative -mb-px flex min-w-0 gap-0.5 overflow-x-auto lg:ml-auto"
        >
          {screens.map(([label, to]) => (
            <Link
              key={to}
              to={to}
              params={{ run }}
              search={step === undefined ? {} : { step }}
              activeOptions={{ exact: true, includeSearch: false }}
              className="rounded-t border-b-2 border-transparent px-2.5 pt-1 pb-1.5 text-sm text-soft hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              {label}
            </Link>
          ))}
        </nav>
      </section>
      <main className="p-3 md:px-4">
        {missing ? (
          <Notice title={`There is no run ${run}`}>
            It may have been removed or renamed.{" "}
            <Link to="/" className="link">
              All runs
            </Link>
          </Notice>
        ) : view === undefined ? (
          <p role="status" className="py-16 text-center text-sm text-soft">
            {error === null ? "Reading the run …" : `The run could not be read: ${error.message}`}
          </p>
        ) : (
          <>
            <StateNotice view={view} />
            <Outlet />
          </>
        )}
      </main>
    </>
  )
}

const StateNotice = ({ view: { summary, steps } }: RunScreenProps) => {
  switch (summary.state) {
    case "seeding":
      return (
        <Notice title="The run is seeding">
          Its buffers are being filled with first tasks and the policy is evaluated before any training.
          Charts begin with step 1.
        </Notice>
      )
    case "crashed":
      return (
        <Notice title={`The run ended without saying so, after step ${summary.step}`}>
          Its process is gone: killed, or the machine went down. Nothing before the last checkpoint is lost.{" "}
          <code className="font-mono text-sm">azr resume {summary.id}</code> continues it.
        </Notice>
      )
    case "failed":
      return (
        <Notice title={`The run failed at step ${summary.step}`}>
          {inertLine(summary.message, 500)} <code className="font-mono text-sm">azr resume {summary.id}</code>{" "}
          continues it.
        </Notice>
      )
    case "newer":
      return (
        <Notice title="This run was written by a later version">
          What this version knows is shown, the rest is left out. {inertLine(summary.message, 500)}
        </Notice>
      )
    case "unreadable":
      return <Notice title="This run cannot be read">{inertLine(summary.message, 500)}</Notice>
    default:
      return steps.length === 0 ? (
        <Notice title="No step yet">The first one appears here by itself.</Notice>
      ) : null
  }
}
