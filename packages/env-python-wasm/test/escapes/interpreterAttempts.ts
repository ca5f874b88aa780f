/** Other modules, other builtins, hooks into the interpreter. */
import { type Attempt, attempts, loading, python, returning } from "./attempt.ts"

export const interpreterAttempts: ReadonlyArray<Attempt> = [
  ...attempts("modules", {
    ctypes: [returning("ctypes.CDLL(None)", "import ctypes"), "exception ModuleNotFoundError"],
    "_ctypes by the loader": [returning("load('_ctypes')", loading), "exception ImportError"],
    cffi: [returning("1", "import _cffi_backend"), "exception ModuleNotFoundError"],
    _testcapi: [returning("load('_testcapi')", loading), "exception ImportError"],
    _testinternalcapi: [returning("load('_testinternalcapi')", loading), "exception ImportError"],
    mmap: [returning("load('mmap').mmap(-1, 10)", loading), "exception ImportError"],
    faulthandler: [returning("load('faulthandler')._sigsegv()", loading), "trap"],
    gc: [returning("1", "import gc"), "exception ModuleNotFoundError"],
    "every object by gc": [
      python`
        import math
        def f(a):
            gc = math.__loader__.load_module('gc')
            return sorted(name for name in ('program', 'values', 'sandbox') for o in gc.get_objects()
                          if isinstance(o, dict) and o.get('__name__') == name)
      `,
      "value []",
    ],
    importlib: [
      returning("importlib.import_module('os')", "import importlib"),
      "exception ModuleNotFoundError",
    ],
    "frozen modules": [returning("load('_imp').get_frozen_object('os') is None", loading), "value false"],
    "an interpreter in the interpreter": [
      returning("load('_interpreters').create()", loading),
      "exception ImportError",
    ],
    "a finder of one's own": [
      python`
        import sys
        class Finder:
            def find_spec(name, path=None, target=None): raise ZeroDivisionError(name)
        def f(a):
            sys.meta_path.insert(0, Finder)
            import os
            return os
      `,
      "exception ZeroDivisionError",
    ],
    "paths of one's own": [
      python`
        import sys
        def f(a):
            sys.path[:] = ['/', '/usr/lib/python3.14']
            import os
            return os
      `,
      "exception ModuleNotFoundError",
    ],
    marshal: [
      returning("marshal.loads(b'c' + b'\\x00' * 80)", "import marshal"),
      "exception ModuleNotFoundError",
    ],
    pickle: [
      returning("pickle.loads(b\"cos\\nsystem\\n(S'id'\\ntR.\")", "import pickle"),
      "exception ModuleNotFoundError",
    ],
    tracemalloc: [returning("load('_tracemalloc').start()", loading), "value null"],
    pdb: [returning("1", "import pdb"), "exception ModuleNotFoundError"],
  }),
  ...attempts("builtins", {
    "by a subclass of object": [
      python`
        def f(a):
            names = [c.__name__ for c in object.__subclasses__()
                     if 'listdir' in getattr(getattr(c.__init__, '__globals__', None), 'keys', dict)()]
            return names
      `,
      'value ["_wrap_close"]',
    ],
    "by a function's globals": [
      returning("f.__globals__['__builtins__'].open('x')"),
      "exception PermissionError",
    ],
    "after clearing the namespace": [
      python`
        def f(a):
            globals().clear()
            return ().__class__.__base__.__subclasses__()[0].__name__
      `,
      'value "type"',
    ],
    "replaced by another dict": [
      python`
        def g(): return open('x')
        def f(a):
            namespace = {'__builtins__': {'open': lambda name: name}}
            exec('def h(): return open("x")', namespace)
            return namespace['h']()
      `,
      'value "x"',
    ],
    "of the guest, by a frame": [
      python`
        import sys
        def f(a):
            return sys._getframe(1).f_builtins['open']('/etc/hostname').read()
      `,
      "exception PermissionError",
    ],
    "of the guest, by the traceback of a refusal": [
      python`
        def f(a):
            try:
                open('x')
            except PermissionError as error:
                trace = error.__traceback__
                while trace.tb_next: trace = trace.tb_next
                return trace.tb_frame.f_builtins['open'].__name__
      `,
      'value "_deny"',
    ],
    "classes without new objects": [returning("type('A', (), {}).__subclasses__()"), "value []"],
    "str.format": [returning("'{0.__globals__[__builtins__]}'.format(f)[:9]"), 'value "<module \'"'],
  }),
  ...attempts("hooks", {
    "sys.settrace on the guest": [
      python`
        import sys
        def trace(frame, event, value):
            frame.f_globals.clear()
            return trace
        def f(a):
            sys.settrace(trace)
            return [1, 2]
      `,
      "trap",
    ],
    "sys.setprofile on the guest": [
      python`
        import sys
        def f(a):
            sys.setprofile(lambda frame, event, value: 1 / 0)
            return [1, 2]
      `,
      "exception ZeroDivisionError",
    ],
    "sys.monitoring": [
      returning("sys.monitoring.use_tool_id(0, 'x')", "import sys"),
      "exception AttributeError",
    ],
    "an audit hook": [returning("sys.addaudithook(print)", "import sys"), "exception AttributeError"],
    "audit events raised by hand": [
      returning("sys.audit('open', 1)", "import sys"),
      "exception PermissionError",
    ],
    "remote execution": [returning("sys.remote_exec(0, 'x')", "import sys"), "exception AttributeError"],
    "sys.excepthook": [
      python`
        import sys
        sys.excepthook = sys.unraisablehook = sys.displayhook = lambda *a: sys.stdout.write('hook')
        def f(a): return 1 / 0
      `,
      "exception ZeroDivisionError",
    ],
    "the limit of recursion": [
      python`
        import sys
        sys.setrecursionlimit(2 ** 31 - 1)
        def f(a): return f(a)
      `,
      "stack",
    ],
    "no recursion left for the guest": [
      python`
        import sys
        def f(a):
            sys.setrecursionlimit(6)
            return [[[[[[[[[[1]]]]]]]]]]
      `,
      "stack RecursionError",
    ],
    "a private function of the type cache": [
      returning("sys._clear_internal_caches()", "import sys"),
      "value null",
    ],
    "stack trampolines": [
      returning("sys.activate_stack_trampoline('perf')", "import sys"),
      "exception ValueError",
    ],
  }),
]
