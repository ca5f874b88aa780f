/**
 * The Lua that programs run in: fengari, a Lua 5.3 in JavaScript, made once and frozen into the image.
 *
 * A program finds the base library without what loads code, `coroutine`, `math`, `string`, `table`, `utf8` and the two functions
 * of `os` that a clock has. No value of it leads to JavaScript.
 */
import { to_jsstring as textOf, to_luastring as bytesOf } from "fengari/src/fengaricore.js"
import {
  luaL_loadbufferx,
  luaL_newstate,
  luaL_requiref,
  luaL_tolstring,
  luaL_typename,
} from "fengari/src/lauxlib.js"
import { luaopen_base } from "fengari/src/lbaselib.js"
import { luaopen_coroutine } from "fengari/src/lcorolib.js"
import { luaopen_math } from "fengari/src/lmathlib.js"
import { luaopen_string } from "fengari/src/lstrlib.js"
import { luaopen_table } from "fengari/src/ltablib.js"
import * as lua from "fengari/src/lua.js"
import { luaopen_utf8 } from "fengari/src/lutf8lib.js"
import { type Json, float, table } from "./literals.ts"

export type FailureKind =
  | "syntax"
  | "exception"
  | "memory"
  | "stack"
  | "output"
  | "unrepresentable"
  | "missingEntry"

/** Why a program gave no value. `className` is the type of the value that it raised. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly className: string | null
  constructor(kind: FailureKind, className: string | null, message: string) {
    super(message)
    this.kind = kind
    this.className = className
  }
}

const MAX_STDOUT = 4096
const MAX_DEPTH = 64
const OUT_OF_MEMORY = "not enough memory"
const OUT_OF_STACK = "stack overflow"

const L = luaL_newstate()
let printed = ""
let clock = 0
let random = 0
/** Freed when memory runs out, so that there is room to say so. Being part of the image, it costs a request nothing. */
const reserve: { room: ArrayBuffer | null } = { room: new ArrayBuffer(1 << 18) }

const libraries = {
  _G: luaopen_base,
  coroutine: luaopen_coroutine,
  math: luaopen_math,
  string: luaopen_string,
  table: luaopen_table,
  utf8: luaopen_utf8,
}
for (const [name, open] of Object.entries(libraries)) {
  luaL_requiref(L, bytesOf(name), open, 1)
  lua.lua_pop(L, 1)
}

/** Takes away a global, also what a program of the build has defined. */
export const forget = (name: string): void => {
  lua.lua_pushnil(L)
  lua.lua_setglobal(L, bytesOf(name))
}

const define = (owner: string | null, name: string, call: (state: lua.State) => number): void => {
  if (owner === null) {
    lua.lua_pushjsfunction(L, call)
    return lua.lua_setglobal(L, bytesOf(name))
  }
  if (lua.lua_getglobal(L, bytesOf(owner)) === lua.LUA_TNIL) {
    lua.lua_pop(L, 1)
    lua.lua_createtable(L, 0, 2)
    lua.lua_setglobal(L, bytesOf(owner))
    lua.lua_getglobal(L, bytesOf(owner))
  }
  lua.lua_pushjsfunction(L, call)
  lua.lua_setfield(L, -2, bytesOf(name))
  lua.lua_pop(L, 1)
}
const tick = (state: lua.State): number => {
  lua.lua_pushinteger(state, clock++)
  return 1
}
define("os", "time", tick)
define("os", "clock", tick)
define(null, "print", (state) => {
  const values = Array.from({ length: lua.lua_gettop(state) }, (_, index) =>
    textOf(luaL_tolstring(state, index + 1), undefined, undefined, true),
  )
  printed = `${printed}${values.join("\t")}\n`.slice(0, MAX_STDOUT)
  return 0
})
for (const name of ["collectgarbage", "dofile", "load", "loadfile"]) forget(name)
// What `math.random` draws from.
Math.random = () => {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
  return random / 2 ** 32
}
// What the engine itself gives up on becomes an error of the program, with Lua's own words for it.
lua.lua_atnativeerror(L, (state) => {
  reserve.room = null
  const thrown = lua.lua_touserdata(state, 1)
  const isStack = thrown instanceof Error && /call stack|stack overflow/.test(thrown.message)
  lua.lua_pushstring(state, bytesOf(isStack ? OUT_OF_STACK : OUT_OF_MEMORY))
  return 1
})

/** Loads a program, calls its function and gives the canonical JSON of the first value that comes back. */
export const execute = (
  program: string,
  entry: string,
  parameters: ReadonlyArray<Json>,
  entropy: number,
  outputBytes: number,
): string => {
  printed = ""
  // Positive, and not so large that adding to it leaves the integers.
  clock = 1_700_000_000 + (entropy % 100_000_000)
  random = entropy >>> 0
  lua.lua_checkstack(L, 4 * MAX_DEPTH)
  protect(() => luaL_loadbufferx(L, bytesOf(program), 0, bytesOf("=program"), bytesOf("t")))
  protect(() => lua.lua_pcall(L, 0, 0, 0))
  if (lua.lua_getglobal(L, bytesOf(entry)) !== lua.LUA_TFUNCTION)
    throw new Failure("missingEntry", null, `the program defines no function ${entry}`)
  for (const parameter of parameters) push(parameter, entropy !== 0)
  protect(() => lua.lua_pcall(L, parameters.length, 1, 0))
  return encode(outputBytes)
}

export const takePrinted = (): string => printed

const protect = (run: () => number): void => {
  const status = run()
  if (status === lua.LUA_OK) return
  const className = textOf(luaL_typename(L, -1))
  const isText = lua.lua_type(L, -1) === lua.LUA_TSTRING
  const message = isText
    ? textOf(lua.lua_tostring(L, -1), undefined, undefined, true)
    : `a ${className} value`
  if (status === lua.LUA_ERRSYNTAX) throw new Failure("syntax", null, message)
  // A status of its own says that not even the error could be reported.
  if (status < 0 || message.endsWith(OUT_OF_MEMORY)) throw new Failure("memory", null, OUT_OF_MEMORY)
  if (/stack overflow|error in error handling$/.test(message)) throw new Failure("stack", null, OUT_OF_STACK)
  throw new Failure("exception", className, message)
}

// ------------------------------------------------------------------------------------------------ values

/** `reversed`: tables are filled from their end, since the order of `pairs` is one that Lua leaves open. */
const push = (json: Json, reversed: boolean): void => {
  if (json === null) return lua.lua_pushnil(L)
  if (typeof json === "boolean") return lua.lua_pushboolean(L, json)
  if (typeof json === "number") return lua.lua_pushinteger(L, json)
  if (typeof json === "string") return lua.lua_pushstring(L, bytesOf(json))
  if ("float" in json) return lua.lua_pushnumber(L, Number(String(json["float"]).replace("inf", "Infinity")))
  const entries = Array.isArray(json)
    ? json.map((item: Json, index): [Json, Json] => [index + 1, item])
    : [...(json as { readonly dict: ReadonlyArray<[Json, Json]> }).dict]
  lua.lua_createtable(L, 0, 0)
  for (const [key, value] of reversed && !Array.isArray(json) ? entries.toReversed() : entries) {
    push(key, reversed)
    push(value, reversed)
    lua.lua_rawset(L, -3)
  }
}

/** The value on top of the stack. */
const encode = (outputBytes: number): string => {
  let left = outputBytes
  const spend = (bytes: number): void => {
    left -= bytes
    if (left < 0) throw new Failure("output", null, `longer than ${outputBytes} bytes`)
  }
  const read = (depth: number): Json => {
    spend(1)
    switch (lua.lua_type(L, -1)) {
      case lua.LUA_TNIL:
        return null
      case lua.LUA_TBOOLEAN:
        return lua.lua_toboolean(L, -1)
      case lua.LUA_TNUMBER: {
        const value = lua.lua_tonumber(L, -1)
        return lua.lua_isinteger(L, -1) ? value : float(value)
      }
      case lua.LUA_TSTRING:
        return readText(lua.lua_tostring(L, -1))
      case lua.LUA_TTABLE:
        return readTable(depth + 1)
      default:
        throw new Failure("unrepresentable", null, `a ${textOf(luaL_typename(L, -1))} has no canonical form`)
    }
  }
  const readText = (bytes: Uint8Array): string => {
    spend(bytes.length)
    try {
      return textOf(bytes)
    } catch {
      throw new Failure("unrepresentable", null, "a string that is no UTF-8 has no canonical form")
    }
  }
  const readTable = (depth: number): Json => {
    if (depth > MAX_DEPTH) throw new Failure("unrepresentable", null, `nested deeper than ${MAX_DEPTH}`)
    if (lua.lua_getmetatable(L, -1))
      throw new Failure("unrepresentable", null, "a table with a metatable has no canonical form")
    const entries: Array<readonly [Json, Json]> = []
    lua.lua_pushnil(L)
    while (lua.lua_next(L, -2) !== 0) {
      const value = read(depth)
      lua.lua_pop(L, 1)
      if (lua.lua_type(L, -1) === lua.LUA_TTABLE)
        throw new Failure("unrepresentable", null, "a table as a key has no canonical form")
      entries.push([read(depth), value])
    }
    return table(entries)
  }
  const text = JSON.stringify(read(0))
  if (text.length > outputBytes) spend(outputBytes + 1)
  return text
}
