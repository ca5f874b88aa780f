"""What every baseline does: cases on the first line of standard input, then one round for each line of seconds.

Answers are lines of JSON: a greeting with the version and how many cases fail, then
`{"programs", "seconds", "cpuMs"}` a round. Rounds go on where the one before stopped, so that every case has its turn.
"""

import json
import os
import platform
import sys
import time
from itertools import cycle, islice


def own_cpu_seconds():
    """Of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def serve(run, at_a_time=1, cpu_seconds=own_cpu_seconds):
    """`run` takes a list of `(program, input)` and returns the texts of their results, None where one failed."""
    cases = [(case["program"], case["input"]) for case in json.loads(sys.stdin.readline())]
    failed = sum(result is None for result in run(cases))
    say({"python": platform.python_version(), "failed": failed})
    upcoming = cycle(cases)
    for line in sys.stdin:
        deadline = time.perf_counter() + json.loads(line)["seconds"]
        start, cpu = time.perf_counter(), cpu_seconds()
        programs = 0
        while time.perf_counter() < deadline:
            programs += len(run(list(islice(upcoming, at_a_time))))
        seconds = time.perf_counter() - start
        say({"programs": programs, "seconds": seconds, "cpuMs": 1000 * (cpu_seconds() - cpu)})


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
