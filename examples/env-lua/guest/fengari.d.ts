/** The part of fengari's C API that the guest calls; the package has no types of its own. */
declare module "fengari/src/lua.js" {
  export interface State {
    readonly l_G: unknown
  }
  type Function = (state: State) => number
  export const LUA_OK: number
  export const LUA_ERRSYNTAX: number
  export const LUA_TNIL: number
  export const LUA_TBOOLEAN: number
  export const LUA_TNUMBER: number
  export const LUA_TSTRING: number
  export const LUA_TTABLE: number
  export const LUA_TFUNCTION: number
  export const lua_atnativeerror: (state: State, handler: Function) => unknown
  export const lua_checkstack: (state: State, slots: number) => boolean
  export const lua_createtable: (state: State, list: number, record: number) => void
  export const lua_getglobal: (state: State, name: Uint8Array) => number
  export const lua_getmetatable: (state: State, index: number) => boolean
  export const lua_gettop: (state: State) => number
  export const lua_isinteger: (state: State, index: number) => boolean
  export const lua_next: (state: State, index: number) => number
  export const lua_pcall: (state: State, parameters: number, results: number, handler: number) => number
  export const lua_pop: (state: State, count: number) => void
  export const lua_pushboolean: (state: State, value: boolean) => void
  export const lua_pushinteger: (state: State, value: number) => void
  export const lua_pushjsfunction: (state: State, value: Function) => void
  export const lua_pushnil: (state: State) => void
  export const lua_pushnumber: (state: State, value: number) => void
  export const lua_pushstring: (state: State, value: Uint8Array) => void
  export const lua_rawset: (state: State, index: number) => void
  export const lua_setfield: (state: State, index: number, name: Uint8Array) => void
  export const lua_setglobal: (state: State, name: Uint8Array) => void
  export const lua_toboolean: (state: State, index: number) => boolean
  export const lua_tonumber: (state: State, index: number) => number
  export const lua_tostring: (state: State, index: number) => Uint8Array
  export const lua_touserdata: (state: State, index: number) => unknown
  export const lua_type: (state: State, index: number) => number
}
declare module "fengari/src/lauxlib.js" {
  import type { State } from "fengari/src/lua.js"
  export const luaL_loadbufferx: (
    state: State,
    text: Uint8Array,
    size: number,
    name: Uint8Array,
    mode: Uint8Array,
  ) => number
  export const luaL_newstate: () => State
  export const luaL_requiref: (
    state: State,
    name: Uint8Array,
    open: (state: State) => number,
    global: number,
  ) => void
  export const luaL_tolstring: (state: State, index: number) => Uint8Array
  export const luaL_typename: (state: State, index: number) => Uint8Array
}
declare module "fengari/src/fengaricore.js" {
  export const to_luastring: (text: string) => Uint8Array
  /** Throws RangeError for what is no UTF-8, unless it may be replaced. */
  export const to_jsstring: (text: Uint8Array, from?: number, to?: number, replacing?: boolean) => string
}
declare module "fengari/src/*lib.js" {
  import type { State } from "fengari/src/lua.js"
  type Open = (state: State) => number
  export const luaopen_base: Open
  export const luaopen_coroutine: Open
  export const luaopen_math: Open
  export const luaopen_string: Open
  export const luaopen_table: Open
  export const luaopen_utf8: Open
}
