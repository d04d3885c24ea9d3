from collections.abc import Iterable
from datetime import datetime
from typing import Any

from syncs.codat.shortening import shortened
from syncs.models import Activity, Bulk, Merchant, SyncRequest, User


def record(
    verb: str,
    what: str,
    *,
    actor: User | None = None,
    merchant: Merchant | None = None,
    request: SyncRequest | None = None,
    bulk: Bulk | None = None,
    reason: str = "",
    before: str = "",
    after: str = "",
    at: datetime | None = None,
) -> Activity:
    """Adds an entry, in the caller's transaction: what was done and its record stand or fall together.

    It is dated by the database, but where the caller measures time by it.
    """
    dated: dict[str, Any] = {"at": at} if at else {}
    return Activity.objects.create(
        actor=actor,
        verb=verb,
        what=shortened(what, 500),
        merchant=merchant or (request.merchant if request else None),
        request=request,
        bulk=bulk.pk if bulk else None,
        reason=shortened(reason, 500),
        before=shortened(before, 300),
        after=shortened(after, 300),
        **dated,
    )


def record_many(
    verb: str,
    told: Iterable[tuple[SyncRequest, str]],
    *,
    actor: User | None,
    reason: str = "",
    before: str = "",
    after: str = "",
) -> None:
    """The same of many requests at once: each with what was done to it."""
    Activity.objects.bulk_create(
        Activity(
            actor=actor,
            verb=verb,
            what=shortened(what, 500),
            merchant_id=request.merchant_id,
            request=request,
            reason=shortened(reason, 500),
            before=shortened(before, 300),
            after=shortened(after, 300),
        )
        for request, what in told
    )
