"""Operation `run`: one untrusted program, its entry function on given arguments, the outcome as data.

The guest only reports. A program that takes the interpreter apart can make up its own report (it could have
returned that value just as well), never another program's: the host restores the instance before every request
and judges what it gets.
"""

from private import BUILTINS as __builtins__

import builtins
from gc import disable as disable_collector
from gc import enable as enable_collector
from io import StringIO
from re import compile as _pattern
from sys import getprofile, gettrace, modules, setprofile, setrecursionlimit, settrace
from types import ModuleType

import sandbox
import values

SOURCE = "<program>"
MODULE = "program"
MAX_STDOUT = 4096
MAX_MESSAGE = 200
# Released when memory runs out, so that there is room to say so. Being part of the image, it costs a request nothing.
_reserve = [bytearray(1 << 20)]

_clip = str.__getitem__  # a subclass of str may define its own
_address = _pattern(r"0x[0-9a-fA-F]+").sub
_path = _pattern(r"(?<![\w.])/(?:[\w.+-]+/)+[\w.+-]+").sub
_written = StringIO.getvalue
_exception_name = values._class_name


def renew():
    """What a program finds, made before there is one: the host restores the instance before every request."""
    global _module
    sandbox.renew(0)
    # A real module: dataclasses and typing look a class's module up by name.
    _module = modules[MODULE] = ModuleType(MODULE)
    # Else `exec` would hand the program the private copy.
    _module.__dict__["__builtins__"] = builtins


def run(request):
    """Answer fields of `{"op": "run", "program", "entry", "args", "entropy", "outputBytes"}` as pieces of JSON."""
    arguments = [values.decode(argument) for argument in request["args"]]
    stdout = sandbox.begin(request["entropy"])
    enable_collector()
    try:
        answer = _outcome(request, arguments)
    except MemoryError:
        answer = _OUT_OF_MEMORY
    except BaseException:  # the program broke what reporting needs
        answer = _BROKEN
    printed = _printed(stdout)
    return "{" + answer + ',"stdout":' + (_text(printed, MAX_STDOUT) if printed else '""') + "}"


_OUT_OF_MEMORY = '"fail":{"kind":"memory","name":"MemoryError","message":""}'
_BROKEN = '"fail":{"kind":"unrepresentable","name":null,"message":"the interpreter is broken"}'


def _outcome(request, arguments):
    try:
        try:
            result = _call(request["program"], request["entry"], arguments)
        finally:
            _silence()
        return '"ok":' + values.encode(result, request["outputBytes"])
    except _Failure as failure:
        return failure.text
    except values.Unrepresentable as error:
        return _failure("unrepresentable", None, str(error))
    except values.TooLong:
        return _failure("output", None, "longer than " + str(request["outputBytes"]) + " bytes")
    except BaseException as error:
        _reserve.clear()
        return _describe(error)


def _silence():
    """The program has ended: from here on none of its code runs, and what it has set does not disturb the report.

    Hooks and finalizers are what could still call it. The collector stays off until the instance is restored.
    """
    disable_collector()
    if gettrace() is not None:
        settrace(None)
    if getprofile() is not None:
        setprofile(None)
    setrecursionlimit(sandbox.RECURSION_LIMIT)


def _printed(stdout):
    try:
        return _written(stdout)
    except (ValueError, MemoryError):  # the program closed it, or filled the memory with it
        return ""


class _Failure(Exception):
    """Raised by this module only, with the finished answer; never raised while program code runs."""

    def __init__(self, text):
        self.text = text


def _call(source, entry, arguments):
    namespace = _module.__dict__
    exec(_compile(source), namespace)
    function = namespace.get(entry)
    if not callable(function):
        raise _Failure(_failure("missingEntry", None, "the program defines no function " + entry))
    return function(*arguments)


def _compile(source):
    try:
        return compile(source, SOURCE, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise _Failure(_failure("syntax", type(error).__name__, error.msg)) from None
    except ValueError as error:
        raise _Failure(_failure("syntax", "ValueError", str(error))) from None


def _describe(error):
    kind = type(error)
    if issubclass(kind, MemoryError):
        outcome = "memory"
    elif issubclass(kind, RecursionError):
        outcome = "stack"
    else:
        outcome = "exception"
    try:
        message = str(error)  # may be the program's own `__str__`
    except BaseException:
        message = ""
    _silence()
    return _failure(outcome, _exception_name(kind), message)


def _failure(kind, name, message):
    # Where an object lives and where a library file was built must not reach a verdict.
    message = _path("<path>", _address("0x…", _clip(message, slice(2 * MAX_MESSAGE))))
    return (
        '"fail":{"kind":"' + kind + '","name":' + _optional(name) + ',"message":' + _text(message, MAX_MESSAGE) + "}"
    )


def _optional(name):
    return "null" if name is None else _text(name, MAX_MESSAGE)


def _text(text, limit):
    """JSON string of at most `limit` characters; what is not Unicode becomes `?`."""
    return values.encode_basestring(text[:limit].encode("utf-8", "replace").decode())
