"""Syncs are spared while they may be ours (`evidence.perhaps_ours`); whoever settles that has them judged."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db.models import F

from syncs.models import Merchant
from syncs.operations import health
from syncs.operations.evidence import perhaps_ours


@contextmanager
def judged_once_known(merchant_id: int, now: datetime) -> Iterator[None]:
    """Around what settles a request, in its transaction: the merchant's lock is taken before any other. Those that are
    nobody's afterwards say at once what they say; the next sync may be a day away."""
    merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
    before = perhaps_ours(merchant)
    yield
    still = perhaps_ours(merchant) if before else []
    if known := [sync for sync in before if sync not in still]:
        health.judge_anew(merchant, known, [], now)
        merchant.save(update_fields=health.SAVED)
        Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1)
