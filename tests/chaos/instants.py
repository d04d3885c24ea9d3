"""What a process passes on its way, and the one of it at which it dies."""

import os
import signal
from collections import Counter

from tests.chaos import points

# Of one exchange: how many reads an answer takes is up to the network.
READS = 2


class Instants:
    """Counts what a process passes while armed, and kills it at the chosen one."""

    def __init__(self, deadly: str = "") -> None:
        self._deadly, self._seen, self.passed = deadly, Counter[str](), list[str]()
        self._reads = 0

    def __enter__(self) -> list[str]:
        points.instants.append(self._pass)
        return self.passed

    def __exit__(self, *_: object) -> None:
        points.instants.remove(self._pass)

    def _pass(self, name: str) -> None:
        if name == "connect.before":
            self._reads = 0
        self._reads += name == "read.before"
        if name.startswith("read") and self._reads > READS:
            return
        self._seen[name] += 1
        label = f"{name}#{self._seen[name]}"
        self.passed.append(label)
        if label == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)
