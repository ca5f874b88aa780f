/** How numbers are written: as many digits as can be read, a real minus sign, units that people say. */

const minus = (text: string): string => text.replace("-", "−")

/** 0.4271 → "42.7 %". */
export const percent = (share: number, digits = 1): string => `${minus((share * 100).toFixed(digits))} %`

/** A change of a share in points, with its sign: 0.392 → "+39.2". */
export const points = (change: number): string => {
  const text = (change * 100).toFixed(1)
  return Number(text) > 0 ? `+${text}` : minus(text)
}

const wholes = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })

/** 1234567 → "1,234,567". */
export const count = (value: number): string => minus(wholes.format(value))

/** Three significant digits, without the noise of an exponent where none is needed. */
export const number = (value: number): string => {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size === 0) return "0"
  if (size >= 1000) return count(value)
  if (size < 0.001) return minus(value.toExponential(1))
  return minus(String(Number(value.toPrecision(3))))
}

/** 93.4 → "1 m 33 s". */
export const seconds = (value: number): string => {
  if (value < 0.1) return `${Math.round(value * 1000)} ms`
  if (value < 1) return `${Number(value.toFixed(2))} s`
  if (value < 10) return `${value.toFixed(1)} s`
  if (value < 60) return `${Math.round(value)} s`
  const whole = Math.round(value)
  return whole < 3600
    ? `${Math.floor(whole / 60)} m ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`
}

/** 0.437 → "0.44 ms", 1840 → "1.8 s". */
export const milliseconds = (value: number): string =>
  value < 1000 ? `${Number(value.toPrecision(value < 100 ? 2 : 3))} ms` : seconds(value / 1000)

/** 4718592 → "4.7 MB". */
export const bytes = (value: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3))
  const scaled = value / 1000 ** power
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : Math.round(scaled)} ${units[power]}`
}

/** The name of a measure in words: "halsteadVolume" → "halstead volume". */
export const words = (name: string): string =>
  name.replaceAll(/(?<=[\p{Ll}\d])\p{Lu}/gu, (letter) => ` ${letter.toLowerCase()}`)

/** How long ago, seen from `now`; both in milliseconds since 1970. */
export const ago = (at: number, now: number): string => {
  const past = Math.max(0, now - at) / 1000
  if (past < 5) return "now"
  if (past < 60) return `${Math.round(past)} s ago`
  if (past < 3600) return `${Math.round(past / 60)} min ago`
  if (past < 86_400) return `${Math.round(past / 3600)} h ago`
  return `${Math.round(past / 86_400)} d ago`
}
