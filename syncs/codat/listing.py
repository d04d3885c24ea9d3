"""Codat's OpenAPI and its docs disagree on which answers are one sync and which a list: either is taken."""

from datetime import UTC, datetime

from syncs.codat.errors import Uncertain
from syncs.codat.schemas import SyncStatus

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def one_sync(value: object, company_id: str) -> SyncStatus | None:
    """The newest of whatever was answered, or None for nothing."""
    return next(iter(newest_first(sync_list(value, company_id))), None)


def named_sync(value: object, company_id: str, sync_id: str) -> SyncStatus | None:
    """What was answered for this id, if it is named there as either of a sync's two ids.

    Codat does not say whether a sync is known by its commerce sync id too, and a success may tell of another
    sync, or of none. Only `/meta/…/status` is documented as a list of which the newest counts.
    """
    for sync in sync_list(value, company_id):
        if sync_id.lower() in {(name or "").lower() for name in (sync.sync_id, sync.commerce_sync_id)}:
            return sync
    return None


def sync_list(value: object, company_id: str) -> list[SyncStatus]:
    """Without what says nothing: so a merchant that never synced may be told. An error in its place is not that."""
    found = [SyncStatus.from_json(row, company_id=company_id) for row in _rows(value) if row is not None]
    if any(sync.says_nothing and sync.says_error for sync in found):
        raise Uncertain("Codat's answer tells of an error where syncs belong.")
    return [sync for sync in found if not sync.says_nothing]


def newest_first(syncs: list[SyncStatus]) -> list[SyncStatus]:
    """Codat promises no order; a sync without a time comes last."""
    return sorted(syncs, key=lambda sync: sync.sync_utc or LONG_AGO, reverse=True)


def _rows(value: object) -> list[object]:
    if value is None:
        return []
    if isinstance(value, dict):
        value = value.get("results", [value])
    if isinstance(value, list):
        return value
    raise Uncertain("Codat's answer holds no syncs where some belong.")
