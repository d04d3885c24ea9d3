"""An outage: of one platform so many merchants fail at once, by Codat's own fault, that it is not about any of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Codes of which Codat's documents say that the fault is Codat's own (docs, commerce error documentation).
CODATS_OWN = frozenset({5000, 5120})
LOOKED_BACK = timedelta(hours=1)
# An outage begins with both, among those whose sync ran within the hour.
MERCHANTS, SHARE = 10, 1 / 3
# It is over when fewer fail than this, or none has for so long.
LEFT, QUIET = 1 / 10, timedelta(minutes=30)


@dataclass(frozen=True)
class Struck:
    """Merchants of one platform within the last hour: how many ran, how many of them failed by Codat's own fault."""

    side: str
    platform: str
    code: int
    """The commonest of theirs."""
    failed: int
    ran: int
    first: datetime
    last: datetime


def begins(struck: Struck) -> bool:
    return struck.failed >= MERCHANTS and struck.failed >= SHARE * struck.ran


def goes_on(struck: Struck, now: datetime) -> bool:
    return now - struck.last < QUIET and struck.failed >= LEFT * struck.ran
