"""Since when a merchant fails: as it was seen to begin; of one that failed before the first look, as its syncs tell."""

from datetime import datetime

from syncs.codat.statuses import Outcome
from syncs.models import Merchant
from syncs.rules.health import Health
from syncs.rules.troubles import IN_TROUBLE


def keep(merchant: Merchant, before: Health, now: datetime) -> None:
    """On this instance, which the caller saves. To fail otherwise than before is no beginning."""
    if merchant.health not in IN_TROUBLE:
        merchant.began_to_fail_at = None
    elif before == Health.UNSEEN:
        merchant.began_to_fail_at = _first_failure(merchant)
    elif before not in IN_TROUBLE:
        merchant.began_to_fail_at = now


def _first_failure(merchant: Merchant) -> datetime | None:
    """Since the last success. Nobody knows since when a connection is cut that no sync has failed by."""
    failed = merchant.syncs.filter(outcome=Outcome.FAILED).but_stopped_ranges()
    if merchant.last_success_at:
        failed = failed.filter(started_at__gt=merchant.last_success_at)
    return failed.order_by("started_at").values_list("started_at", flat=True).first()
