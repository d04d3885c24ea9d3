"""A person's wish to see the newest state now."""

from datetime import datetime, timedelta

from django.db.models import Q

from syncs.models import Merchant

AT_MOST_EVERY = timedelta(seconds=10)


def check_now(merchant: Merchant, now: datetime) -> bool:
    """Puts the merchant first in line; False within ten seconds of the last time."""
    not_lately = Q(checked_at=None) | Q(checked_at__lt=now - AT_MOST_EVERY)
    rows = Merchant.objects.registered().filter(not_lately, pk=merchant.pk)
    return rows.update(checked_at=now, next_refresh_at=now, next_refresh_reason="asked for by a person") == 1
