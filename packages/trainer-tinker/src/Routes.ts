/** The routes of a Tinker server: JSON bodies by schema, and the futures that most of them answer with. */
import { Clock, Duration, Effect, Option, Schema } from "effect"
import { TinkerError } from "./TinkerError.ts"
import { oneLine, type Reply, type Request, type Transport } from "./Transport.ts"
import * as Messages from "./wire/messages.ts"

/** How a result is read, in either way that it may be written down. */
export interface Reader<A> {
  readonly json: Schema.Decoder<A>
  /** Throws in words; null where results of this kind are JSON always. */
  readonly protobuf: ((bytes: Uint8Array) => A) | null
}

export interface Routes {
  readonly get: <A>(route: string, answer: Schema.Decoder<A>) => Effect.Effect<A, TinkerError>
  readonly post: <A>(
    route: string,
    body: unknown,
    answer: Schema.Decoder<A>,
    repeatable: boolean,
  ) => Effect.Effect<A, TinkerError>
  readonly remove: (route: string) => Effect.Effect<void, TinkerError>
  /** Sends a request whose result comes later; gives the id to ask for it by. */
  readonly submit: (
    route: string,
    body: NonNullable<Request["body"]>,
    repeatable: boolean,
  ) => Effect.Effect<string, TinkerError>
  /** Asks for a result until it is there. */
  readonly result: <A>(route: string, requestId: string, reader: Reader<A>) => Effect.Effect<A, TinkerError>
}

/** Before a server is asked again that said so at once. */
const AGAIN = "1 second"

export const make = (transport: Transport, limit: Duration.Input): Routes => {
  const readJson = <A>(
    route: string,
    schema: Schema.Decoder<A>,
    { bytes }: Reply,
  ): Effect.Effect<A, TinkerError> =>
    Effect.mapError(
      Schema.decodeEffect(Schema.fromJsonString(schema))(new TextDecoder().decode(bytes)),
      ({ message }) =>
        malformed(
          route,
          `${transport.address} answers ${route} with what cannot be read: ${oneLine(message)}`,
        ),
    )

  const post: Routes["post"] = (route, body, answer, repeatable) =>
    Effect.flatMap(transport.send({ method: "POST", route, body: { json: body }, repeatable }), (reply) =>
      readJson(route, answer, reply),
    )

  const read = <A>(route: string, reader: Reader<A>, reply: Reply): Effect.Effect<A | null, TinkerError> => {
    if (reply.protobuf) {
      const decode = reader.protobuf
      if (decode === null) {
        return Effect.fail(malformed(route, `${transport.address} answers ${route} with protobuf, not JSON`))
      }
      return Effect.try({
        try: () => decode(reply.bytes),
        catch: (cause) =>
          malformed(
            route,
            `${transport.address} answers ${route} with what cannot be read: ${oneLine(String(cause))}`,
          ),
      })
    }
    const text = new TextDecoder().decode(reply.bytes)
    if (Option.isSome(Schema.decodeOption(Schema.fromJsonString(Messages.TryAgain))(text))) {
      return Effect.as(Effect.sleep(AGAIN), null)
    }
    const failed = Schema.decodeOption(Schema.fromJsonString(Messages.FutureFailed))(text)
    if (Option.isSome(failed)) {
      const { category, error } = failed.value
      return Effect.fail(
        new TinkerError({
          kind: category === "user" ? "refused" : "server",
          route,
          message: `${transport.address} failed: ${oneLine(error)}`,
          mayHaveActed: category !== "user",
        }),
      )
    }
    return readJson(route, reader.json, reply)
  }

  return {
    get: (route, answer) =>
      Effect.flatMap(transport.send({ method: "GET", route, body: null, repeatable: true }), (reply) =>
        readJson(route, answer, reply),
      ),
    post,
    remove: (route) =>
      Effect.asVoid(transport.send({ method: "DELETE", route, body: null, repeatable: true })),
    submit: (route, body, repeatable) =>
      Effect.flatMap(transport.send({ method: "POST", route, body, repeatable }), (reply) =>
        Effect.map(readJson(route, Messages.FuturePending, reply), ({ request_id }) => request_id),
      ),
    result: Effect.fnUntraced(function* (route, requestId, reader) {
      const began = yield* Clock.currentTimeMillis
      const longest = Duration.fromInputUnsafe(limit)
      const ask = transport.send({
        method: "POST",
        route: "retrieve_future",
        body: { json: { request_id: requestId } satisfies typeof Messages.RetrieveFuture.Type },
        repeatable: true,
      })
      for (;;) {
        const reply = yield* ask.pipe(
          // Not ready: a long poll that ended, at either side.
          Effect.catchIf(
            ({ kind }) => kind === "timeout",
            () => Effect.succeed(null),
          ),
          Effect.mapError((error) => error.but({ route })),
        )
        const result = reply === null ? null : yield* read(route, reader, reply)
        if (result !== null) return result
        const waited = (yield* Clock.currentTimeMillis) - began
        if (waited > Duration.toMillis(longest)) {
          return yield* new TinkerError({
            kind: "timeout",
            route,
            message: `${transport.address} has no result of ${route} after ${Duration.format(Duration.seconds(Math.round(waited / 1000)))}`,
            mayHaveActed: true,
          })
        }
      }
    }),
  }
}

export const malformed = (route: string, message: string): TinkerError =>
  new TinkerError({ kind: "malformed", route, message, mayHaveActed: true })
