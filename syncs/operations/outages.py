"""Outages at Codat, noticed by the clock from what the looks have brought."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, Count, Exists, Max, Min, OuterRef, Q, Subquery, When

from syncs.codat.statuses import Outcome
from syncs.models import Connection, Outage, Sync
from syncs.models.sync import SyncQuerySet
from syncs.operations import outage_hold
from syncs.rules.outages import CODATS_OWN, LOOKED_BACK, QUIET, Route, Struck, out

# By side: the platform by which a merchant's sync runs, and which of its connections that is.
SIDES = {"commerce": Connection.Side.COMMERCE, "accounting": Connection.Side.ACCOUNTING}
ROUTE = tuple(SIDES)


def notice(now: datetime) -> None:
    """Begins, follows and ends them. Two queries while nothing is wrong."""
    standing = {(each.side, each.platform_name): each for each in Outage.objects.standing()}
    found = {(each.side, each.platform): each for each in out(routes(now), standing, now)}
    for platform, outage in standing.items():
        _follow(outage, found.get(platform), now)
    for platform, each in found.items():
        if platform not in standing:
            _begin(each)


def routes(now: datetime) -> list[Route]:
    """By which platforms merchants ran within the hour. More queries only where any failed by Codat's fault."""
    hour = Sync.objects.filter(started_at__gt=now - LOOKED_BACK, started_at__lte=now)
    failed = hour.filter(outcome=Outcome.FAILED, code__in=CODATS_OWN)
    if not failed.exists():
        return []
    failures = {
        _names(row): row
        for row in _by_route(failed).annotate(first=Min("started_at"), last=Max("started_at"))
    }
    codes: dict[tuple[str, ...], dict[int, int]] = defaultdict(dict)
    for row in _by_route(failed, "code"):
        codes[_names(row)][row["code"]] = row["merchants"]
    final = hour.filter(outcome__in=[Outcome.FAILED, Outcome.SYNCED, Outcome.EMPTY])
    nothing = {"merchants": 0, "first": now, "last": now}
    return [
        _route(_names(row), failures.get(_names(row), nothing), codes[_names(row)], row["merchants"])
        for row in _by_route(final)
    ]


def _by_route(syncs: SyncQuerySet, *besides: str) -> Any:
    """Each merchant once, by the connections that its row shows: of several of a side a linked one, else the first."""
    theirs = Connection.objects.filter(merchant=OuterRef("merchant"), gone_at=None)
    theirs = theirs.annotate(is_second=Case(When(status="Linked", then=0), default=1)).order_by(
        "is_second", "pk"
    )
    names = {
        name: Subquery(theirs.filter(side=side).values("platform_name")[:1]) for name, side in SIDES.items()
    }
    grouped = syncs.annotate(**names).order_by().values(*ROUTE, *besides)
    return grouped.annotate(merchants=Count("merchant", distinct=True))


def _names(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] or "" for name in ROUTE)


def _route(names: tuple[str, ...], failures: dict[str, Any], codes: dict[int, int], ran: int) -> Route:
    return Route(
        platforms=tuple((SIDES[name].value, word) for name, word in zip(ROUTE, names, strict=True) if word),
        failed=min(failures["merchants"], ran),
        codes=codes,
        ran=ran,
        first=failures["first"],
        last=failures["last"],
    )


def _begin(each: Struck) -> None:
    told = {"code": each.code, "since": each.first, "failed": each.failed, "ran": each.ran}
    try:
        with transaction.atomic():
            Outage.objects.create(side=each.side, platform_name=each.platform, **told)
    except IntegrityError:
        # Another clock was faster.
        return


def _follow(outage: Outage, each: Struck | None, now: datetime) -> None:
    """Written only where something is new: each write tells all open pages to look."""
    same = Outage.objects.standing().filter(pk=outage.pk)
    if each is None:
        _end_or_try(outage, now)
    elif (each.failed, each.ran, each.code) != (outage.failed, outage.ran, outage.code) or outage.is_quiet:
        same.update(failed=each.failed, ran=each.ran, code=each.code, try_from=None)


def _end_or_try(outage: Outage, now: datetime) -> None:
    """Silence proves nothing: where some wait for the end and none has run since, one after the other is tried."""
    same = Outage.objects.standing().filter(pk=outage.pk)
    if _ran_since(outage, now) or not outage_hold.some_wait_for(outage):
        same.update(ended_at=now)
    elif not outage.is_quiet:
        same.update(try_from=now)


def _ran_since(outage: Outage, now: datetime) -> bool:
    theirs = Connection.objects.filter(
        merchant=OuterRef("merchant"), side=outage.side, platform_name=outage.platform_name, gone_at=None
    )
    lately = Sync.objects.final().filter(started_at__gt=now - QUIET, started_at__lte=now)
    by_codats_fault = Q(outcome=Outcome.FAILED, code__in=CODATS_OWN)
    return lately.exclude(by_codats_fault).filter(Exists(theirs)).exists()
