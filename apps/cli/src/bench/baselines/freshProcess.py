"""A new interpreter for each program, as many at a time as there are cores: `python3 -I -c`.

Does: clean state and separate memory for each program. Does not: keep a program from files, network or processes, or
limit what it uses.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from rounds import serve

_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_threads = ThreadPoolExecutor(_cores)


def _one(case):
    program, arguments = case
    source = program + "\nprint(repr(f(" + arguments + ")), end='')"
    done = subprocess.run([sys.executable, "-I", "-c", source], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def run(cases):
    return list(_threads.map(_one, cases))


if __name__ == "__main__":
    serve(run, at_a_time=4 * _cores)
