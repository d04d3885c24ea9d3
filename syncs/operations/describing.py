"""Which playbook entry tells of each cause: for lists of those on whom a failure waits, and of what nobody has
described yet. Causes are few where merchants are many."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Count, Q

from syncs.models import Cause, Connection, Merchant
from syncs.operations import diagnosing
from syncs.rules import playbook
from syncs.rules.entries import LINKING, STATES, Entry
from syncs.rules.health import SEVERITY, Health

Book = tuple[Entry, ...]

# Seconds. A cause never changes; what is kept of it is kept for one playbook.
KEPT = 3600
FAILED = (Health.FAILING.value, Health.NEEDS_RECONNECT.value)
NEVER = Q(health=Health.NEVER_SYNCED)
SIDES = (Connection.Side.COMMERCE, Connection.Side.ACCOUNTING)
# As much of a message as a merchant's page is told by.
READ_OF_A_SAMPLE = 300
# Of those that strike nobody now, the newest are looked at for what was never described.
NEWEST = 300
LISTED = 200


@dataclass(frozen=True)
class Undescribed:
    """A cause that the playbook knows by its code at best."""

    cause: Cause
    merchants: int
    entry: str


def struck() -> dict[int, int]:
    """How many merchants each cause strikes now. Reads one index and no row."""
    found = Merchant.objects.registered().filter(last_cause__isnull=False, health__in=FAILED)
    return dict(found.order_by().values_list("last_cause").annotate(Count("pk")))


def who_waits_for(owner: str) -> Q:
    """The merchants whose trouble waits for the merchant, us or Codat, as their pages tell it."""
    book = diagnosing.entries()
    entries = {entry.id: entry for entry in book}
    told = {cause: entries[name] for cause, name in entries_of(struck(), book).items()}
    by_linking = {cause for cause, entry in told.items() if entry.fixed_by == LINKING}
    theirs = {cause for cause, entry in told.items() if entry.owner == owner}
    linked = Q(pk__in=_both_linked(Q(health__in=FAILED, last_cause__in=by_linking) | NEVER))
    failed = Q(last_cause__in=theirs - by_linking) | Q(last_cause__in=theirs & by_linking) & ~linked
    if STATES["linked-again"].owner == owner:
        failed |= Q(last_cause__in=by_linking) & linked
    return Q(severity__lte=SEVERITY[Health.NEVER_SYNCED]) & (
        Q(health__in=FAILED) & failed | _without_a_cause(owner, linked, book)
    )


def _both_linked(candidates: Q) -> list[int]:
    """By their numbers: asked of each merchant of a list, PostgreSQL would read all connections there are."""
    merchants = Merchant.objects.registered().filter(candidates).order_by()
    linked = Connection.objects.filter(merchant__in=merchants, status="Linked", gone_at=None)
    sides = (
        linked.filter(side__in=SIDES).order_by().values("merchant").annotate(n=Count("side", distinct=True))
    )
    return list(sides.filter(n=len(SIDES)).values_list("merchant", flat=True))


def _without_a_cause(owner: str, linked: Q, book: Book) -> Q:
    """Those whom no failed sync tells of."""
    found = Q(pk__in=[])
    if playbook.disconnected(None, "", "", entries=book).owner == owner:
        found |= Q(health=Health.NEEDS_RECONNECT, last_cause=None)
    if STATES["never-synced-both-linked"].owner == owner:
        found |= NEVER & linked
    if STATES["never-synced-none-linked"].owner == owner:
        found |= NEVER & ~linked
    if STATES["silent"].owner == owner:
        found |= Q(health=Health.SILENT)
    if STATES["switched-off"].owner == owner:
        found |= Q(health=Health.SWITCHED_OFF)
    return found


def entries_of(causes: Iterable[int], book: Book) -> dict[int, str]:
    """The name of the entry that tells of each."""
    key = f"described-{hash(book)}"
    known: dict[int, str] = cache.get(key) or {}
    wanted = set(causes)
    if missing := wanted - known.keys():
        found = Cause.objects.in_bulk(list(missing))
        known |= {pk: playbook.entry_for(*_told_by(cause), book).id for pk, cause in found.items()}
        cache.set(key, known, KEPT)
    return {pk: known[pk] for pk in wanted & known.keys()}


def undescribed() -> list[Undescribed]:
    """Those that strike most merchants first, then the newest."""
    merchants = struck()
    newest = Cause.objects.order_by("-pk").values_list("pk", flat=True)[:NEWEST]
    book = diagnosing.entries()
    general = {entry.id: entry for entry in book if entry.is_general}
    known = entries_of({*merchants, *newest}, book)
    told = {pk: general[name] for pk, name in known.items() if name in general}
    found = [
        Undescribed(cause, merchants.get(pk, 0), told[pk].id)
        for pk, cause in Cause.objects.in_bulk(list(told)).items()
        # Where Codat gave no message, its code is all that there is to describe.
        if cause.message or told[pk].is_last_resort
    ]
    found.sort(key=lambda one: (-one.merchants, -one.cause.pk))
    return found[:LISTED]


def _told_by(cause: Cause) -> tuple[int, str]:
    return cause.code, cause.sample[:READ_OF_A_SAMPLE]
