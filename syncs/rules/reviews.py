"""What stands against a lead's word that nothing ran, and which requests probably met the same outage."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

# As many in a row stop all sending; fewer may be chance.
FEWEST = 3
APART_AT_MOST = timedelta(minutes=10)


@dataclass(frozen=True)
class Outage:
    """So many requests were sent close together, and none got an answer that we can trust."""

    count: int
    first: datetime
    last: datetime


def outages(sent: Iterable[datetime]) -> list[Outage]:
    """By the moments at which requests without an answer were sent, in any order."""
    moments = sorted(sent)
    ends = [index for index, (a, b) in enumerate(pairwise(moments), 1) if b - a > APART_AT_MOST]
    spells = (moments[start:end] for start, end in pairwise([0, *ends, len(moments)]))
    return [Outage(len(spell), spell[0], spell[-1]) for spell in spells if len(spell) >= FEWEST]


def against_nothing_ran(*, accepted: bool, new: int, list_read: bool) -> str:
    """Why “nothing ran” has to be said of this very request, and not of many at once; empty when it need not.

    `new` counts the syncs that Codat has listed since it was sent. A list that nobody has read since shows nothing.
    """
    if new:
        return f"Codat lists {'1 sync that is' if new == 1 else f'{new} syncs that are'} new since."
    if accepted:
        return "Codat accepted it."
    return "" if list_read else "Codat's list has not been read since this came before a person."
