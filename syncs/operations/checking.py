"""A person's wish to see the newest state now."""

from datetime import datetime, timedelta
from enum import Enum, auto

from django.db.models import Q

from syncs.models import Merchant
from syncs.operations import handing_out

AT_MOST_EVERY = timedelta(seconds=10)


class Check(Enum):
    HANDED_OUT = auto()
    """To whoever asked: a worker has to be told."""
    AFTERWARDS = auto()
    """Somebody is asking about it already; it is asked again after that."""
    TOO_SOON = auto()
    ARCHIVED = auto()


def check_now(merchant: Merchant, now: datetime) -> Check:
    """Once in ten seconds at most. Two updates, each true whatever happens between them."""
    registered = Merchant.objects.registered().filter(pk=merchant.pk)
    # A moment in the future is of a clock that was set back since.
    due = registered.filter(
        Q(checked_at=None) | Q(checked_at__lt=now - AT_MOST_EVERY) | Q(checked_at__gt=now)
    )
    if due.exclude(handing_out.held(now)).update(checked_at=now, **handing_out.claim(now)):
        return Check.HANDED_OUT
    if due.update(checked_at=now, **handing_out.first_in_line(now, "asked for by a person")):
        return Check.AFTERWARDS
    return Check.TOO_SOON if registered.exists() else Check.ARCHIVED
