/** A task of a language environment, as far as it can be made out: the encoded task of another environment has other fields. */
export interface TaskParts {
  readonly program: string | null
  readonly inputs: ReadonlyArray<{ readonly input: string; readonly output: string }>
  readonly message: string
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Arguments as source text, without the brackets of the list that holds them. */
const source = (value: unknown): string => JSON.stringify(value) ?? ""
const inputSource = (value: unknown): string =>
  Array.isArray(value) ? value.map(source).join(", ") : source(value)

export const partsOf = (task: unknown): TaskParts => {
  if (!isRecord(task)) return { program: null, inputs: [], message: "" }
  const { exception, input, message, output, pairs, program } = task
  const all: ReadonlyArray<unknown> = Array.isArray(pairs)
    ? pairs
    : "input" in task
      ? [{ input, output: output ?? exception }]
      : []
  return {
    program: typeof program === "string" ? program : null,
    inputs: all
      .filter(isRecord)
      .map((pair) => ({ input: inputSource(pair["input"]), output: source(pair["output"]) })),
    message: typeof message === "string" ? message : "",
  }
}

/** In single quotes for a shell, whatever the text is. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** A line that puts the case to `azr verify`: JSON in which no character of the text stays unseen. */
export const verifyLine = (
  environment: string,
  kind: string,
  task: unknown,
  answer: string | undefined,
): string | null => {
  const { inputs, message, program } = partsOf(task)
  const [first] = inputs
  if (program === null || first === undefined) return null
  const given =
    kind === "induction" ? { inputs: inputs.map(({ input }) => input), message } : { input: first.input }
  const json = JSON.stringify({ kind, program, ...given, ...(answer === undefined ? {} : { answer }) })
  // oxlint-disable-next-line no-control-regex -- everything else is escaped, so that a terminal shows what it runs
  const ascii = json.replaceAll(/[^\u0020-\u007e]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`)
      .join(""),
  )
  return `printf '%s\\n' ${shellQuote(ascii)} | azr verify --env ${shellQuote(environment)}`
}

/** What a one-function program does, without the lines that all of them have. */
export const shortTitle = (title: string): string =>
  title.replace(/^def \w+\([^)]*\): ?;? ?/u, "").replace(/; return \w+$/u, "") || title

/** A rollout in a URL. No dot: `1.10` is the number 1.1 to whoever reads the URL. */
export const rolloutName = ({ index, step }: { readonly step: number; readonly index: number }): string =>
  `${step}-${index}`
