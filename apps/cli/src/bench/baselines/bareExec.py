"""The least that running a program can cost in CPython: compile, execute, call, `repr`, in this very process.

Does: fresh globals for each program. Does not: isolate anything, limit time or memory, undo what a program did to
modules, or survive one that exits.
"""

from rounds import serve


def run(cases):
    results = []
    for program, arguments in cases:
        scope = {}
        try:
            exec(compile(program, "<program>", "exec"), scope)
            results.append(repr(eval("f(" + arguments + ")", scope)))
        except Exception:
            results.append(None)
    return results


if __name__ == "__main__":
    serve(run, at_a_time=16)
