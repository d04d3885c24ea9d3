"""Old days: after so long the merchant may have entered the sales by hand, and a sync would write them again.

Codat switches a sync off after as many failed days for the same reason (docs, sync schedule).
"""

from datetime import date, datetime, timedelta

from syncs.models import Merchant
from syncs.rules.fuse import FUSE_DAYS
from syncs.rules.salesdays import day_of, today

ASK_FIRST = (
    f"Ask before you re-run old days. After {FUSE_DAYS} days the merchant may have entered the sales by hand."
)


def needs_word(merchant: Merchant, days: tuple[date, date] | None, now: datetime) -> bool:
    """Whether somebody has to say that the merchant confirms it: for a range by its days, for a latest sync by where it
    starts. A merchant that never synced chose its start date itself."""
    oldest = today(merchant.zone, now) - timedelta(days=FUSE_DAYS)
    if days:
        return days[0] < oldest
    last = merchant.last_success_at
    return last is not None and day_of(last, merchant.zone) < oldest
