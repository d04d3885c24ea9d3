"""What Codat's headers say of how often it may be called (Codat docs, rate limits; they state no formats)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Self

from syncs.codat.dates import parse_moment
from syncs.codat.errors import sane_wait

UNSTATED_WAIT = 60.0
# The quota is a daily one: a reset that lies past or further ahead is a mistake, not news.
FURTHEST_RESET = timedelta(days=2)
FIRST_EPOCH = 1_000_000_000
# Whole or not at all: of `99,993,000` the first digits would say that the day is nearly spent.
COUNT = re.compile(r"-?[0-9]{1,9}")


@dataclass(frozen=True)
class Quota:
    """The day's calls as Codat counts them; each part None where its header is missing or nonsense."""

    limit: int | None
    remaining: int | None
    resets_at: datetime | None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], now: datetime) -> Self:
        limit = _count(headers.get("X-Rate-Limit-Limit"))
        remaining = _count(headers.get("X-Rate-Limit-Remaining"))
        if limit is not None and remaining is not None:
            remaining = min(limit, remaining)
        return cls(limit, remaining, _reset(headers.get("X-Rate-Limit-Reset"), now))

    @property
    def is_silent(self) -> bool:
        return self.limit is None and self.remaining is None

    def is_contradicted_by(self, told: Self) -> bool:
        """A call was made beyond this, answered well, and the answer told that: a true count falls by the call, and
        none beyond it is answered, unless the limit was raised."""
        is_raised = told.remaining and told.limit not in {None, self.limit}
        if self.remaining is None or told.is_silent or is_raised:
            return False
        return self.remaining == 0 or (told.remaining is not None and told.remaining >= self.remaining)


UNSAID = Quota(None, None, None)


def said_at(headers: Mapping[str, str]) -> datetime:
    """When the answer was made, by the clock of who made it: what dates in it mean. By ours where it does not say."""
    return _moment((headers.get("Date") or "").strip()) or datetime.now(UTC)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds (1 to 3600) that Codat asks us to wait, said in seconds or as a date; None if it is silent."""
    value = (headers.get("Retry-After") or "").strip()
    if not value:
        return None
    if _is_number(value):
        return sane_wait(float(value))
    until = _moment(value)
    return sane_wait((until - now).total_seconds()) if until else UNSTATED_WAIT


def next_midnight(now: datetime) -> datetime:
    """When the daily quota starts anew, if Codat does not say."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _count(value: str | None) -> int | None:
    stripped = (value or "").strip()
    return max(0, int(stripped)) if COUNT.fullmatch(stripped) else None


def _reset(value: str | None, now: datetime) -> datetime | None:
    stripped = (value or "").strip()
    moment = _from_number(float(stripped), now) if _is_number(stripped) else _moment(stripped)
    return moment if moment and now < moment <= now + FURTHEST_RESET else None


def _from_number(number: float, now: datetime) -> datetime | None:
    """Epoch seconds, epoch milliseconds, or, when small, seconds from now."""
    seconds = number / 1000 if number > FIRST_EPOCH * 100 else number
    try:
        return (
            datetime.fromtimestamp(seconds, UTC)
            if seconds >= FIRST_EPOCH
            else now + timedelta(seconds=seconds)
        )
    except (ValueError, OverflowError, OSError):
        return None


def _is_number(value: str) -> bool:
    return value.isascii() and value.removeprefix("-").replace(".", "", 1).isdigit()


def _moment(value: str) -> datetime | None:
    found = parse_moment(value)
    if found:
        return found
    try:
        dated = parsedate_to_datetime(value)
        return dated.replace(tzinfo=UTC) if dated.tzinfo is None else dated.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
