/** Nothing gets out, nothing stays, and every limit holds. Numbers are rows of the table of known exploits. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { digests, evaluate, Guest, outcome, run, runRaw } from "./guest.ts"

layer(Guest.layer(1))("isolation", (test) => {
  test.effect("6, 18: offers no files, processes, sockets, threads or foreign modules", () =>
    Effect.gen(function* () {
      for (const name of [
        "os",
        "os.path",
        "socket",
        "ctypes",
        "shutil",
        "subprocess",
        "posix",
        "gc",
        "faulthandler",
      ]) {
        assert.strictEqual(
          yield* outcome(`import ${name}\ndef f(): return 1`),
          "exception ModuleNotFoundError",
          name,
        )
      }
      const denied = "exception PermissionError"
      assert.strictEqual(yield* evaluate("open('/etc/hostname').read()"), denied)
      assert.strictEqual(yield* evaluate("open(0).read()"), denied)
      assert.strictEqual(yield* evaluate("__import__('io').open('x', 'w')"), denied)
      assert.strictEqual(yield* evaluate("__import__('io').FileIO('x')"), denied)
      assert.strictEqual(yield* evaluate("__import__('random')._os.system('id')"), "exception AttributeError")
      assert.strictEqual(yield* evaluate("__import__('subprocess')"), "exception ModuleNotFoundError")
      const found = "[c for c in object.__subclasses__() if c.__name__ == 'Popen']"
      assert.deepEqual(yield* evaluate(found), [])
      const loader = "import math\ndef f(): return math.__loader__.load_module('posix').listdir('/')"
      assert.strictEqual(yield* outcome(loader), denied)
      const threads = "import _thread\ndef f(): return _thread.start_new_thread(print, ())"
      assert.strictEqual(yield* outcome(threads), "exception RuntimeError")
    }),
  )

  test.effect("18: ends every excess, the same way each time, and goes on", () =>
    Effect.gen(function* () {
      const excesses: Readonly<Record<string, string>> = {
        "def f():\n  while True:\n    try:\n      while True: pass\n    except BaseException: pass": "fuel",
        "def f(): return 10 ** 10 ** 7 > 1": "fuel",
        "import re\ndef f(): return bool(re.match('^(a+)+$', 'a' * 40 + 'b'))": "fuel",
        "def f():\n  while True: bytes(50_000_000)": "fuel",
        "def f(): return sum(range(10 ** 12))": "fuel",
        "def f(): return 'a' * 10 ** 9": "memory MemoryError",
        "def f(): return len(bytearray(10 ** 9))": "memory MemoryError",
        "def f():\n  a = []\n  while True: a.append([0] * 100_000)": "memory MemoryError",
        "def f():\n  a = ['']\n  while True: a.append(a[-1] + 'x' * 1_000_000)": "memory MemoryError",
        "def f(): return f()": "stack RecursionError",
        "class A:\n  def __repr__(self): return repr(self)\ndef f(): return repr(A())":
          "stack RecursionError",
        "def f():\n  x = ()\n  for _ in range(10 ** 5): x = (x,)": "stack",
        "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(n=0): return f(n + 1)": "stack",
        "def f(): return eval('(' * 150 + ')' * 150)": "memory MemoryError",
      }
      const observed: Array<unknown> = []
      for (const [program, expected] of Object.entries(excesses)) {
        assert.strictEqual(yield* outcome(program), expected, program)
        assert.strictEqual(yield* evaluate("sorted('ba')[0]"), "a")
        observed.push(yield* runRaw(program))
      }
      const again: Array<unknown> = []
      for (const program of Object.keys(excesses)) again.push(yield* runRaw(program))
      assert.deepEqual(again, observed)
    }),
  )

  test.effect("12: keeps nothing from one program to the next", () =>
    Effect.gen(function* () {
      const probe =
        "import builtins, json, math, random, sys, time\n" +
        "def f(): return [hasattr(builtins, 'x'), sorted([2, 1]), json.dumps([1]), math.isqrt(17), random.random(),\n" +
        "  time.time(), id([]), sys.getrecursionlimit(), len(sys.modules), sys.int_info.str_digits_check_threshold]"
      const reference = yield* runRaw(probe)
      assert.isTrue(reference.response?.startsWith('{"ok":[false,[1,2],"[1]",4,'), reference.response ?? "")
      const intruders = [
        "import builtins\nbuiltins.x = [bytes([i % 251]) * 4096 for i in range(15000)]\ndef f(): return 1",
        "import builtins, json, sys\nbuiltins.sorted = json.dumps = None\nsys.modules['math'] = None\ndef f(): return 1",
        "import random, time\nrandom.seed(5)\ntime.time = lambda: 0\ndef f(): return random.random()",
        "import sys\nsys.setrecursionlimit(50)\nsys.set_int_max_str_digits(1000)\ndef f(): return f()",
        "def f():\n  while True: pass",
        "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): return f()",
        "def f(a=[]):\n  a.append([0] * 10 ** 6)\n  return f(a)",
      ]
      for (const intruder of intruders) {
        yield* runRaw(intruder)
        assert.deepEqual(yield* runRaw(probe), reference, intruder)
      }
    }),
  )

  test.effect("4, 5, 17: a program cannot speak for the guest", () =>
    Effect.gen(function* () {
      const liar =
        "class E:\n  def __eq__(s, o): return True\n  def __hash__(s): return 1\ndef f(): return E()"
      assert.strictEqual(yield* outcome(liar), "unrepresentable")
      const nan = "class N(float):\n  def __eq__(s, o): return True\ndef f(): return N('nan')"
      assert.strictEqual(yield* outcome(nan), "unrepresentable")
      const patched = [
        "import builtins\nfor n in ['len', 'type', 'repr', 'str', 'isinstance', 'callable', 'getattr', 'id', 'BaseException']:\n  setattr(builtins, n, None)",
        "import json\njson.dumps = json.loads = json.encoder.encode_basestring = lambda *a, **k: '\"forged\"'",
        "import sys\nfor n in list(sys.modules):\n  del sys.modules[n]",
        "import sys\nsys.setrecursionlimit(40)",
        "import io\nio.StringIO = None\nimport sys\nsys.stdout = None",
      ]
      for (const prelude of patched) {
        const program = `${prelude}\ndef f(): return [1, 'a', {2: (3.5,)}]`
        assert.deepEqual(
          (yield* run(program)).ok,
          [1, "a", { dict: [[2, { tuple: [{ float: "3.5" }] }]] }],
          prelude,
        )
      }
      // What a program does to its own interpreter harms its own outcome at most.
      for (const hook of ["settrace", "setprofile"]) {
        const hooked = `import sys\ndef f():\n  sys.${hook}(lambda *a: 1 / 0)\n  return 1`
        assert.include(["exception ZeroDivisionError", "unrepresentable", 1], yield* outcome(hooked), hook)
      }
      const breaking = "import builtins\nbuiltins.str = builtins.issubclass = None\ndef f(): return 1 / 0"
      assert.strictEqual(yield* outcome(breaking), "exception ZeroDivisionError")
    }),
  )

  test.effect(
    "7, 8: what a program could observe of the machine differs with the conditions or is constant",
    () =>
      Effect.gen(function* () {
        const perturbed = { image: "b", entropy: 12345 } as const
        const varying = [
          "import random\ndef f(): return random.random()",
          "import random\ndef f(): return random.SystemRandom().random()",
          "import time\ndef f(): return time.time()",
          "import datetime\ndef f(): return str(datetime.datetime.now())",
          "def f(): return hash('a')",
          "def f(): return list({'a', 'b', 'c', 'd', 'e', 'f'})",
          "def f(): return id([])",
          "class A: pass\ndef f(): return str(A())",
          "def f(): return repr(f)",
        ]
        for (const program of varying) {
          const reference = yield* outcome(program)
          assert.deepEqual(yield* outcome(program), reference, program)
          assert.notDeepEqual(yield* outcome(program, perturbed), reference, program)
        }
        const constant = [
          "def f(): return hash(1.5)",
          "n = 0\ndef f(a=[]):\n  global n\n  n += 1\n  a.append(n)\n  return a",
        ]
        for (const program of constant) {
          assert.deepEqual(yield* outcome(program, perturbed), yield* outcome(program), program)
        }
      }),
  )

  test.effect("no function of an importable module crashes the interpreter or the guest", () =>
    Effect.gen(function* () {
      // Each call is one of many in a program; a crash takes the whole program down and shows as a trap.
      const program = (module: string) =>
        `import ${module} as module, types\n` +
        "skipped = {'exit', 'quit', 'input', 'sleep', '_exit', 'main', 'product', 'pow'}\n" +
        "def f(given):\n  for name in dir(module):\n    value = getattr(module, name)\n" +
        "    if name in skipped or not callable(value): continue\n" +
        "    for arguments in given:\n" +
        "      try: value(*arguments)\n      except BaseException: pass\n  return 1"
      const args = [
        [[], [1], ["a"], [[1, 2]], [1, 2], [{ float: "1.5" }], [null], [{ bytes: "61" }], ["a", "b"]],
      ]
      const calm = digests.modules.filter((name) => name !== "builtins" && name !== "sys")
      for (const module of calm) {
        const answer = yield* runRaw(program(module), { args: [args[0]], fuel: 2e10 })
        assert.strictEqual(answer.trap, null, module)
      }
    }),
  )
})

layer(Guest.layer(3))("three workers", (test) => {
  test.effect("give the same answers and the same fuel on each of them, and on repetition", () =>
    Effect.gen(function* () {
      const programs = [
        "import random\ndef f(n): return random.random(), hash('a'), {'a', 'b', 'c'}, id([]), n",
        "def f(n): return sum(i * i for i in range(n))",
        "def f(n): return f(n)",
        "def f(n):\n  while True: n += 1",
      ]
      const pool = yield* Guest
      const calls = Array.from({ length: 64 }, (_, index) => ({
        image: "a",
        fuel: 1e8,
        request: JSON.stringify({
          op: "run", program: programs[index % 4], entry: "f", args: [7], entropy: 0, outputBytes: 1000,
        }), // prettier-ignore
      }))
      const results = yield* pool.runAll(calls)
      for (const [index, result] of results.entries()) assert.deepEqual(result, results[index % 4])
      assert.deepEqual(
        results.slice(0, 4).map(({ trap }) => trap),
        [null, null, null, "fuel"],
      )
    }),
  )
})
