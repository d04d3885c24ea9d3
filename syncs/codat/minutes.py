"""How many calls the last sixty seconds saw, from two counts and not from a list of calls."""

from dataclasses import dataclass

MINUTE = 60.0


@dataclass(frozen=True)
class Minutes:
    """The calls of one minute of the clock, and of the minute before it."""

    number: int = 0
    calls: int = 0
    before: int = 0

    def more(self, now: float, calls: int) -> "Minutes":
        current = self._at(now)
        return Minutes(current.number, current.calls + calls, current.before)

    def last(self, now: float) -> int:
        """Of the minute before, the part that is not yet sixty seconds ago, as if its calls had been even."""
        current = self._at(now)
        return current.calls + round(current.before * (1 - now % MINUTE / MINUTE))

    def _at(self, now: float) -> "Minutes":
        number = int(now // MINUTE)
        if number == self.number:
            return self
        return Minutes(number, 0, self.calls if number == self.number + 1 else 0)
