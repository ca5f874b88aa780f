"""Runs a SkyRL server on the CPU for as long as standard input stays open.

usage: serve.py --model FOLDER --state FOLDER --port PORT [--backend-config JSON]

Whoever starts this holds the other end of standard input; when that process ends, in whatever way, the server ends too.
The first line on standard output is the process group of the server, so that it can be killed as a whole. Checkpoints
and the server's data base are in the state folder: a server that is started on it again knows them.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = Path(sys.prefix)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", required=True)
    parser.add_argument("--backend-config", required=True)
    options = parser.parse_args()
    state = options.state.resolve()
    state.mkdir(parents=True, exist_ok=True)

    # The API reads the command line of its parent to start the engine with the same: it has to be `uv run`.
    command = [ENVIRONMENT / "bin" / "uv", "run", "--no-project", "-m", "skyrl.tinker.api"]
    # Clients ask for the model by what stands here: the folder's name alone.
    model = options.model.resolve()
    command += ["--host", "127.0.0.1", "--port", options.port, "--base-model", model.name]
    command += ["--backend", "jax", "--backend-config", options.backend_config]
    command += ["--checkpoints-base", state / "checkpoints", "--database-url", f"sqlite:///{state}/tinker.db"]
    # A session of its own: an interrupt at the terminal reaches this process, and it alone ends the server.
    server = subprocess.Popen(
        command, cwd=model.parent, env=environment(), stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True
    )
    print(server.pid, flush=True)

    def stop(*_) -> None:
        end(server, signal.SIGTERM)
        threading.Timer(10, end, (server, signal.SIGKILL)).start()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)

    def follow() -> None:
        while os.read(0, 4096):
            pass
        stop()

    threading.Thread(target=follow, daemon=True).start()
    code = server.wait()
    # The engine outlives an API that was killed.
    end(server, signal.SIGKILL)
    os._exit(code if code >= 0 else 128 - code)


def end(server: subprocess.Popen, number: int) -> None:
    try:
        os.killpg(server.pid, number)
    except ProcessLookupError:
        pass


def environment() -> dict[str, str]:
    """Python's own environment and the stand-ins; nothing is looked up or downloaded."""
    return {
        **os.environ,
        "VIRTUAL_ENV": str(ENVIRONMENT),
        "PATH": f"{ENVIRONMENT / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(HERE / "stand-ins"),
        "PYTHONUNBUFFERED": "1",
        "JAX_PLATFORMS": "cpu",
        # Compiling a shape takes seconds and a test has a dozen of them: what was compiled stays, beside the environment.
        "JAX_COMPILATION_CACHE_DIR": str(ENVIRONMENT.parent / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.5",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "UV_OFFLINE": "1",
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }


if __name__ == "__main__":
    sys.exit(main())
