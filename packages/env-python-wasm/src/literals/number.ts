/** Python's numeric literals: integers in four bases, floats, imaginary numbers, underscores between digits. */
import { Value } from "@azr/core"
import { type Reader, isDecimal, isNameCharacter } from "./Reader.ts"

/** CPython refuses decimal integers beyond 4,300 digits; outputs may have as many as a result can have bytes. */
const mostDigits = 65_536

const isBinary = (code: number): boolean => code === 48 || code === 49
const isOctal = (code: number): boolean => code >= 48 && code <= 55
const isHexadecimal = (code: number): boolean =>
  isDecimal(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102)

const bases: Readonly<Record<string, (code: number) => boolean>> = {
  b: isBinary,
  o: isOctal,
  x: isHexadecimal,
}

/** Digits with single underscores between them, without the underscores. */
const readDigits = (reader: Reader, isDigit: (code: number) => boolean): string => {
  let digits = reader.takeWhile(isDigit)
  while (digits !== "" && reader.here === "_" && isDigit(reader.text.charCodeAt(reader.at + 1))) {
    reader.at++
    digits += reader.takeWhile(isDigit)
  }
  return digits
}

export const startsNumber = (reader: Reader): boolean =>
  isDecimal(reader.text.charCodeAt(reader.at)) ||
  (reader.here === "." && isDecimal(reader.text.charCodeAt(reader.at + 1)))

/** An unsigned number; the caller has seen that one starts here. */
export const readNumber = (reader: Reader): Value.Value => {
  const base = reader.text.charAt(reader.at + 1).toLowerCase()
  const value = reader.here === "0" && base in bases ? readInBase(reader, base) : readDecimal(reader)
  if (isNameCharacter(reader.text.charCodeAt(reader.at))) reader.refuse("a malformed number")
  return value
}

const readInBase = (reader: Reader, base: string): Value.Value => {
  reader.at += 2
  if (reader.here === "_") reader.at++
  const digits = readDigits(reader, bases[base] as (code: number) => boolean)
  return digits === ""
    ? reader.refuse("a malformed number")
    : Value.int(checkedInteger(reader, `0${base}`, digits))
}

const readDecimal = (reader: Reader): Value.Value => {
  const whole = readDigits(reader, isDecimal)
  const fraction = reader.accept(".") ? `.${readDigits(reader, isDecimal)}` : ""
  const exponent = readExponent(reader)
  if (reader.accept("j") || reader.accept("J")) return Value.complex(0, Number(whole + fraction + exponent))
  if (fraction !== "" || exponent !== "") return Value.float(Number(whole + fraction + exponent))
  if (whole.startsWith("0") && !isAllZeros(whole)) return reader.refuse("leading zeros in an integer")
  return Value.int(checkedInteger(reader, "", whole))
}

const readExponent = (reader: Reader): string => {
  if (reader.here !== "e" && reader.here !== "E") return ""
  const sign = reader.text.charAt(reader.at + 1)
  const signLength = sign === "+" || sign === "-" ? 1 : 0
  if (!isDecimal(reader.text.charCodeAt(reader.at + 1 + signLength))) return ""
  reader.at += 1 + signLength
  return `e${signLength === 1 ? sign : ""}${readDigits(reader, isDecimal)}`
}

const isAllZeros = (digits: string): boolean => digits.split("0").length === digits.length + 1

const checkedInteger = (reader: Reader, prefix: string, digits: string): bigint =>
  digits.length > mostDigits ? reader.refuse("an integer of too many digits") : BigInt(prefix + digits)
