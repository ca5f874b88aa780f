/** The dashboard over HTTP: the contract of `@azr/core/dashboard`, the built page, and a guard before both. */
import { randomBytes } from "node:crypto"
import { createServer } from "node:http"
import { DashboardApi } from "@azr/core/dashboard"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse, HttpStaticServer } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { UsageError } from "../exitCodes.ts"
import { refusal, securityHeaders, urlHost } from "./guard.ts"
import { Runs } from "./Runs.ts"

export const defaultPort = 4317
const pageLength = 100

export interface ServerOptions {
  readonly runsDir: string
  readonly host: string
  /** 0 is any that is free. */
  readonly port: number
  /** The built page; null serves the interface alone. */
  readonly page: string | null
}

export const handlers = HttpApiBuilder.group(
  DashboardApi,
  "runs",
  Effect.fn(function* (handlers) {
    const runs = yield* Runs
    return handlers.handleAll({
      list: () => runs.list,
      view: ({ params, query }) => runs.view(params.run, query.keys?.split(",") ?? null),
      rollouts: ({ params, query: { limit, offset, ...filter } }) =>
        runs.rollouts(params.run, filter, offset ?? 0, limit ?? pageLength),
      rollout: ({ params }) => runs.rollout(params.run, params.step, params.index),
      task: ({ params }) => runs.task(params.run, params.task),
      stop: ({ params }) => runs.stop(params.run),
      stream: ({ params, query }) => runs.follow(params.run, query.since),
    })
  }),
)

/**
 * Listens until the scope closes; gives the address, and the link to open: with the token, without which the page only reads. It stands
 * behind a #, which a browser sends nowhere.
 */
export const serve = Effect.fn("dashboard.serve")(function* ({ host, page, port, runsDir }: ServerOptions) {
  const http = createServer()
  const token = randomBytes(18).toString("base64url")
  let actualPort = port
  const guard = HttpRouter.middleware(
    (answer) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const refused = refusal(request, { host, port: actualPort, token })
        const response =
          refused === null
            ? yield* answer
            : HttpServerResponse.text(refused.message, { status: refused.status })
        return HttpServerResponse.setHeaders(response, securityHeaders)
      }),
    { global: true },
  )
  const routes = Layer.mergeAll(
    HttpApiBuilder.layer(DashboardApi, { openapiPath: "/api/openapi.json" }).pipe(Layer.provide(handlers)),
    page === null ? Layer.empty : HttpStaticServer.layer({ root: page, spa: true }),
    // Whatever has no route passes the guard, too, and is told so in the same words.
    HttpRouter.add("*", "/api/*", HttpServerResponse.text("no such interface", { status: 404 })),
    guard,
  )
  const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(Runs.layer(runsDir)),
    Layer.provideMerge(NodeHttpServer.layer(() => http, { host, port })),
  )
  const context = yield* Layer.build(server).pipe(
    Effect.catchTag("ServeError", ({ cause }) =>
      Effect.fail(
        new UsageError({ message: `the dashboard cannot listen on ${host}:${port}: ${reasonOf(cause)}` }),
      ),
    ),
  )
  const { address } = Context.get(context, HttpServer.HttpServer)
  if (address._tag !== "UnixPathAddress") actualPort = address.port
  // The logs are read while the browser opens.
  yield* Effect.forkScoped(Context.get(context, Runs).list)
  const url = `http://${urlHost(host)}:${actualPort}`
  return { url, link: `${url}/#token=${token}` }
})

const reasonOf = (cause: unknown): string => {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : null
  if (code === "EADDRINUSE") return "the port is taken; choose another with --port, or 0 for any that is free"
  return cause instanceof Error ? cause.message : String(cause)
}
