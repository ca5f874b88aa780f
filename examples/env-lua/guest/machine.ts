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
import { type GuestValue, NoResult, Raised, SyntaxFault, type World } from "@azr/wasm-host/guest"
import { table } from "./literals.ts"

const mostNested = 64
const outOfMemory = "not enough memory"
const outOfStack = "stack overflow"

const L = luaL_newstate()
/** What the program that runs is given. */
let world: World | null = null

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
const time = (state: lua.State): number => {
  lua.lua_pushinteger(state, Math.floor((world?.now() ?? 0) / 1000) % 2 ** 31)
  return 1
}
const clock = (state: lua.State): number => {
  lua.lua_pushnumber(state, (world?.now() ?? 0) / 1000)
  return 1
}
define("os", "time", time)
define("os", "clock", clock)
define(null, "print", (state) => {
  const values = Array.from({ length: lua.lua_gettop(state) }, (_, index) =>
    textOf(luaL_tolstring(state, index + 1), undefined, undefined, true),
  )
  world?.print(`${values.join("\t")}\n`)
  return 0
})
for (const name of ["collectgarbage", "dofile", "load", "loadfile"]) {
  lua.lua_pushnil(L)
  lua.lua_setglobal(L, bytesOf(name))
}
// What `math.random` draws from.
Math.random = () => world?.random() ?? 0
// What the engine itself gives up on becomes an error of the program, with Lua's own words for it.
lua.lua_atnativeerror(L, (state) => {
  const thrown = lua.lua_touserdata(state, 1)
  const isStack = thrown instanceof RangeError && /call stack/.test(thrown.message)
  lua.lua_pushstring(state, bytesOf(isStack ? outOfStack : outOfMemory))
  return 1
})

/** Loads a program and calls its function: the first value that comes back, or undefined where there is no such function. */
export const execute = (
  program: string,
  entry: string,
  parameters: ReadonlyArray<GuestValue>,
  given: World,
): GuestValue | undefined => {
  world = given
  // Of the build's own programs; a call begins with a clean instance.
  lua.lua_pushnil(L)
  lua.lua_setglobal(L, bytesOf(entry))
  lua.lua_checkstack(L, 4 * mostNested)
  protect(() => luaL_loadbufferx(L, bytesOf(program), 0, bytesOf("=program"), bytesOf("t")))
  protect(() => lua.lua_pcall(L, 0, 0, 0))
  if (lua.lua_getglobal(L, bytesOf(entry)) !== lua.LUA_TFUNCTION) return undefined
  const reversed = given.perturbed
  for (const parameter of parameters) push(parameter, reversed)
  protect(() => lua.lua_pcall(L, parameters.length, 1, 0))
  return readTop(0)
}

/** Throws what a call of Lua ended by. */
const protect = (call: () => number): void => {
  const status = call()
  if (status === lua.LUA_OK) return
  const type = textOf(luaL_typename(L, -1))
  const isText = lua.lua_type(L, -1) === lua.LUA_TSTRING
  const message = isText ? textOf(lua.lua_tostring(L, -1), undefined, undefined, true) : `a ${type} value`
  if (status === lua.LUA_ERRSYNTAX) throw new SyntaxFault(message, null)
  // What QuickJS itself throws then. A status below 0: not even the error could be reported.
  if (status < 0 || message.endsWith(outOfMemory)) throw null
  if (/stack overflow|error in error handling$/.test(message)) throw new RangeError("Lua's call stack")
  throw new Raised(type, message)
}

// ------------------------------------------------------------------------------------------------ values

/** `reversed`: entries of tables are put in from their end, since the order of `pairs` is one that Lua leaves open. */
const push = (value: GuestValue, reversed: boolean): void => {
  if (value === null) return lua.lua_pushnil(L)
  switch (typeof value) {
    case "boolean":
      return lua.lua_pushboolean(L, value)
    case "bigint":
      return lua.lua_pushinteger(L, Number(value))
    case "number":
      return lua.lua_pushnumber(L, value)
    case "string":
      return lua.lua_pushstring(L, bytesOf(value))
  }
  const entries: ReadonlyArray<readonly [GuestValue, GuestValue]> = Array.isArray(value)
    ? value.map((item: GuestValue, index) => [BigInt(index + 1), item])
    : [...(value as ReadonlyMap<GuestValue, GuestValue>)]
  lua.lua_createtable(L, 0, 0)
  for (const [key, item] of reversed && !Array.isArray(value) ? entries.toReversed() : entries) {
    push(key, reversed)
    push(item, reversed)
    lua.lua_rawset(L, -3)
  }
}

const unrepresentable = (what: string): NoResult =>
  new NoResult("unrepresentable", `${what} has no canonical form`)

/** The value on top of the stack. */
const readTop = (depth: number): GuestValue => {
  switch (lua.lua_type(L, -1)) {
    case lua.LUA_TNIL:
      return null
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(L, -1)
    case lua.LUA_TNUMBER: {
      const value = lua.lua_tonumber(L, -1)
      return lua.lua_isinteger(L, -1) ? BigInt(value) : value
    }
    case lua.LUA_TSTRING:
      try {
        return textOf(lua.lua_tostring(L, -1))
      } catch {
        throw unrepresentable("a string that is no UTF-8")
      }
    case lua.LUA_TTABLE:
      return readTable(depth + 1)
    default:
      throw unrepresentable(`a ${textOf(luaL_typename(L, -1))}`)
  }
}

const readTable = (depth: number): GuestValue => {
  if (depth > mostNested) throw new NoResult("unrepresentable", `nested deeper than ${mostNested}`)
  if (lua.lua_getmetatable(L, -1)) throw unrepresentable("a table with a metatable")
  const entries: Array<readonly [GuestValue, GuestValue]> = []
  lua.lua_pushnil(L)
  while (lua.lua_next(L, -2) !== 0) {
    const value = readTop(depth)
    lua.lua_pop(L, 1)
    if (lua.lua_type(L, -1) === lua.LUA_TTABLE) throw unrepresentable("a table as a key")
    entries.push([readTop(depth), value])
  }
  return table(entries)
}
