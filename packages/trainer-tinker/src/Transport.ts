/**
 * Requests to one Tinker server over HTTP: addresses, the key, time limits, retries, and what every status means.
 *
 * The key goes to the server's own address and nowhere else: redirects are not followed, and no message, span or log holds it.
 */
import { Clock, Duration, Effect, Option, Redacted, Schedule, Schema } from "effect"
import { HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import { ErrorBody } from "./wire/messages.ts"
import { contentType as protobuf } from "./wire/protobuf.ts"
import { TinkerError } from "./TinkerError.ts"

export interface TransportOptions {
  /** With or without `/api/v1`. */
  readonly url: string
  /** Null where the server wants none. */
  readonly key: Redacted.Redacted | null
  /** How long a request is tried again while the server is away, busy or failing. */
  readonly patience: Duration.Input
  /** How long a request is tried again while the account is paused until a bill is paid. */
  readonly pause: Duration.Input
  /** How long one attempt may take. */
  readonly attempt: Duration.Input
}

export interface Reply {
  readonly protobuf: boolean
  readonly bytes: Uint8Array
}

export interface Request {
  readonly method: "GET" | "POST" | "DELETE"
  /** Below `/api/v1/`. */
  readonly route: string
  readonly body: { readonly json: unknown } | { readonly protobuf: Uint8Array } | null
  /** Whether the server may be told twice: it then does it once, or twice without harm. */
  readonly repeatable: boolean
  /** Instead of `TransportOptions.patience`. */
  readonly patience?: Duration.Input
}

export interface Transport {
  /** Where the server is, without anything secret. */
  readonly address: string
  readonly send: (request: Request) => Effect.Effect<Reply, TinkerError>
}

const root = "/api/v1/"
/** So many milliseconds without a word of it, and the account is paused anew. */
const ANOTHER_PAUSE = 300_000

/** The address of the API; null where it is no address, or holds a password. */
export const baseUrl = (url: string): URL | null => {
  if (!URL.canParse(url)) return null
  const base = new URL(url)
  if (!/^https?:$/u.test(base.protocol) || base.username !== "" || base.password !== "") return null
  base.hash = ""
  base.search = ""
  const path = base.pathname.replace(/\/+$/u, "")
  base.pathname = path.endsWith("/api/v1") ? `${path}/` : `${path}${root}`
  return base
}

export const make = Effect.fn("Transport.make")(function* (options: TransportOptions) {
  const client = yield* HttpClient.HttpClient
  const base = baseUrl(options.url)
  if (base === null) {
    return yield* new TinkerError({
      kind: "notTinker",
      route: "",
      message: `${JSON.stringify(options.url)} is no address like http://127.0.0.1:8000 (a key in it is not accepted)`,
    })
  }
  const address = base.href.slice(0, -root.length)

  const once = (request: Request): Effect.Effect<Reply, TinkerError> => {
    const fail = (rest: Omit<ConstructorParameters<typeof TinkerError>[0], "route">) =>
      new TinkerError({ route: request.route, ...rest })
    const headers = options.key === null ? {} : { "x-api-key": Redacted.value(options.key) }
    const body =
      request.body === null
        ? HttpBody.empty
        : "json" in request.body
          ? HttpBody.jsonUnsafe(request.body.json)
          : HttpBody.uint8Array(request.body.protobuf, protobuf)
    const built = HttpClientRequest.make(request.method)(new URL(request.route, base), {
      headers: { ...headers, accept: `${protobuf}, application/json` },
      body,
    })
    return Effect.gen(function* () {
      const response = yield* client.execute(built)
      const bytes = new Uint8Array(yield* response.arrayBuffer)
      return { status: response.status, headers: response.headers, bytes }
    }).pipe(
      Effect.mapError(({ cause }) => {
        const { code, text, unsent } = connectionProblem(cause)
        return fail({
          kind: "unreachable",
          message: `${address} cannot be reached: ${text}${code === null ? "" : ` (${code})`}`,
          mayHaveActed: !unsent,
        })
      }),
      Effect.timeoutOrElse({
        duration: options.attempt,
        orElse: () =>
          Effect.fail(
            fail({
              kind: "timeout",
              message: `${address} did not answer within ${Duration.format(Duration.fromInputUnsafe(options.attempt))}`,
              mayHaveActed: true,
            }),
          ),
      }),
      Effect.flatMap((answer) => {
        const problem = problemOf(address, answer, options.key !== null)
        const type = answer.headers["content-type"] ?? ""
        return problem === null
          ? Effect.succeed({ protobuf: type.includes(protobuf), bytes: answer.bytes })
          : Effect.flatMap(Clock.currentTimeMillis, (now) =>
              Effect.fail(
                fail({
                  ...problem,
                  status: answer.status,
                  retryAfter: retryAfterOf(answer.headers["retry-after"], now),
                }),
              ),
            )
      }),
    )
  }

  let lastUnpaid = -Infinity
  /** One line a pause, however many requests wait. */
  const sayPaused = Effect.fnUntraced(function* ({ kind, message }: TinkerError) {
    if (kind !== "unpaid") return
    const now = yield* Clock.currentTimeMillis
    const begins = now - lastUnpaid > ANOTHER_PAUSE
    lastUnpaid = now
    if (!begins) return
    const longest = Duration.format(Duration.fromInputUnsafe(options.pause))
    yield* Effect.logWarning(`${message}; waiting for up to ${longest}`)
  })

  const sendInTime = (request: Request): Effect.Effect<Reply, TinkerError> => {
    const patience = Duration.fromInputUnsafe(request.patience ?? options.patience)
    return Effect.gen(function* () {
      const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(patience)
      return yield* once(request).pipe(
        Effect.retry(($) =>
          $(backOff).pipe(
            Schedule.modifyDelay(({ duration, input }) =>
              Effect.succeed(Duration.max(duration, Duration.millis(input.retryAfter ?? 0))),
            ),
            Schedule.while(
              ({ duration, input, now }) =>
                passes(input) &&
                (request.repeatable || !input.mayHaveActed) &&
                now + Duration.toMillis(duration) <= deadline,
            ),
          ),
        ),
      )
    })
  }
  const send = (request: Request): Effect.Effect<Reply, TinkerError> =>
    sendInTime(request).pipe(Effect.tapError(sayPaused), waitOut("unpaid", options.pause))
  return { address, send } satisfies Transport
})

/** The first wait, doubled up to the longest, a little different each time. */
const backOff = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("10 seconds")]).pipe(
  Schedule.jittered,
)

/** Tries again what fails for one reason, for so long. */
export const waitOut =
  (kind: TinkerError["kind"], longest: Duration.Input) =>
  <A>(effect: Effect.Effect<A, TinkerError>): Effect.Effect<A, TinkerError> =>
    Effect.retry(effect, ($) =>
      $(backOff).pipe(
        Schedule.while(
          ({ duration, elapsed, input }) =>
            input.kind === kind &&
            elapsed + Duration.toMillis(duration) <= Duration.toMillis(Duration.fromInputUnsafe(longest)),
        ),
      ),
    )

/** Whether the same request may succeed later. */
const passes = ({ kind, status }: TinkerError): boolean =>
  kind === "unreachable" || kind === "busy" || kind === "server" || (kind === "timeout" && status === null)

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly bytes: Uint8Array
}

/** Whether a server says that it cannot read a body at all: another media type, or FastAPI's words for what is no JSON. */
export const cannotRead = ({ message, status }: TinkerError): boolean =>
  status === 415 || (status === 422 && / refuses: body(?:\.\d+)?: /u.test(message))

type Problem = Pick<TinkerError, "kind" | "message" | "mayHaveActed">

/** What is wrong with an answer; null is nothing. */
const problemOf = (address: string, answer: Answer, withKey: boolean): Problem | null => {
  const { headers, status } = answer
  const detail = detailOf(answer)
  const problem = (kind: Problem["kind"], message: string, mayHaveActed = false): Problem => ({
    kind,
    message,
    mayHaveActed,
  })
  // Also a proxy before a server that is away answers with a page.
  if (status < 500 && (headers["content-type"] ?? "").includes("text/html")) {
    return problem("notTinker", `${address} answers with a web page (HTTP ${status}): no Tinker API is there`)
  }
  if (status >= 200 && status < 300) return null
  const said = detail === null ? `HTTP ${status}` : `${oneLine(exceptionOf(detail))} (HTTP ${status})`
  if (status >= 300 && status < 400) {
    return problem(
      "notTinker",
      `${address} redirects elsewhere (HTTP ${status}): give the address it stands for`,
    )
  }
  switch (status) {
    case 401:
    case 403:
      return problem(
        "key",
        withKey
          ? `${address} refuses the API key in TINKER_API_KEY: ${said}`
          : `${address} wants an API key: set TINKER_API_KEY (${said})`,
      )
    case 402:
      return problem("unpaid", `${address} has paused this account: ${said}`)
    case 404:
      return detail === null || detail === "Not Found"
        ? problem("notTinker", `${address} does not have this route (HTTP 404): is it a Tinker API?`)
        : problem("lost", `${address} says: ${said}`)
    case 408:
      return problem("timeout", `${address} has no result yet (HTTP 408)`)
    case 410:
      return problem("lost", `${address} has forgotten the result: ${said}`)
    case 425:
    case 429:
      return problem("busy", `${address} is busy: ${said}`)
    default:
      // A refusal without a word is a proxy's: what it says may pass.
      return status >= 500 || (status === 400 && detail === null)
        ? problem("server", `${address} failed: ${said}`, true)
        : problem(kindOf(detail), `${address} refuses: ${said}`)
  }
}

/** A model that the server had and has no more is reported as a failed request. */
const lostModel = /\bnot loaded\b|\bstale request\b/u
/** As SkyRL on FSDP and Megatron, SkyRL on JAX and `azr serve-policy` word it. */
const noRoom = new RegExp(
  [
    "already has a 'policy' model",
    "Cannot register an additional LoRA adapter",
    "LoRA signature mismatch",
    "register_adapter is not implemented",
    "Maximum number of LoRA adapters",
    "this server takes no more",
  ].join("|"),
  "u",
)

const kindOf = (detail: string | null): Problem["kind"] =>
  detail === null ? "refused" : lostModel.test(detail) ? "lost" : noRoom.test(detail) ? "full" : "refused"

/** Of a Python traceback, its last line. */
const exceptionOf = (text: string): string => /^ {2}File "[^]*\n([\w.]+: .+)\s*$/mu.exec(text)?.[1] ?? text

const LONGEST_DETAIL = 300

/** The server's own words; null where there are none that can be read. */
const detailOf = ({ bytes }: Answer): string | null => {
  const body = Schema.decodeOption(Schema.fromJsonString(ErrorBody))(new TextDecoder().decode(bytes))
  return Option.match(body, {
    onNone: () => null,
    onSome: ({ detail }) =>
      typeof detail === "string"
        ? detail
        : detail.map(({ loc = [], msg }) => `${loc.join(".")}: ${msg}`).join("; "),
  })
}

export const oneLine = (text: string): string => {
  const line = text.replace(/\s+/gu, " ").trim()
  return line.length <= LONGEST_DETAIL ? line : `${line.slice(0, LONGEST_DETAIL)}…`
}

/** A connection that never was; the request did not leave. */
const unsentCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
])

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the host's name cannot be resolved now",
  ECONNRESET: "the connection broke",
  UND_ERR_SOCKET: "the connection broke",
}

/** What `fetch` fails with: an error with the reason as its cause. */
const connectionProblem = (
  cause: unknown,
): { readonly code: string | null; readonly text: string; readonly unsent: boolean } => {
  let inner = cause
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause
  const code = inner instanceof Error && "code" in inner && typeof inner.code === "string" ? inner.code : null
  const text = inner instanceof Error ? oneLine(inner.message) : "no connection"
  return { code, text: words[code ?? ""] ?? text, unsent: code !== null && unsentCodes.has(code) }
}

/** Milliseconds from now: the header is a number of seconds or a date. */
const retryAfterOf = (header: string | undefined, now: number): number | null => {
  if (header === undefined) return null
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
