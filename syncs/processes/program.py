from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FIRST_DELAY = 0.5
LONGEST_DELAY = 10.0
STEADY_AFTER = 10.0


@dataclass(frozen=True)
class Program:
    """What to start, and when to stop it: the lower the rank, the earlier. One that gives signs may not fall silent."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    folder: Path
    port: int | None = None
    rank: int = 0
    gives_signs: bool = False


class Backoff:
    """How long to wait before a program that died is started again, in seconds."""

    def __init__(self) -> None:
        self._next = FIRST_DELAY

    def after(self, lived: float) -> float:
        if lived >= STEADY_AFTER:
            self._next = FIRST_DELAY
        delay, self._next = self._next, min(self._next * 2, LONGEST_DELAY)
        return delay
