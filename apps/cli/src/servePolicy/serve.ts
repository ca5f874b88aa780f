/** Serves a policy to clients of the Tinker API on an address of this machine. */
import { createServer } from "node:http"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { urlHost } from "../dashboard/guard.ts"
import { UsageError } from "../exitCodes.ts"
import * as Api from "./api.ts"
import * as PolicyServer from "./PolicyServer.ts"

export interface ServeOptions extends PolicyServer.ServerOptions, Api.ApiOptions {
  readonly host: string
  /** 0 is any that is free. */
  readonly port: number
}

/** Programs call an interface, pages of a browser do not: one that a page sends has its origin. */
const guard = HttpRouter.middleware(
  (answer) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
      headers["origin"] === undefined
        ? answer
        : Effect.succeed(HttpServerResponse.jsonUnsafe({ detail: "no page may call this" }, { status: 403 })),
    ),
  { global: true },
)

/** Listens until the scope closes; gives the address. */
export const serve = Effect.fn("servePolicy.serve")(function* (options: ServeOptions) {
  const { host, port } = options
  const routes = yield* Api.make(yield* PolicyServer.make(options), options)
  const listening = HttpRouter.serve(Layer.mergeAll(routes, guard), {
    disableLogger: true,
    disableListenLog: true,
  }).pipe(Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { host, port })))
  const context = yield* Layer.build(listening).pipe(
    Effect.catchTag("ServeError", ({ cause }) =>
      Effect.fail(new UsageError({ message: `cannot listen on ${host}:${port}: ${String(cause)}` })),
    ),
  )
  const { address } = Context.get(context, HttpServer.HttpServer)
  return `http://${urlHost(host)}:${address._tag === "UnixPathAddress" ? port : address.port}`
})
