"""One look at what any list may have to show anew, in one query: so a poll with nothing new costs next to nothing.

`v` of a list's poll is the glance that its page was made at, and a digest of what the page shows; `at` is the moment.
Where the glance is still the same, nothing has changed but the time, and for that a page is worked out once a minute,
each in its own second. If it shows the same then, this glance is remembered for all polls that bear it, since their
pages are told nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2s
from typing import Protocol, TypeVar

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from syncs import meter
from syncs.context_processors import Banner, notices
from syncs.models import Pulse
from syncs.models.activity import NewestEntry
from syncs.operations import heartbeats
from syncs.operations.heartbeats import Signs

# While results come in, the pulse moves with every look: those who poll must not each read all of a list.
READ_EVERY = timedelta(seconds=2)
# Seconds for which a page is true where nothing was written: what is told in words grows old in whole minutes.
TRUE_FOR = 60


@dataclass(frozen=True)
class Glance:
    """Silence comes by time, without a write, so its words are part of it. Freezes and outages move the pulse."""

    pulse: int
    signs: Signs
    notices: tuple[Banner, ...]

    def pairs(self, pulse: int, shown: str, now: datetime) -> list[tuple[str, str]]:
        """For the poll of a page that shows what was read at this pulse."""
        return [
            ("v", f"{self._of(pulse)}-{shown}"),
            ("at", str(int(now.timestamp()))),
            ("budget", meter.said()),
        ]

    def shows_nothing_new(self, request: HttpRequest, reader: object = None) -> bool:
        """To be told the reader where the page counts what is theirs."""
        drawn_at, _, shown = request.GET.get("v", "").partition("-")
        current = self._of(self.pulse)
        if not shown:
            return False
        if drawn_at == current and _is_young(request, self.signs.now):
            return True
        return bool(cache.get(_key(request, reader)) == current)

    def is_to_tell_the_budget(self, request: HttpRequest) -> bool:
        """Not with each call, but once a minute."""
        return not _is_young(request, self.signs.now) and request.GET.get("budget") != meter.said()

    def found_nothing_new(self, request: HttpRequest, read: "Read", reader: object = None) -> None:
        """As of what was read, and for as long as that is true."""
        left = TRUE_FOR - (self.signs.now - read.read_at).total_seconds()
        cache.set(_key(request, reader), self._of(read.pulse), left)

    def _of(self, pulse: int) -> str:
        return digest((pulse, self.notices))


def look(now: datetime, pulse: type[Pulse | NewestEntry] = Pulse) -> Glance:
    """To be taken before anything is read that the page shows: what changes meanwhile is found by the next poll."""
    signs, seen = heartbeats.signs_and_pulse(now, pulse)
    return Glance(seen, signs, tuple(notices(signs, now)))


class Read(Protocol):
    """At which pulse something was read, and when."""

    @property
    def pulse(self) -> int: ...
    @property
    def read_at(self) -> datetime: ...


T = TypeVar("T", bound=Read)


def read_lately(
    what: object, read: Callable[[], T], glance: Glance, request: HttpRequest, now: datetime
) -> T:
    """As it is at this pulse, or was a moment ago; the same for all who ask this process for the same. But no page is
    told what was read before it was drawn itself."""
    key = f"read-{digest((what, clock()))}"
    kept: T | None = cache.get(key)
    if kept and _drawn_at(request) < int(kept.read_at.timestamp()):
        is_young = timedelta(0) <= now - kept.read_at < READ_EVERY
        if is_young or kept.pulse == glance.pulse:
            return kept
    fresh = read()
    cache.set(key, fresh, TRUE_FOR)
    return fresh


def clock() -> tuple[str, date]:
    """The reader's zone, and the day there: "Today" is another one elsewhere, and from midnight on."""
    return timezone.get_current_timezone_name(), timezone.localdate()


def digest(facts: object) -> str:
    return blake2s(repr(facts).encode(), digest_size=8).hexdigest()


def shown(request: HttpRequest) -> str:
    """The digest of what the poller's page shows."""
    return request.GET.get("v", "").partition("-")[2]


def _key(request: HttpRequest, reader: object) -> str:
    """All that decides what the page shows: its filters and rows, and the digest of what it shows of them."""
    asked = sorted((name, texts) for name, texts in request.GET.lists() if name not in {"v", "at"})
    return f"nothing-new-{digest((request.path, asked, shown(request), reader))}"


def _is_young(request: HttpRequest, now: datetime) -> bool:
    return 0 <= now.timestamp() - _drawn_at(request) < TRUE_FOR


def _drawn_at(request: HttpRequest) -> int:
    """Seconds since 1970; long ago where the page does not say it."""
    drawn = request.GET.get("at", "")[:12]
    return int(drawn) if drawn.isdecimal() else 0
