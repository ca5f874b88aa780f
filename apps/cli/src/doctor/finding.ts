/** One thing that was looked at. `absent` is nothing wrong: something optional that is not there, and why. */
export interface Finding {
  readonly check: string
  readonly status: "ok" | "absent" | "failed"
  readonly detail: string
  /** What to do about it; empty where there is nothing to do. */
  readonly hint: string
}

export const ok = (check: string, detail: string): Finding => ({ check, status: "ok", detail, hint: "" })
export const absent = (check: string, detail: string, hint = ""): Finding => ({
  check,
  status: "absent",
  detail,
  hint,
})
export const failed = (check: string, detail: string, hint: string): Finding => ({
  check,
  status: "failed",
  detail,
  hint,
})

/** What an error says, as a finding. */
export const failedBy = (
  check: string,
  error: { readonly message: string; readonly hint?: string },
): Finding => failed(check, error.message, error.hint ?? "")
