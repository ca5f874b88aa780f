"""The guest of the Python executor: a JSON request in, a JSON response out.

    {"op": "run", "program", "entry", "args": [Value JSON], "entropy": int, "outputBytes": int}
        -> {"ok": Value JSON, "stdout"} or {"fail": {"kind", "name", "message"}, "stdout"}     program.py
    {"op": "inspect", "program"}
        -> {"ok": facts of the syntax tree}                                                             facts.py
    {"op": "literal", "text", "as": "arguments" | "value"}
        -> {"ok": [Value JSON] or Value JSON} or {"fail": {"kind", "message"}}                          literals.py

A request that is none of these is the host's mistake: {"fail": {"kind": "request", "message"}}.
Everything at module level runs at build time, before the snapshot; so does the operation `seal`, its last step.
"""

from private import BUILTINS as __builtins__

import gc
import sys
from json import JSONDecoder, dumps, loads

import wit_world

import facts
import literals
import program
import sandbox
import values

# The part of a decoder that is written in C: it reads the value at a position, and says where it ends.
_scan = JSONDecoder().scan_once

_OPERATIONS = {"run": program.run, "inspect": facts.inspect, "literal": literals.literal}

# One request of each kind, so that what CPython does only once is done before the snapshot.
_WARM_UP = (
    {"op": "run", "program": "def f(a): return sorted(a)", "args": [[2, 1]]},
    {"op": "run", "program": "import re\nclass A: pass\ndef f(a): return re.sub('a', 'b', a)", "args": ["a"]},
    {"op": "run", "program": "def f(a): return a[1]", "args": [[]]},
    {"op": "run", "program": "def f(a", "args": []},
    {"op": "inspect", "program": "import math\ndef g(b):\n    return b + 1\ndef f(a):\n    return [g(x) for x in a]"},
    {"op": "literal", "text": "[1], dict(a=-2.5)", "as": "arguments"},
)


def _seal(_request):
    """Close what is open, fill the caches, and leave nothing for the collector to look at."""
    sandbox.close()
    for request in _WARM_UP:
        program.renew()
        answer = loads(_answer(dumps({"entry": "f", "entropy": 0, "outputBytes": 1000, **request})))
        if answer.get("fail", {}).get("kind") in ("request", "internal"):
            return dumps(answer)
    del _OPERATIONS["seal"]
    report = {
        "python": sys.version.split()[0],
        "modules": sorted(sandbox.OFFERED & set(sys.modules)),
        "order": list(set("abcdef")),
    }
    program.renew()
    gc.collect()
    gc.freeze()
    return dumps({"ok": report})


_OPERATIONS["seal"] = _seal


def _answer(request):
    try:
        fields, _ = _scan(request, 0)
        operation = _OPERATIONS[fields["op"]]
    except (StopIteration, ValueError, KeyError, TypeError) as error:
        return _refuse("request", error)
    try:
        return operation(fields)
    except (KeyError, ValueError) as error:
        return _refuse("request", error)
    except BaseException as error:
        return _refuse("internal", error)


def _refuse(kind, error):
    message = type(error).__name__ + ": " + str(error)[:200]
    return '{"fail":{"kind":"' + kind + '","message":' + values.encode_basestring(message) + "}}"


class WitWorld(wit_world.WitWorld):
    def run(self, request):
        return _answer(request)


sandbox.prepare()
