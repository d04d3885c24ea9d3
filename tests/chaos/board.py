"""What each process has in hand, written so that it can be read after its death.

A process writes with every step into a file of its own that it has mapped: the kernel keeps the last word of a
process that was killed. So the harness knows exactly, and not about, where its kill struck.
"""

import mmap
import os
import threading
from dataclasses import dataclass
from pathlib import Path

SLOTS, WIDTH = 64, 64


@dataclass(frozen=True)
class Hand:
    """One piece of work: what is done, of which row, and how far it is."""

    work: str
    row: int
    stage: str

    @classmethod
    def of(cls, text: str) -> "Hand | None":
        words = text.strip().split(maxsplit=2)
        return cls(words[0], int(words[1]), words[2]) if len(words) == 3 and words[1].isdigit() else None


class Board:
    """Written by the product's processes; safe over a fork, since each pid begins a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "board"
        self._folder.mkdir(exist_ok=True)
        self._pid = 0
        self._beginning = threading.Lock()

    def note(self, hand: Hand | None) -> None:
        """None: this thread has nothing in hand any more."""
        with self._beginning:
            if self._pid != os.getpid():
                self._begin()
        if (slot := getattr(self._mine, "slot", None)) is None:
            with self._lock:
                slot = self._mine.slot = self._taken = self._taken + 1
        if slot < SLOTS:
            text = f"{hand.work} {hand.row} {hand.stage}" if hand else ""
            self._map[slot * WIDTH : (slot + 1) * WIDTH] = text.encode()[:WIDTH].ljust(WIDTH)

    def _begin(self) -> None:
        self._lock, self._mine, self._taken = threading.Lock(), threading.local(), -1
        path = self._folder / str(os.getpid())
        half_made = path.with_suffix(".new")
        with half_made.open("w+b") as file:
            file.write(b" " * SLOTS * WIDTH)
            file.flush()
            self._map = mmap.mmap(file.fileno(), SLOTS * WIDTH)
        # A pid comes again: the file of its last bearer is somebody's map still, and must not shrink under it.
        half_made.replace(path)
        self._pid = os.getpid()


class Reader:
    """The harness's eyes: what a process has in hand, or had when it died."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "board"
        self._maps: dict[int, tuple[int, mmap.mmap]] = {}

    def hands(self, pid: int) -> list[Hand]:
        if (seen := self._map_of(pid)) is None:
            return []
        content = seen[:].decode(errors="replace")
        slots = (content[start : start + WIDTH] for start in range(0, len(content), WIDTH))
        return [hand for hand in map(Hand.of, slots) if hand]

    def forget(self, pid: int) -> None:
        self._maps.pop(pid, None)
        (self._folder / str(pid)).unlink(missing_ok=True)

    def _map_of(self, pid: int) -> mmap.mmap | None:
        """Of the file that bears this pid now."""
        path = self._folder / str(pid)
        try:
            made = path.stat().st_ino
        except OSError:
            return None
        if pid not in self._maps or self._maps[pid][0] != made:
            with path.open("rb") as file:
                self._maps[pid] = made, mmap.mmap(file.fileno(), SLOTS * WIDTH, prot=mmap.PROT_READ)
        return self._maps[pid][1]
