"""What native CPython makes of programs: the oracle of `azr corpus --native` and of the fuzzer.

Reads `{"program", "input"}` a line, answers `{"value": repr}` or `{"failure": text}` a line. Each program runs in a
process of its own that may use one second of processor time and a gigabyte, starts no other, and can write no file. It is
no sandbox: a program can read files and open sockets, and only what the environment's rules allow comes here.
"""

import json
import os
import platform
import resource
import select
import signal
import sys

LONGEST = 1 << 17
PATIENCE = 5


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def run(program, arguments):
    scope = {"__name__": "program"}
    try:
        exec(compile(program, "<program>", "exec"), scope)
        return {"value": repr(eval("f(" + arguments + ")", scope))[:LONGEST]}
    except BaseException as error:
        return {"failure": type(error).__name__}


def in_child(program, arguments):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        limit()
        answer = json.dumps(run(program, arguments)).encode()
        while answer:
            answer = answer[os.write(writer, answer):]
        os._exit(0)
    os.close(writer)
    pieces = []
    while select.select([reader], [], [], PATIENCE)[0]:
        piece = os.read(reader, 1 << 16)
        if not piece:
            break
        pieces.append(piece)
    else:
        os.kill(child, signal.SIGKILL)
    os.close(reader)
    os.waitpid(child, 0)
    try:
        return json.loads(b"".join(pieces))
    except ValueError:
        return {"failure": "killed"}


def main():
    # The child writes to its pipe only; what the program prints goes nowhere.
    print(json.dumps({"python": platform.python_version()}), flush=True)
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps(in_child(case["program"], case["input"])), flush=True)


if __name__ == "__main__":
    main()
