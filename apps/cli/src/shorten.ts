/** A text on one line of a report. */
export const shorten = (text: string): string => (text.length <= 100 ? text : `${text.slice(0, 97)}…`)
