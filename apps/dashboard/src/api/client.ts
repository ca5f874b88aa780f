/** Reads of the page. One stream for the open run tells that something changed; what is read stays on the page while the server is away. */
import { keepPreviousData, queryOptions, useQueryClient } from "@tanstack/react-query"
import { useEffect, useState } from "react"
import type {
  RolloutDetail,
  RolloutFilter,
  RolloutPage,
  RunSummary,
  RunView,
  TaskView,
} from "@azr/core/dashboard"
import type { OpenApi } from "../model/openApi.ts"

/** The server said no, or nothing. */
export class RequestFailed extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const read = async <A>(path: string, signal: AbortSignal): Promise<A> => {
  const response = await fetch(`/api${path}`, { signal, headers: { accept: "application/json" } })
  if (!response.ok) throw new RequestFailed(response.status, await response.text())
  return (await response.json()) as A
}

/** Asks the process of a run to stop; fails with what the server says against it. */
export const stopRun = async (run: string, token: string): Promise<void> => {
  const response = await fetch(`/api${folder(run)}/stop`, {
    method: "POST",
    headers: { "x-azr-token": token },
  })
  if (response.ok) return
  const text = await response.text()
  const said = response.headers.get("content-type")?.startsWith("application/json")
    ? (JSON.parse(text) as { readonly message?: string }).message
    : text
  throw new RequestFailed(response.status, said ?? text)
}

const query = (filter: object): string =>
  new URLSearchParams(
    Object.entries(filter).flatMap(([key, value]): Array<[string, string]> =>
      value === undefined || value === "" ? [] : [[key, String(value)]],
    ),
  ).toString()

const folder = (run: string): string => `/runs/${encodeURIComponent(run)}`

export const runsQuery = queryOptions({
  queryKey: ["runs"],
  queryFn: ({ signal }) => read<ReadonlyArray<RunSummary>>("/runs", signal),
  refetchInterval: 2000,
})

export const runQuery = (run: string) =>
  queryOptions({
    queryKey: ["run", run],
    queryFn: ({ signal }) => read<RunView>(folder(run), signal),
  })

export const pageLength = 100

export const rolloutsQuery = (run: string, filter: RolloutFilter, page: number) =>
  queryOptions({
    queryKey: ["run", run, "rollouts", filter, page],
    queryFn: ({ signal }) =>
      read<RolloutPage>(
        `${folder(run)}/rollouts?${query({ ...filter, offset: page * pageLength, limit: pageLength })}`,
        signal,
      ),
    placeholderData: keepPreviousData,
  })

export const rolloutQuery = (run: string, step: number, index: number) =>
  queryOptions({
    queryKey: ["rollout", run, step, index],
    queryFn: ({ signal }) => read<RolloutDetail>(`${folder(run)}/rollouts/${step}/${index}`, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const taskQuery = (run: string, task: number) =>
  queryOptions({
    queryKey: ["task", run, task],
    queryFn: ({ signal }) => read<TaskView>(`${folder(run)}/tasks/${task}`, signal),
  })

export const interfaceQuery = queryOptions({
  queryKey: ["interface"],
  queryFn: ({ signal }) => read<OpenApi>("/openapi.json", signal),
  staleTime: Number.POSITIVE_INFINITY,
})

export type Connection = "connecting" | "live" | "lost"

/** Follows the run: what was read of it is read anew when it changed, at most four times a second. */
export const useLive = (run: string): Connection => {
  const client = useQueryClient()
  const [connection, setConnection] = useState<Connection>("connecting")
  useEffect(() => {
    let source: EventSource | null = null
    let cursor = ""
    let again: ReturnType<typeof setTimeout> | undefined
    let due: ReturnType<typeof setTimeout> | undefined
    const refresh = () => {
      due ??= setTimeout(() => {
        due = undefined
        void client.invalidateQueries({ queryKey: ["run", run] })
      }, 250)
    }
    const open = () => {
      source = new EventSource(`/api${folder(run)}/stream?${query({ since: cursor })}`)
      source.addEventListener("open", () => {
        setConnection("live")
        refresh()
      })
      source.addEventListener("message", ({ lastEventId }) => {
        cursor = lastEventId
        refresh()
      })
      source.addEventListener("error", () => {
        setConnection("lost")
        source?.close()
        again = setTimeout(open, 1000)
      })
    }
    open()
    return () => {
      source?.close()
      clearTimeout(again)
      clearTimeout(due)
    }
  }, [client, run])
  return connection
}
