/**
 * Whom the dashboard answers. It shows texts that a policy wrote and has no login, so only pages that it served itself, in
 * the user's own browser, may read it: a name that some other site resolves to this machine (DNS rebinding) is refused
 * by its `Host`, a request from another page by its `Origin` or `Sec-Fetch-Site`. The one thing that it may do, to ask a run to stop,
 * needs besides a token that only the command that serves it has said.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import { isIP } from "node:net"

export interface Request {
  readonly method: string
  /** Path, with the query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
}

export interface Served {
  /** The address that the server listens on. */
  readonly host: string
  readonly port: number
  /** What an action needs in its header `x-azr-token`. */
  readonly token: string
}

const otherPage = { status: 403, message: "another page may not read the dashboard" } as const

/** Null, or why a request is refused. */
export const refusal = (
  { headers, method, url }: Request,
  { host, port, token }: Served,
): { readonly status: 403 | 405; readonly message: string } | null => {
  const acts = method === "POST" && /^\/api\/runs\/[^/?]+\/stop$/u.test(url)
  if (!acts && method !== "GET" && method !== "HEAD") {
    return { status: 405, message: "the dashboard only reads: GET and HEAD; to stop a run is a POST" }
  }
  if (!isOwn(headers["host"] ?? "", host, port)) {
    return { status: 403, message: `open http://${urlHost(host)}:${port}: this Host is not the dashboard's` }
  }
  const origin = headers["origin"]
  if (origin !== undefined && !(origin.startsWith("http://") && isOwn(origin.slice(7), host, port))) {
    return otherPage
  }
  const site = headers["sec-fetch-site"]
  const fromPage = site === undefined || site === "same-origin"
  if (acts) {
    if (!fromPage) return otherPage
    return sameText(headers["x-azr-token"] ?? "", token)
      ? null
      : {
          status: 403,
          message: "open the address that the command printed: its token is missing or of another start",
        }
  }
  const navigates = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document"
  return fromPage || site === "none" || navigates ? null : otherPage
}

/** Takes as long whatever they have in common. */
const sameText = (a: string, b: string): boolean => timingSafeEqual(digestOf(a), digestOf(b))
const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest()

export const urlHost = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host)

const isLoopback = (host: string): boolean => host === "127.0.0.1" || host === "localhost" || host === "::1"

const isOwn = (authority: string, host: string, port: number): boolean => {
  const match = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::(\d+))?$/iu.exec(authority)
  if (match === null || Number(match[2] ?? 80) !== port) return false
  const name = (match[1] ?? "").replaceAll(/[[\]]/gu, "").toLowerCase()
  if (isLoopback(name) || name === host.toLowerCase()) return true
  // Where the user opened the server to a network, an address is as good as another; a name is not.
  return !isLoopback(host) && isIP(name) !== 0
}

/** On every answer. The page brings all it needs, and no script but its own files runs. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
}
