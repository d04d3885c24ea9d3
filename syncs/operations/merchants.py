"""Registering a Codat company as a merchant, and taking it out of sight again. Nothing is ever deleted."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from syncs.models import Merchant, User
from syncs.operations import log

GONE_AT_CODAT = "Codat does not know this company any more"


def archive(merchant: Merchant, *, why: str, now: datetime, by: User | None = None) -> bool:
    """False when it was archived before."""
    with transaction.atomic():
        rows = Merchant.objects.registered().filter(pk=merchant.pk)
        if (
            rows.update(
                archived_at=now, archived_why=why[:200], next_refresh_at=None, version=F("version") + 1
            )
            != 1
        ):
            return False
        log.record("merchant.archived", f"Archived {merchant.name}", actor=by, merchant=merchant, reason=why)
    return True
