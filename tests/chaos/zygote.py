"""One process that has loaded everything and waits: each program of the product is forked from it, in no time.

Killed processes are replaced in milliseconds so, and a kill is not wasted on one that still loads Django.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path

from syncs.processes.program import Program

# <linux/prctl.h>
PR_SET_PDEATHSIG = 1
PRELOADED = (
    *("celery.__main__", "celery.bin.celery", "celery.bin.worker", "celery.apps.worker", "celery.worker"),
    *("celery.concurrency.thread", "celery.worker.consumer", "kombu.transport.redis", "gunicorn.app.wsgiapp"),
    *("gunicorn.workers.gthread", "gunicorn.arbiter", "codat_admin.celery", "codat_admin.urls", "psycopg"),
    *("syncs.management.commands.run_clock", "django.contrib.staticfiles.handlers"),
)


class Zygote:
    """Made before this process has any thread or connection."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _serve(theirs)
        theirs.close()
        self._lock = threading.Lock()
        self._wire = ours
        self._file = ours.makefile("rw")

    def start(self, program: Program, log: Path) -> int:
        """Starts it as its own command line would; its pid."""
        order = {"argv": list(program.argv), "folder": str(program.folder), "log": str(log)}
        with self._lock:
            self._file.write(json.dumps(order) + "\n")
            self._file.flush()
            return int(self._file.readline())

    def end(self) -> None:
        self._file.close()
        self._wire.close()
        os.waitpid(self.pid, 0)


def preload() -> None:
    for name in PRELOADED:
        importlib.import_module(name)


def _serve(wire: socket.socket) -> None:
    # Whoever dies here is nobody's to wait for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a fork never touches it need not copy.
    gc.freeze()
    file = wire.makefile("rw")
    for line in file:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            file.close()
            wire.close()
            _become(order["argv"], Path(order["folder"]), Path(order["log"]))
        file.write(f"{pid}\n")
        file.flush()
    os._exit(0)


def _become(argv: Sequence[str], folder: Path, log: Path) -> None:
    code = 1
    try:
        os.setsid()
        die_with_parent(signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with log.open("ab", buffering=0) as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.chdir(folder)
        _run(list(argv[1:]))
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def die_with_parent(by: signal.Signals) -> None:
    """However the harness ends, nothing of it is left: the zygote reads its end, and the kernel does the rest."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)


def _run(words: list[str]) -> None:
    """As the interpreter reads its own command line."""
    while words[0] == "-W":
        warnings.simplefilter("ignore")
        del words[:2]
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
