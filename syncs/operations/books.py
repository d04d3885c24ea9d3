"""Old days: after so long the merchant may have entered the sales by hand, and a sync would write them again.

Codat switches a sync off after as many failed days for the same reason (docs, sync schedule).
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from syncs.models import Merchant
from syncs.operations import coverage
from syncs.rules.fuse import FUSE_DAYS
from syncs.rules.salesdays import ONE_DAY, day_of, today

ASK_FIRST = (
    f"Ask before you re-run old days. After {FUSE_DAYS} days the merchant may have entered the sales by hand."
)


def needs_word(merchant: Merchant, days: tuple[date, date] | None, now: datetime) -> bool:
    """Whether somebody has to say that the merchant confirms it."""
    return merchant.pk in of_each([merchant], days, now)


def of_each(merchants: Collection[Merchant], days: tuple[date, date] | None, now: datetime) -> set[int]:
    """The numbers of those whose word is needed: for a range by its days, for a latest sync by where it starts, which a
    newer success that covered older days does not move. A merchant that never synced chose its start date itself. One
    query, however many; none for a range."""
    if days:
        return {merchant.pk for merchant in merchants if days[0] < _oldest(merchant, now)}
    starts = coverage.starts_before(merchants, now - (FUSE_DAYS - 1) * ONE_DAY)
    known = [merchant for merchant in merchants if merchant.pk in starts]
    return {
        merchant.pk
        for merchant in known
        if day_of(starts[merchant.pk], merchant.zone) < _oldest(merchant, now)
    }


def _oldest(merchant: Merchant, now: datetime) -> date:
    return today(merchant.zone, now) - timedelta(days=FUSE_DAYS)
