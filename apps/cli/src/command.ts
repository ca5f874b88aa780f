/** A word as a POSIX shell reads it back. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

/** How the user called this command, for the lines that say what to type next. A launcher may name itself. */
export const command: string = quoted(process.env["AZR_COMMAND"] ?? "azr")
