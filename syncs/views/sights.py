"""Whether a row of Sync health would be drawn otherwise now, told by as little of its merchant as that takes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2s
from typing import NamedTuple

from django.utils import timezone

from syncs.models import Merchant
from syncs.models.merchant import believed
from syncs.rules.salesdays import today, zone_of

# Older than this, a row says how old it is.
FRESH = timedelta(hours=1)


class Sight(NamedTuple):
    """As little of a merchant as tells whether its row would be drawn otherwise."""

    pk: int
    version: int
    refreshed_at: datetime | None
    time_zone: str

    @classmethod
    def of(cls, merchant: Merchant) -> "Sight":
        return cls(*(getattr(merchant, name) for name in cls._fields))


def marks(sights: Iterable[Sight], now: datetime) -> dict[int, str]:
    """By the merchants' numbers: another one where the row would be drawn otherwise.

    A version moves with all that the row shows, but not with a look that brings no news, of which the row tells where
    the last one is long ago. What comes with the time is another day, the reader's and the merchant's; "14 min ago"
    grows old in the browser.
    """
    clock = timezone.get_current_timezone_name(), timezone.localdate(now)
    found = list(sights)
    days = {name: today(zone_of(name), now) for name in {sight.time_zone for sight in found}}

    def mark(sight: Sight) -> str:
        age = sight.refreshed_at if is_old(sight.refreshed_at, now) else None
        facts = (sight.version, age, days[sight.time_zone], clock)
        return blake2s(repr(facts).encode(), digest_size=4).hexdigest()

    return {sight.pk: mark(sight) for sight in found}


def is_old(refreshed_at: datetime | None, now: datetime) -> bool:
    """Also where nobody knows how old it is."""
    looked = believed(refreshed_at, now)
    return refreshed_at is not None and (looked is None or now - looked > FRESH)
