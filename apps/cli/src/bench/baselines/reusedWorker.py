"""The way of the released Absolute Zero code (its `PythonExecutor.run_code`): one worker process, used again and again.

That code hands each program alone to a pebble pool of `min(1, max_workers)` processes and waits for it, so one program
runs at a time whatever `max_workers` says. `pool.py` takes pebble's place, and the work for each program is the same:

in the caller, the snippet is the program and a last line `repr(f(input))`, checked by `ast.parse`, split into lines;
in the worker, the text is searched for `input(`, executed in fresh globals under one alarm, its last line evaluated
under another, the result turned into text and pickled once to see that it can be;
in the caller again, text and status are stripped and shortened to 400 characters.

Does: limit wall-clock time, by alarms and by replacing a worker that does not heed them; fresh globals. Does not: undo
what a program did to modules and builtins, limit memory, or keep a program from files, network or processes.
"""

import ast
import pickle
import re
import signal
import time
import traceback

from pool import Pool
from rounds import serve

_SECONDS = 10
_LONGEST = 400
_reads_input = re.compile(r"(\s|^)?input\(").search


class _Expired(Exception):
    pass


def _expire(_signal, _frame):
    raise _Expired


def _within_time(work, *arguments):
    previous = signal.signal(signal.SIGALRM, _expire)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        return work(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _execute(lines):
    scope = {}
    try:
        body = "\n".join(lines[:-1])
        if _reads_input(body):
            raise RuntimeError
        _within_time(exec, body, scope)
        result = _within_time(eval, lines[-1], scope)
        str(result)
        pickle.dumps(result)
        return result, "Done"
    except BaseException:
        return "", traceback.format_exc().split("\n")[-2]


def _shortened(text):
    text = str(text).strip()
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else text[:half] + "..." + text[-half:]


def _run_code(pool, program, arguments):
    snippet = program + "\nrepr(f(" + arguments + "))"
    try:
        ast.parse(snippet)
    except SyntaxError:
        return "", "error"
    result, status = pool.submit(_execute, snippet.strip().split("\n")).result()
    return _shortened(result), _shortened(status)


def main():
    pool = Pool(_SECONDS)

    def run(cases):
        outcomes = [_run_code(pool, program, arguments) for program, arguments in cases]
        return [result if status == "Done" else None for result, status in outcomes]

    def cpu_seconds():
        return time.process_time() + pool.submit(time.process_time).result()

    try:
        serve(run, cpu_seconds=cpu_seconds)
    finally:
        pool.close()


if __name__ == "__main__":
    main()
