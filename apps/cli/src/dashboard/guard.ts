/**
 * Whom the dashboard answers. It shows texts that a policy wrote and has no login, so only pages that it served itself, in
 * the user's own browser, may read it: a name that some other site resolves to this machine (DNS rebinding) is refused
 * by its `Host`, a request from another page by its `Origin` or `Sec-Fetch-Site`.
 */
import { isIP } from "node:net"

/** Null, or why a request is refused. `host` is the address that the server listens on. */
export const refusal = (
  method: string,
  headers: Readonly<Record<string, string | undefined>>,
  host: string,
  port: number,
): { readonly status: 403 | 405; readonly message: string } | null => {
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, message: "the dashboard only reads: GET and HEAD" }
  }
  if (!isOwn(headers["host"] ?? "", host, port)) {
    return { status: 403, message: `open http://${urlHost(host)}:${port}: this Host is not the dashboard's` }
  }
  const origin = headers["origin"]
  if (origin !== undefined && !(origin.startsWith("http://") && isOwn(origin.slice(7), host, port))) {
    return { status: 403, message: "another page may not read the dashboard" }
  }
  const site = headers["sec-fetch-site"]
  const navigates = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document"
  return site === undefined || site === "same-origin" || site === "none" || navigates
    ? null
    : { status: 403, message: "another page may not read the dashboard" }
}

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
