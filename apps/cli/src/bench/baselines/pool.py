"""A pool of one worker process with a time limit for each task, built as pebble's pool is.

A thread hands tasks to the worker through a pipe. The worker acknowledges a task before it works on it, so that its
time starts when it starts. A second thread receives what the worker says and completes futures; a third looks now and
then for a task whose time is over, or a worker that died, and puts a new worker in its place.
"""

import multiprocessing
import queue
import threading
import time
from concurrent.futures import Future

_LOOK_SECONDS = 0.1
_context = multiprocessing.get_context("fork")


class Pool:
    def __init__(self, seconds):
        self._seconds = seconds
        self._tasks = queue.SimpleQueue()
        self._current = self._deadline = None
        self._free = threading.Semaphore(1)
        self._lock = threading.Lock()
        self._start_worker()
        for loop in (self._hand_out, self._receive, self._watch):
            threading.Thread(target=loop, daemon=True).start()

    def submit(self, function, *arguments):
        future = Future()
        self._tasks.put((future, function, arguments))
        return future

    def close(self):
        self._process.kill()

    def _start_worker(self):
        ours, theirs = _context.Pipe()
        self._process = _context.Process(target=_work, args=(theirs, ours), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe = ours

    def _hand_out(self):
        while True:
            future, function, arguments = self._tasks.get()
            self._free.acquire()
            with self._lock:
                self._current, self._deadline = future, None
                self._pipe.send((function, arguments))

    def _receive(self):
        while True:
            pipe = self._pipe
            try:
                kind, content = pipe.recv()
            except (EOFError, OSError):  # the worker is gone; `_watch` sees to it
                time.sleep(_LOOK_SECONDS)
                continue
            if kind == "started":
                self._deadline = time.monotonic() + self._seconds
            else:
                self._complete(content)

    def _complete(self, result):
        with self._lock:
            future, self._current = self._current, None
        if future is not None:
            future.set_result(result)
            self._free.release()

    def _watch(self):
        while True:
            time.sleep(_LOOK_SECONDS)
            expired = self._current and self._deadline and time.monotonic() > self._deadline
            if expired or not self._process.is_alive():
                self._process.kill()
                self._process.join()
                self._start_worker()
                self._complete(("", "Timeout Error" if expired else "Worker died"))


def _work(pipe, callers_end):
    # Held open here, it would keep this process waiting for a caller that is gone.
    callers_end.close()
    while True:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        pipe.send(("started", None))
        pipe.send(("done", function(*arguments)))
