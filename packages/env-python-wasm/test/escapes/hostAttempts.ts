/** What a process has: files, sockets, processes, clocks, environment, entropy, signals, threads. */
import { type Attempt, attempts, loading, python, returning } from "./attempt.ts"

export const hostAttempts: ReadonlyArray<Attempt> = [
  ...attempts("files", {
    open: [returning("open('/etc/hostname').read()"), "exception PermissionError"],
    "a descriptor": [returning("open(0).read()"), "exception PermissionError"],
    "io.open": [returning("io.open('x', 'w')", "import io"), "exception PermissionError"],
    "io.FileIO": [returning("io.FileIO('/etc/hostname')", "import io"), "exception PermissionError"],
    "io.FileIO on a descriptor": [
      returning("io.FileIO(1, 'w').write(b'x')", "import io"),
      "exception PermissionError",
    ],
    "io.open_code": [returning("io.open_code('/etc/hostname')", "import io"), "exception PermissionError"],
    "the opener argument": [
      returning("open('x', opener=lambda path, flags: 0)"),
      "exception PermissionError",
    ],
    "import os": [returning("os.listdir('/')", "import os"), "exception ModuleNotFoundError"],
    "posix by the loader of a module": [
      returning("load('posix').listdir('/')", loading),
      "exception PermissionError",
    ],
    "posix.open by the loader": [
      returning("load('posix').open('/etc/hostname', 0)", loading),
      "exception PermissionError",
    ],
    "posix, made anew": [
      python`
        import math
        def f(a):
            loader = math.__loader__
            posix = loader.create_module(type(math.__spec__)('posix', loader))
            loader.exec_module(posix)
            return posix.listdir('/')
      `,
      "exception PermissionError",
    ],
    "the opener of linecache": [returning("__import__('linecache').getlines('/etc/hostname')"), "value []"],
    "the opener of tokenize": [
      returning("__import__('tokenize').open('/etc/hostname')"),
      "exception PermissionError",
    ],
    "the opener of codecs": [
      returning("__import__('codecs').open('/etc/hostname').read()"),
      "exception PermissionError",
    ],
    "a module's data by its loader": [
      returning("random.__loader__.get_data('/etc/hostname')", "import random"),
      "exception PermissionError",
    ],
    "the source of a library": [
      returning("len(__import__('inspect').getsource(json))", "import json"),
      "exception OSError",
    ],
    "os held by a library": [
      returning("random._os.listdir('/')", "import random"),
      "exception PermissionError",
    ],
    "symbolic links": [
      returning("load('posix').symlink('/etc/passwd', 'x')", loading),
      "exception PermissionError",
    ],
    "hash of a file": [
      returning("hashlib.file_digest(open('/etc/hostname'), 'md5')", "import hashlib"),
      "exception PermissionError",
    ],
  }),
  ...attempts("network", {
    "import socket": [returning("socket.socket()", "import socket"), "exception ModuleNotFoundError"],
    "import _socket": [returning("_socket.socket()", "import _socket"), "exception ModuleNotFoundError"],
    "_socket by the loader": [returning("load('_socket').socket()", loading), "exception PermissionError"],
    urllib: [
      returning("urllib.request.urlopen('http://localhost')", "import urllib.request"),
      "exception ModuleNotFoundError",
    ],
    ssl: [returning("1", "import ssl"), "exception ModuleNotFoundError"],
    select: [returning("load('select').select([], [], [], 1)", loading), "trap"],
  }),
  ...attempts("processes", {
    subprocess: [returning("subprocess.run(['id'])", "import subprocess"), "exception ModuleNotFoundError"],
    "Popen among the classes": [
      returning("[c.__name__ for c in object.__subclasses__() if 'open' in c.__name__.lower()]"),
      "value []",
    ],
    "os.system by the loader": [returning("load('posix').system('id')", loading), "exception AttributeError"],
    "fork by the loader": [returning("load('posix').fork()", loading), "exception AttributeError"],
    "exec by the loader": [
      returning("load('posix').execv('/bin/sh', ['sh'])", loading),
      "exception AttributeError",
    ],
    "_exit by the loader": [returning("load('posix')._exit(0)", loading), "trap"],
    "abort by the loader": [returning("load('posix').abort()", loading), "trap"],
    "kill by the loader": [returning("load('posix').kill(0, 9)", loading), "exception AttributeError"],
    "sys.exit": [returning("sys.exit(0)", "import sys"), "exception SystemExit"],
    exit: [returning("exit(0)"), "exception SystemExit"],
    multiprocessing: [returning("1", "import multiprocessing"), "exception ModuleNotFoundError"],
    "a pseudo-terminal": [returning("1", "import pty"), "exception ModuleNotFoundError"],
  }),
  ...attempts("clocks", {
    "time counts calls": [
      returning("[time.time_ns() - time.time_ns() for _ in range(3)]", "import time"),
      "value [-1000,-1000,-1000]",
    ],
    "no clock of the system": [
      returning("time.clock_gettime(0)", "import time"),
      "exception PermissionError",
    ],
    "perf_counter around a loop": [
      python`
        import time
        def f(a):
            start = time.perf_counter_ns()
            sum(range(100_000))
            return time.perf_counter_ns() - start
      `,
      "value 1000",
    ],
    "time by the loader": [returning("load('time').time() > 0", loading), "value true"],
    today: [
      returning("str(datetime.datetime.now())", "import datetime"),
      'value "2023-11-14 22:13:20.000001"',
    ],
    "sleep returns at once": [returning("time.sleep(10 ** 9)", "import time"), "value null"],
    "the date by gmtime": [
      returning("tuple(time.gmtime())[:3]", "import time"),
      'value {"tuple":[2023,11,14]}',
    ],
    "the C datetime": [returning("load('_datetime').datetime.now()", loading), "exception AttributeError"],
  }),
  ...attempts("environment", {
    "os.environ of a library": [returning("dict(random._os.environ)", "import random"), 'value {"dict":[]}'],
    "environ by the loader": [returning("load('posix').environ", loading), 'value {"dict":[]}'],
    "getcwd by the loader": [returning("load('posix').getcwd()", loading), 'value "/"'],
    "arguments and paths": [
      returning("[sys.argv, sys.path, sys.orig_argv, sys.executable]", "import sys"),
      'value [[],[],[],""]',
    ],
    who: [returning("load('posix').getuid()", loading), "exception AttributeError"],
    platform: [returning("1", "import platform"), "exception ModuleNotFoundError"],
    "uname by the loader": [returning("load('posix').uname()", loading), "unrepresentable"],
    "entropy of the system": [returning("load('posix').urandom(4)", loading), "trap"],
    "the same random numbers for everybody": [
      returning("random.SystemRandom().getrandbits(16)", "import random"),
      "value 55340",
    ],
    uuid: [returning("1", "import uuid"), "exception ModuleNotFoundError"],
    "what the user types": [returning("input()"), "exception EOFError"],
    breakpoint: [returning("breakpoint()"), "value null"],
  }),
  ...attempts("threads and signals", {
    "a thread": [
      returning("_thread.start_new_thread(print, ())", "import _thread"),
      "exception RuntimeError",
    ],
    "a joinable thread": [
      returning("_thread.start_joinable_thread(print)", "import _thread"),
      "exception RuntimeError",
    ],
    "a lock that nobody opens": [
      python`
        import _thread
        def f(a):
            lock = _thread.allocate_lock()
            lock.acquire()
            return lock.acquire()
      `,
      "trap",
    ],
    "a lock with a timeout": [
      python`
        import _thread
        def f(a):
            lock = _thread.allocate_lock()
            lock.acquire()
            return lock.acquire(True, 3600)
      `,
      "trap",
    ],
    "an interrupt that strikes later": [
      python`
        import _thread
        def f(a):
            _thread.interrupt_main()
            return 1
      `,
      "value 1",
    ],
    signal: [returning("signal.alarm(1)", "import signal"), "exception ModuleNotFoundError"],
    "signal by the loader": [returning("load('_signal').raise_signal(9)", loading), "trap"],
    "a handler at exit": [returning("atexit.register(print, 1) is print", "import atexit"), "value true"],
    asyncio: [returning("1", "import asyncio"), "exception ModuleNotFoundError"],
  }),
]
