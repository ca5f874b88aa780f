/** The addresses of the page. What is in a URL is all of its state. */
import type { QueryClient } from "@tanstack/react-query"
import {
  Link,
  Outlet,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  useNavigate,
} from "@tanstack/react-router"
import { type ComponentType, Suspense, lazy } from "react"
import { RunLayout, type RunScreenProps, useRun } from "./screens/RunLayout.tsx"
import { Runs } from "./screens/Runs.tsx"
import { Help } from "./ui/Help.tsx"
import { useKeys } from "./ui/keys.ts"
import { Notice } from "./ui/Notice.tsx"
import { Nothing } from "./ui/Panel.tsx"

const Root = () => {
  const navigate = useNavigate()
  useKeys({ g: () => void navigate({ to: "/" }) })
  return (
    <>
      <header className="flex h-10 items-center gap-4 border-b border-rule bg-panel px-4">
        <Link to="/" className="flex items-center gap-2 font-semibold" aria-label="azr, all runs">
          <svg width="16" height="16" viewBox="0 0 32 32" aria-hidden className="text-accent">
            <circle cx="16" cy="16" r="12" fill="none" stroke="currentColor" strokeWidth="4.5" />
            <path d="M7.5 24.5 24.5 7.5" stroke="currentColor" strokeWidth="4.5" />
          </svg>
          azr
        </Link>
        <Link
          to="/"
          activeOptions={{ exact: true, includeSearch: false }}
          className="text-sm text-soft hover:text-ink aria-[current=page]:text-ink"
        >
          Runs
        </Link>
        <Link to="/interface" className="text-sm text-soft hover:text-ink aria-[current=page]:text-ink">
          Interface
        </Link>
        <span className="ml-auto">
          <Help />
        </span>
      </header>
      <Outlet />
    </>
  )
}

const root = createRootRouteWithContext<{ readonly queryClient: QueryClient }>()({
  component: Root,
  notFoundComponent: () => (
    <main className="p-4">
      <Notice title="There is nothing at this address">
        <Link to="/" className="link">
          All runs
        </Link>
      </Notice>
    </main>
  ),
})

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined
const whole = (value: unknown): number | undefined => {
  const parsed = typeof value === "string" ? Number(value) : value
  return typeof parsed === "number" && Number.isSafeInteger(parsed) && parsed >= 0 ? parsed : undefined
}
const texts = (value: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(value)
    ? value.flatMap((each) => text(each) ?? [])
    : text(value) === undefined
      ? undefined
      : [String(value)]

type Search = Record<string, unknown>

const runs = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: Runs,
  validateSearch: (
    search: Search,
  ): { q?: string | undefined; sort?: string | undefined; select?: ReadonlyArray<string> | undefined } => ({
    q: text(search["q"]),
    sort: text(search["sort"]),
    select: texts(search["select"]),
  }),
})

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  component: lazyRouteComponent(() => import("./screens/Compare.tsx"), "Compare"),
  validateSearch: (search: Search): { runs?: ReadonlyArray<string> | undefined } => ({
    runs: texts(search["runs"]),
  }),
})

const description = createRoute({
  getParentRoute: () => root,
  path: "/interface",
  component: lazyRouteComponent(() => import("./screens/Interface.tsx"), "Interface"),
})

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$run",
  component: RunLayout,
  validateSearch: (search: Search): { step?: number | undefined } => ({ step: whole(search["step"]) }),
})

/** A screen loads when it is opened and has the run that its layout has read. */
const screen = (load: () => Promise<ComponentType<RunScreenProps>>) => {
  const Screen = lazy(async () => ({ default: await load() }))
  return () => {
    const view = useRun()
    return view === undefined ? null : (
      <Suspense fallback={<Nothing>Reading …</Nothing>}>
        <Screen view={view} />
      </Suspense>
    )
  }
}

const overview = createRoute({
  getParentRoute: () => run,
  path: "/",
  component: screen(async () => (await import("./screens/Overview.tsx")).Overview),
})
const curriculum = createRoute({
  getParentRoute: () => run,
  path: "/curriculum",
  component: screen(async () => (await import("./screens/Curriculum.tsx")).Curriculum),
})
const lineage = createRoute({
  getParentRoute: () => run,
  path: "/lineage",
  component: screen(async () => (await import("./screens/Lineage.tsx")).Lineage),
  validateSearch: (search: Search): { task?: number | undefined } => ({ task: whole(search["task"]) }),
})
const rollouts = createRoute({
  getParentRoute: () => run,
  path: "/rollouts",
  component: screen(async () => (await import("./screens/Rollouts.tsx")).Rollouts),
  validateSearch: (
    search: Search,
  ): {
    role?: string | undefined
    kind?: string | undefined
    outcome?: string | undefined
    environment?: string | undefined
    task?: number | undefined
    q?: string | undefined
    rollout?: string | undefined
  } => ({
    role: text(search["role"]),
    kind: text(search["kind"]),
    outcome: text(search["outcome"]),
    environment: text(search["environment"]),
    task: whole(search["task"]),
    q: text(search["q"]),
    rollout: text(search["rollout"]),
  }),
})
const executors = createRoute({
  getParentRoute: () => run,
  path: "/executors",
  component: screen(async () => (await import("./screens/Executors.tsx")).Executors),
})
const system = createRoute({
  getParentRoute: () => run,
  path: "/system",
  component: screen(async () => (await import("./screens/System.tsx")).System),
})
const config = createRoute({
  getParentRoute: () => run,
  path: "/config",
  component: screen(async () => (await import("./screens/Config.tsx")).Config),
  validateSearch: (search: Search): { against?: string | undefined; q?: string | undefined } => ({
    against: text(search["against"]),
    q: text(search["q"]),
  }),
})

const routeTree = root.addChildren([
  runs,
  compare,
  description,
  run.addChildren([overview, curriculum, lineage, rollouts, executors, system, config]),
])

export const makeRouter = (queryClient: QueryClient) =>
  createRouter({ routeTree, context: { queryClient }, defaultPreload: "intent", scrollRestoration: true })

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
