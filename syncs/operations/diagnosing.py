"""What is wrong with a merchant, by the playbook as the admins have it now."""

import logging
import re
import sys
from functools import lru_cache
from typing import Any

from django.core.cache import cache

from syncs.codat.statuses import status_of
from syncs.models import Merchant, PlaybookEntry, Sync
from syncs.models.playbook import raw_of
from syncs.rules import playbook
from syncs.rules.entries import ENTRIES, LAST_RESORTS, Entry, entry_of
from syncs.rules.health import Health
from syncs.rules.playbook import Diagnosis

logger = logging.getLogger(__name__)

KEY = "playbook"
# Seconds: so late another process may tell what an admin has changed.
KEPT = 5
COLUMNS = (
    *("slug", "pattern", "codes", "outcome", "lead", "detail", "owner", "owner_words"),
    *("rerun", "rerun_words", "fixed_by", "says_all", "steps", "message"),
)
BUILT_IN = {entry.id: entry for entry in ENTRIES}


def entries() -> tuple[Entry, ...]:
    """In the order in which they are tried. Where nobody keeps any, the built-in ones serve."""
    rows: tuple[tuple[Any, ...], ...] | None = cache.get(KEY)
    if rows is None:
        rows = tuple(PlaybookEntry.objects.in_order().values_list("is_active", *COLUMNS))
        cache.set(KEY, rows, KEPT)
    return _read(rows)


def entries_with(draft: PlaybookEntry) -> tuple[Entry, ...]:
    """As they would be were this one saved, and in use."""
    others = PlaybookEntry.objects.filter(is_active=True).exclude(pk=draft.pk)
    rows = sorted([*others, draft], key=lambda row: (row.place, row.pk or sys.maxsize))
    return _read(tuple((True, *(getattr(row, name) for name in COLUMNS)) for row in rows))


def forget() -> None:
    """In this process; the others do in seconds."""
    cache.delete(KEY)


def diagnose(merchant: Merchant, book: tuple[Entry, ...] | None = None) -> Diagnosis | None:
    """What is wrong in words; None while nothing is. Who asks for many merchants brings the entries."""
    linked = [bool(c and c.is_linked) for c in (merchant.commerce, merchant.accounting)]
    platforms = names(merchant)
    if merchant.health in {Health.HEALTHY, Health.UNSEEN}:
        return None
    if merchant.health == Health.NEVER_SYNCED:
        return playbook.never_synced(*platforms, linked_commerce=linked[0], linked_accounting=linked[1])
    if merchant.health == Health.SILENT:
        return playbook.silent(*platforms)
    if merchant.health == Health.SWITCHED_OFF:
        return playbook.switched_off(*platforms, merchant.failed_days)
    book = book or entries()
    cut = merchant.health == Health.NEEDS_RECONNECT and status_of(merchant.last_code).outcome.is_success
    if cut:
        return playbook.disconnected(merchant.last_pushed, *platforms, entries=book)
    told = playbook.diagnose(
        merchant.last_code,
        merchant.last_message,
        merchant.last_pushed,
        *platforms,
        unlinked=" and ".join(
            name for name, is_linked in zip(platforms, linked, strict=True) if not is_linked
        ),
        entries=book,
    )
    return playbook.linked_again(told, *platforms) if all(linked) else told


def diagnose_sync(sync: Sync, book: tuple[Entry, ...] | None = None) -> Diagnosis:
    """What became of one sync, whatever became of its merchant. Who asks for many brings the entries."""
    platforms = names(sync.merchant)
    return playbook.diagnose(sync.code, sync.message, sync.data_pushed, *platforms, entries=book or entries())


def names(merchant: Merchant) -> tuple[str, str]:
    """Of the two platforms, as they are told."""
    commerce, accounting = merchant.commerce, merchant.accounting
    return (
        commerce.platform_name if commerce else "the shop",
        accounting.platform_name if accounting else "the accounting software",
    )


@lru_cache(maxsize=4)
def _read(rows: tuple[tuple[Any, ...], ...]) -> tuple[Entry, ...]:
    """What none of them fits is told as ever: behind them stand the built-in last resorts."""
    if not rows:
        return ENTRIES
    kept = [entry for is_active, *columns in rows if is_active and (entry := _entry(columns))]
    covered = {entry.outcome for entry in kept if entry.is_last_resort}
    return (*kept, *(entry for entry in LAST_RESORTS if entry.outcome not in covered))


def _entry(columns: list[Any]) -> Entry | None:
    """For a row that somebody has broken the built-in entry of its name, if there is one."""
    named = dict(zip(COLUMNS, columns, strict=True))
    try:
        return entry_of(raw_of(named), {})
    except (KeyError, ValueError, re.error) as error:
        logger.error("The playbook entry %s cannot be read: %r", named["slug"], error)
        return BUILT_IN.get(named["slug"])
