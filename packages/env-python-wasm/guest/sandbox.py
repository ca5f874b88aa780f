"""The lock-down: what a program can reach once `close()` has run.

`componentize-py --stub-wasi` turns every WASI call into a trap, so the corners of CPython that face a host are
closed here first: without that a plain SyntaxError would trap (the parser opens the source file to quote the line).
What a program sees afterwards: the modules in `OFFERED` and nothing else, PermissionError where it asks for a file,
a clock that counts calls, and random numbers that come from the request's `entropy`.

Covers: honest Python semantics without a host, the same results in every instance of the same image.
Does not cover: a program that takes CPython itself apart (frame walking, forged code objects). There is nothing
outside to reach, the host restores the whole instance before the next request, and the host judges every answer.
"""

import sys

# The C datetime reads the WASI clock; the Python one reads `time.time`, which is replaced below.
sys.modules["_datetime"] = None

import __future__  # noqa: F401
import _io
import abc  # noqa: F401
import array  # noqa: F401
import atexit  # noqa: F401  (weakref.finalize)
import bisect  # noqa: F401
import builtins
import calendar  # noqa: F401
import cmath  # noqa: F401
import collections.abc  # noqa: F401
import contextlib  # noqa: F401
import copy  # noqa: F401
import dataclasses  # noqa: F401
import datetime  # noqa: F401
import decimal  # noqa: F401
import encodings.ascii  # noqa: F401
import encodings.latin_1  # noqa: F401
import encodings.utf_16  # noqa: F401
import encodings.utf_32  # noqa: F401
import encodings.utf_8  # noqa: F401
import enum  # noqa: F401
import fractions  # noqa: F401
import functools  # noqa: F401
import hashlib  # noqa: F401
import heapq  # noqa: F401
import io
import itertools  # noqa: F401
import json  # noqa: F401
import math  # noqa: F401
import numbers  # noqa: F401
import operator  # noqa: F401
import os
import posix
import random
import re  # noqa: F401
import statistics  # noqa: F401
import string  # noqa: F401
import string.templatelib  # noqa: F401
import struct  # noqa: F401
import textwrap  # noqa: F401
import time
import types  # noqa: F401
import typing  # noqa: F401
import unicodedata  # noqa: F401
import warnings
import weakref  # noqa: F401

import _ast_unparse  # noqa: F401  (ast.unparse)
import _pylong  # noqa: F401  (int <-> str of more than a few hundred digits)
import _strptime  # noqa: F401  (datetime.strptime)

# What `import` finds. Whether an environment *allows* an import is the environment's rule; this is only what exists.
OFFERED = frozenset(
    """
    __future__ abc array bisect builtins calendar cmath collections collections.abc contextlib copy dataclasses
    datetime decimal encodings encodings.aliases encodings.ascii encodings.latin_1 encodings.utf_16 encodings.utf_32
    encodings.utf_8 enum errno fractions functools hashlib heapq io itertools json json.decoder json.encoder
    json.scanner keyword math numbers operator random re re._casefix re._compiler re._constants re._parser reprlib
    statistics string string.templatelib struct sys textwrap time types typing unicodedata warnings weakref
    """.split()
)
# Imported lazily, by name, from inside the modules above or from C.
_INTERNAL = frozenset(
    """
    _abc _ast _ast_unparse _bisect _blake2 _codecs _collections _collections_abc _colorize _contextvars _datetime
    _decimal _functools _heapq _io _json _locale _md5 _opcode _opcode_metadata _operator _py_warnings _pydatetime
    _pylong _random _sha1 _sha2 _sha3 _sre _statistics _string _strptime _struct _thread _types _typing _warnings
    _weakref _weakrefset annotationlib ast atexit codecs copyreg dis inspect linecache locale opcode token
    tokenize
    """.split()
)

# Pure functions of `posix` that touch no host and that the standard library calls.
_PURE_POSIX = frozenset({"fspath", "strerror", "_path_normpath", "_path_splitroot", "_path_splitroot_ex"})

_CLOSED_EVENTS = ("os.", "socket.", "subprocess.", "shutil.", "glob.", "ctypes.", "tempfile.", "pathlib.", "sqlite3.")

_EPOCH_NS = 1_700_000_000_000_000_000
_STEP_NS = 1_000
RECURSION_LIMIT = 1_000


def _deny(*_arguments, **_options):
    raise PermissionError(1, "not permitted")


def _audit(event, _arguments, _prefixes=_CLOSED_EVENTS, _error=PermissionError):
    if event == "open" or event.startswith(_prefixes):
        raise _error(1, "not permitted")


class _Clock:
    """Counts calls instead of time, so that a program cannot measure anything. `start` depends on the entropy."""

    now = _EPOCH_NS

    def start(self, entropy):
        self.now = _EPOCH_NS + entropy % 1_000_003 * 1_000_000_007

    def tick(self, step=_STEP_NS):
        self.now += step
        return self.now


class _Entropy:
    """What stands for the operating system's entropy: a generator that is made when somebody asks."""

    def start(self, seed):
        self.seed = seed
        self.generator = None

    def bits(self, count):
        if self.generator is None:
            self.generator = random.Random.__new__(random.Random)
            _seed_random(self.generator, self.seed)
        return self.generator.getrandbits(count)

    def octets(self, count):
        return self.bits(8 * count).to_bytes(count, "little")


_clock = _Clock()
_entropy = _Entropy()
_seed_random = random.Random.seed
_seed = None  # of the generator behind the functions of `random`


def _install_clock():
    tick, gmtime, asctime, strftime = _clock.tick, time.gmtime, time.asctime, time.strftime

    def nanoseconds():
        return tick()

    def seconds():
        return tick() / 1e9

    def sleep(duration, /):
        if duration < 0:
            raise ValueError("sleep length must be non-negative")
        tick(int(duration * 1e9))

    for name in ("time_ns", "monotonic_ns", "perf_counter_ns", "process_time_ns", "thread_time_ns"):
        setattr(time, name, nanoseconds)
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(time, name, seconds)
    for name in ("clock_gettime", "clock_gettime_ns", "clock_getres", "get_clock_info"):
        if hasattr(time, name):
            setattr(time, name, _deny)

    def broken_down(at=None, /):
        return gmtime(tick() // 10**9 if at is None else at)

    time.sleep = sleep
    time.gmtime = time.localtime = broken_down
    time.asctime = lambda moment=None, /: asctime(broken_down() if moment is None else moment)
    time.ctime = lambda at=None, /: asctime(broken_down(at))
    time.strftime = lambda format, moment=None, /: strftime(format, broken_down() if moment is None else moment)


def _install_entropy():
    def seed(self, a=None, version=2):
        return _seed_random(self, _entropy.bits(64) if a is None else a, version)

    random._urandom = _entropy.octets
    random.Random.seed = seed
    random.seed = random._inst.seed
    random.SystemRandom.random = lambda self: _entropy.bits(53) / 2**53
    random.SystemRandom.getrandbits = lambda self, k: _entropy.bits(k)


def prepare():
    """What can be done while componentize-py still needs a working `os`: before the snapshot."""
    _entropy.start(0)
    _install_clock()
    _install_entropy()
    sys.path = []
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    warnings.simplefilter("ignore")


def close():
    """Shut what is left open: the build's last step, when componentize-py has done its work."""
    sys.addaudithook(_audit)
    for module in (posix, os):
        for name, value in list(vars(module).items()):
            native = type(value) in (types.BuiltinFunctionType, types.FunctionType)
            if native and name in vars(posix) and name not in _PURE_POSIX:
                setattr(module, name, _deny)
    posix.urandom = os.urandom = _entropy.octets
    builtins.open = io.open = _io.open = io.open_code = _io.open_code = _deny
    # An interpreter inside the interpreter, and hooks that would see the guest's own work.
    for name in ("_baserepl", "_debugmallocstats", "addaudithook", "monitoring", "remote_exec"):
        delattr(sys, name)
    sys.__stdin__ = sys.__stdout__ = sys.__stderr__ = None
    for name in list(sys.modules):
        if name not in OFFERED and name not in _INTERNAL:
            del sys.modules[name]


def renew(entropy):
    """Fresh streams, fixed clock, seeded random numbers."""
    global _seed
    _seed = entropy
    _clock.start(entropy)
    _entropy.start(entropy)
    _seed_random(random._inst, entropy)
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(""), io.StringIO(), io.StringIO()
    sys.setrecursionlimit(RECURSION_LIMIT)


def begin(entropy):
    """Before each program. Returns its stdout. The image is sealed with the usual entropy, renewed: then nothing is to do."""
    if entropy != _seed:
        renew(entropy)
    return sys.stdout
