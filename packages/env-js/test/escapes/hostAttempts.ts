/** Reaching for what a process has: files, sockets, clocks, threads, modules, other realms. */
import { attempts, f, script, typesOf } from "./attempt.ts"

export const hostAttempts = attempts("the host", {
  "require a module": [f('return require("fs").readFileSync("/etc/passwd", "utf8")'), "!ReferenceError"],
  "read the environment": [f("return process.env"), "!ReferenceError"],
  "end the process": [f("return globalThis.process?.exit(0) ?? 'still here'"), '"still here"'],
  "open a file or a socket": typesOf(
    "fetch",
    "XMLHttpRequest",
    "WebSocket",
    "EventSource",
    "open",
    "Deno",
    "Bun",
  ),
  "a document or a frame": typesOf(
    "window",
    "self",
    "document",
    "frames",
    "top",
    "parent",
    "navigator",
    "location",
  ),
  "modules of the engine": typesOf(
    "std",
    "os",
    "bjson",
    "scriptArgs",
    "print",
    "loadScript",
    "gc",
    "__cqjs",
    "wit",
  ),
  "another realm": typesOf("ShadowRealm", "$262", "Realm", "Compartment", "evalScript"),
  "timers and tasks": typesOf(
    "setTimeout",
    "setInterval",
    "setImmediate",
    "queueMicrotask",
    "requestAnimationFrame",
  ),
  "shared memory": typesOf("SharedArrayBuffer", "Atomics", "Worker", "MessageChannel", "BroadcastChannel"),
  "wait on shared memory": [
    f("return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"),
    "!ReferenceError",
  ],
  "machine code": [
    f("return new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))"),
    "!ReferenceError",
  ],
  "watch the collector": typesOf("WeakRef", "FinalizationRegistry", "performance"),
  "names that hold the host": [
    script`
      const odd = /^(process|require|module|exports|global$|import|_|quick|qjs|host|wasm|guest|fuel|run|seal)/i
      function f(a) { return Object.getOwnPropertyNames(globalThis).filter((name) => odd.test(name)) }
    `,
    "[]",
  ],
  "values the guest left behind": [
    script`
      function f(a) {
        const isLeft = (value) => value !== null && typeof value === "object" && Object.keys(value).length > 0
        return Object.getOwnPropertyNames(globalThis).filter((name) => isLeft(globalThis[name]))
      }
    `,
    '["console"]',
  ],
  "import declarations": ['import fs from "fs"\nfunction f(a) { return fs }', "!SyntaxError"],
  "import of the engine's modules": [
    'import * as os from "qjs:os"\nfunction f(a) { return os }',
    "!SyntaxError",
  ],
  "export from": ['export * from "fs"\nfunction f(a) { return a }', "!SyntaxError"],
  "import()": [f('return import("fs")'), ["!unrepresentable", "!SyntaxError"]],
  "import() of the engine's modules": [
    f('let got = "nothing"\nimport("qjs:std").then((std) => { got = std }, () => {})\nreturn got'),
    ['"nothing"', "!SyntaxError"],
  ],
  "import.meta": [f("return import.meta.url"), "!SyntaxError"],
})
