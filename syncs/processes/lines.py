"""One terminal for many processes: every line bears the name of the one that wrote it."""

import os
import threading
from contextlib import suppress
from itertools import cycle
from typing import IO, TextIO

WIDTH = 10
LONGEST_LINE = 64 * 1024
COLOURS = ("36", "32", "33", "35", "34", "96", "92", "93", "95")


class Lines:
    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._coloured = terminal.isatty() and not os.environ.get("NO_COLOR")
        self._colours = cycle(COLOURS)
        self._marks: dict[str, str] = {}
        self._lock = threading.Lock()

    def write(self, name: str, line: str) -> None:
        # A terminal that was closed must not stop the reading: a child would hang on its full pipe.
        with self._lock, suppress(OSError, ValueError):
            self._terminal.write(f"{self._mark(name)} {line}\n")
            self._terminal.flush()

    def follow(self, name: str, pipe: IO[bytes]) -> threading.Thread:
        """Copies what comes through the pipe until its last writer is gone."""
        reader = threading.Thread(target=self._copy, args=(name, pipe), name=f"lines of {name}", daemon=True)
        reader.start()
        return reader

    def _copy(self, name: str, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(LONGEST_LINE):
                self.write(name, line.decode("utf-8", errors="replace").rstrip())

    def _mark(self, name: str) -> str:
        if name not in self._marks:
            mark = f"{name:<{WIDTH}} |"
            self._marks[name] = f"\x1b[{next(self._colours)}m{mark}\x1b[0m" if self._coloured else mark
        return self._marks[name]
