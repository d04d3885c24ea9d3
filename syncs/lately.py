"""What was done a moment ago is not done again: the memory of one process, and no more than that."""

from collections.abc import Iterator
from datetime import datetime, timedelta


class Lately:
    def __init__(self) -> None:
        self._last: dict[tuple[str, int], datetime] = {}

    def is_time(self, what: str, every: timedelta, now: datetime, pk: int = 0) -> bool:
        """Also when the time was set back meanwhile."""
        last = self._last.get((what, pk))
        if last and last <= now < last + every:
            return False
        self._last[what, pk] = now
        return True

    def spared(self, verb: str, pks: list[int], every: timedelta, now: datetime) -> Iterator[int]:
        """Those that had no turn a moment ago; what is not due any more is forgotten."""
        due = {(verb, pk) for pk in pks}
        self._last = {key: at for key, at in self._last.items() if key[0] != verb or key in due}
        return (pk for pk in pks if self.is_time(verb, every, now, pk))
