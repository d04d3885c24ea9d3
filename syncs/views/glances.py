"""One look at what any list may have to show anew, in one query: so a poll with nothing new costs next to nothing.

`v` of a list's poll is the glance that its page was made at, and a digest of all that the page shows. Where the glance
is still the same, nothing has changed. Where it is not, the page is worked out; if the digest is the same then, this
glance is remembered for all polls that bear it, since their pages are told nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s

from django.core.cache import cache
from django.http import HttpRequest

from syncs.context_processors import Banner, notices
from syncs.operations import heartbeats
from syncs.operations.heartbeats import Signs

# Seconds. A glance holds the minute: older ones are of no use.
KEPT = 60


@dataclass(frozen=True)
class Glance:
    """Signs of silence come by time, without a write: their words are part of it; and the minute, for "14 min ago"."""

    pulse: int
    signs: Signs
    notices: tuple[Banner, ...]
    minute: int

    def of(self, pulse: int) -> str:
        """As it is written into a page that shows what was counted at this pulse."""
        return digest((pulse, self.notices, self.minute))

    def shows_nothing_new(self, request: HttpRequest, reader: object = None) -> bool:
        """To be told the reader where the page counts what is theirs."""
        at, _, shown = request.GET.get("v", "").partition("-")
        current = self.of(self.pulse)
        return bool(shown) and (at == current or cache.get(_key(request, reader)) == current)

    def found_nothing_new(self, request: HttpRequest, pulse: int, reader: object = None) -> None:
        cache.set(_key(request, reader), self.of(pulse), KEPT)


def look(now: datetime) -> Glance:
    """To be taken before anything is read that the page shows: what changes meanwhile is found by the next poll."""
    signs, pulse = heartbeats.signs_and_pulse(now)
    return Glance(pulse, signs, tuple(notices(signs, now)), int(now.timestamp()) // 60)


def digest(facts: object) -> str:
    return blake2s(repr(facts).encode(), digest_size=8).hexdigest()


def shown(request: HttpRequest) -> str:
    """The digest of what the poller's page shows."""
    return request.GET.get("v", "").partition("-")[2]


def _key(request: HttpRequest, reader: object) -> str:
    """All that decides what the page shows: its filters and rows, and the digest of what it shows of them."""
    asked = sorted((name, text) for name, text in request.GET.items() if name != "v")
    return f"nothing-new-{digest((request.path, asked, shown(request), reader))}"
