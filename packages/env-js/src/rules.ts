/**
 * Which programs may be tasks. Judged by what the syntax tree says, never by substrings.
 *
 * These rules keep tasks honest: self-contained, deterministic, about data. They are not the wall. What gets past
 * them runs in an instance without imports, and gold outputs are checked for determinism; so where honest programs and
 * clever ones look alike, the rules side with the honest. A program may patch a prototype, for example: it changes its
 * own answer and nobody else's.
 */
import {
  type Rule,
  attributesAllowed,
  definesEntry,
  firstViolation,
  namesAllowed,
  onlyDefines,
} from "@azr/core/language"

export const entry = "f"

/** Top-level statements: definitions, and a directive in front. Loops and calls belong into functions. */
const topLevelStatements = new Set(["FunctionDeclaration", "ClassDeclaration", "VariableDeclaration"])

/** Globals that compute. Every other name has to be bound by the program. */
const allowedGlobals = new Set([
  "undefined",
  "NaN",
  "Infinity",
  "Object",
  "Array",
  "String",
  "Number",
  "Boolean",
  "BigInt",
  "Symbol",
  "Math",
  "JSON",
  "Date",
  "RegExp",
  "Map",
  "Set",
  "WeakMap",
  "WeakSet",
  "Error",
  "AggregateError",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "ArrayBuffer",
  "DataView",
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "parseInt",
  "parseFloat",
  "isNaN",
  "isFinite",
  "encodeURI",
  "encodeURIComponent",
  "decodeURI",
  "decodeURIComponent",
])

/** Calls that give something else every time. What they are hidden behind, the check for determinism sees. */
const bannedCalls = new Set(["Math.random", "Date.now"])

/** Attributes that lead from a value to the functions that make code from text, or that change what operators mean. */
const bannedAttributes = new Set([
  "constructor",
  "__proto__",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
  "callee",
  "caller",
  "captureStackTrace",
  "prepareStackTrace",
  "species",
])

const importsNothing: Rule = ({ imports }) => {
  const [offender] = imports
  return offender === undefined
    ? null
    : { reason: "import", message: `a program imports nothing, not even ${offender}` }
}

export const checkProgram: Rule = firstViolation([
  importsNothing,
  namesAllowed(
    ({ calls, names }) =>
      names.find((name) => !allowedGlobals.has(name)) ?? calls.find((name) => bannedCalls.has(name)),
  ),
  attributesAllowed((name) => bannedAttributes.has(name)),
  onlyDefines(topLevelStatements, "ExpressionStatement"),
  definesEntry(entry),
])
