/**
 * A chat template and the control tokens it writes. Text in a message stays text: what it says of control tokens is masked
 * while the template is rendered, so only those that the template itself has written are found in the result.
 */
import type { PolicyEngine } from "@azr/core"
import { Template } from "@huggingface/jinja"
import { Result } from "effect"
import { ChatTemplateError } from "./TokenizerError.ts"

/** A part of a prompt: a control token, or text without any. */
export type Section =
  | { readonly _tag: "control"; readonly token: string }
  | { readonly _tag: "text"; readonly text: string }

export interface ChatTemplate {
  /** The prompt up to where the assistant begins. */
  readonly render: (prompt: PolicyEngine.Prompt) => Result.Result<ReadonlyArray<Section>, ChatTemplateError>
}

const noClock = () => {
  throw new Error("it asks for today's date, with which prompts would differ from day to day")
}

/** In the place of the library's clock. The line's end belongs to the block, so the template is rendered as it is. */
const withoutClock = (source: string): string => `{% set strftime_now = no_clock %}\n${source}`

export const makeChatTemplate = (
  source: string,
  options: {
    readonly controlTokens: ReadonlyArray<string>
    /** Control tokens that it must write around a user's message. */
    readonly turnTokens: ReadonlyArray<string>
    readonly variables: Readonly<Record<string, unknown>>
  },
): Result.Result<ChatTemplate, ChatTemplateError> =>
  Result.gen(function* () {
    const template = yield* attempt("cannot be read", () => new Template(withoutClock(source)))
    const controls = controlPattern(options.controlTokens)
    const render = (messages: PolicyEngine.Prompt) =>
      attempt("fails", () =>
        template.render({
          no_clock: noClock,
          ...options.variables,
          messages: messages.map(({ content, role }) => ({ role, content })),
          add_generation_prompt: true,
        }),
      )

    const chat: ChatTemplate = {
      render: (prompt) => {
        const texts = prompt.map(({ content }) => content)
        const mask = absentCharacter(texts)
        const masked = prompt.map(({ content, role }) => ({
          role,
          content: maskControls(content, controls, mask),
        }))
        return Result.map(render(masked), (text) =>
          sectionsOf(text, controls).map((section) =>
            section._tag === "text" ? { ...section, text: section.text.replaceAll(mask, "") } : section,
          ),
        )
      },
    }

    const sections = yield* chat.render([{ role: "user", content: probe }])
    const written = new Set(sections.map((section) => (section._tag === "control" ? section.token : "")))
    const absent = options.turnTokens.find((token) => !written.has(token))
    if (absent !== undefined) {
      return yield* failure(
        `writes no ${absent} around a message; take the template of this model, or name the model's family`,
      )
    }
    const around = sections.find((section) => section._tag === "text" && section.text.includes(probe))
    if (around?._tag !== "text") return yield* failure("leaves out what the user says")
    const [before = "", after = ""] = around.text.split(probe)
    const completed = options.controlTokens.find((token) => canComplete(token, before, after))
    if (completed !== undefined) {
      return yield* failure(
        `has a part of ${completed} beside a message, which could complete it; end its texts with whole tokens`,
      )
    }
    return chat
  })

const probe = "How much is 7?"

const failure = (what: string): Result.Result<never, ChatTemplateError> =>
  Result.fail(new ChatTemplateError({ message: `the chat template ${what}` }))

const attempt = <A>(what: string, run: () => A): Result.Result<A, ChatTemplateError> => {
  try {
    return Result.succeed(run())
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return failure(`${what}: ${why}; take the model's own template, or ask in plain form`)
  }
}

/** Longer tokens first: one may begin with another. */
const controlPattern = (tokens: ReadonlyArray<string>): RegExp =>
  new RegExp(
    tokens
      .toSorted((a, b) => b.length - a.length)
      .map((token) => token.replaceAll(/[$()*+.?[\\\]^{|}/-]/gu, String.raw`\$&`))
      .join("|"),
    "gu",
  )

/** The first character for private use that none of the texts has. */
const absentCharacter = (texts: ReadonlyArray<string>): string => {
  const used = new Set(texts.join(""))
  let code = 0xf0000
  while (used.has(String.fromCodePoint(code))) code++
  return String.fromCodePoint(code)
}

/** The text with every control token broken in two; again, where that leaves one that overlapped another. */
const maskControls = (text: string, controls: RegExp, mask: string): string => {
  const masked = text.replaceAll(controls, ([first = "", ...rest]) => first + mask + rest.join(""))
  return masked === text ? text : maskControls(masked, controls, mask)
}

const sectionsOf = (text: string, controls: RegExp): ReadonlyArray<Section> => {
  const sections: Array<Section> = []
  let end = 0
  for (const match of text.matchAll(controls)) {
    if (match.index > end) sections.push({ _tag: "text", text: text.slice(end, match.index) })
    sections.push({ _tag: "control", token: match[0] })
    end = match.index + match[0].length
  }
  if (end < text.length) sections.push({ _tag: "text", text: text.slice(end) })
  return sections
}

/** Whether some text between these two would make the token, of which one of them has a part. */
const canComplete = (token: string, before: string, after: string): boolean =>
  Array.from({ length: token.length - 1 }, (_, index) => index + 1).some(
    (cut) => before.endsWith(token.slice(0, cut)) || after.startsWith(token.slice(cut)),
  )
