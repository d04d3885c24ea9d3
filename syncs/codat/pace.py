"""How fast Codat may be called, and what is kept for whom.

Calls are smoothed by a generic cell rate algorithm: `next` is when the next call is due if all were evenly
spaced, and how far it may lie ahead of now is the burst. Sends may run further ahead than reads, so they go
first; those of a bulk only half as far, so that single presses go before them.
"""

from dataclasses import dataclass
from enum import StrEnum

from syncs.codat.crowd import AT_ONCE, KEPT_FOR_SENDS
from syncs.codat.errors import Later

REASONS = {
    "paused": "Codat asked us to pause.",
    "pace": "Calls to Codat are being spread out to stay under its limit.",
    "crowd": "Codat takes ten calls at a time for one company, and as many are under way.",
}


class Purpose(StrEnum):
    SEND = "send"
    BULK = "bulk"
    READ = "read"


# Why the day has no call for it.
SPENT = {
    Purpose.SEND: "The API budget for today is spent.",
    Purpose.BULK: "Today's calls to Codat are nearly used up; what is left is kept for single requests.",
    Purpose.READ: "Today's calls to Codat are nearly used up; what is left is kept for sync requests.",
}


@dataclass(frozen=True)
class Pace:
    """Times in seconds; `reserve` is how many of the day's calls reads leave to sends, a bulk half of them to single
    presses."""

    per_minute: int = 800
    burst: int = 10
    borrow: int = 10
    reserve: int = 100

    def __post_init__(self) -> None:
        if self.per_minute < 1 or self.burst < 1:
            raise ValueError("A budget needs at least one call a minute.")

    @property
    def interval(self) -> float:
        """So even that no sixty seconds hold more calls than the ceiling, with all that may run ahead.

        Where that would leave too little, the ceiling is far below Codat's, and a burst may go beyond it.
        """
        ahead = self.burst + self.borrow
        return 60.0 / (self.per_minute - ahead if self.per_minute >= 10 * ahead else self.per_minute)

    def tolerance(self, purpose: Purpose) -> float:
        borrow = {Purpose.SEND: self.borrow, Purpose.BULK: self.borrow // 2, Purpose.READ: 0}
        return (self.burst - 1 + borrow[purpose]) * self.interval

    def floor(self, purpose: Purpose) -> int:
        """At how few calls left of the day it stops."""
        return {Purpose.SEND: 0, Purpose.BULK: self.reserve // 2, Purpose.READ: self.reserve}[purpose]

    def room(self, purpose: Purpose) -> int:
        """How many calls may be under way for one company, with this one."""
        return AT_ONCE - KEPT_FOR_SENDS if purpose is Purpose.READ else AT_ONCE

    @property
    def furthest_ahead(self) -> float:
        """Only a `next` written before the clock was set back lies beyond; room for rounding, and for a look that
        took its POST's call too."""
        return (self.burst + self.borrow + 2) * self.interval


def refusal(reason: str, wait: float, purpose: Purpose = Purpose.READ) -> Later:
    return Later(SPENT[purpose] if reason == "quota" else REASONS[reason], retry_after=wait)
