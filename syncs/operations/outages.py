"""Outages at Codat, noticed by the clock from what the looks have brought."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Min, Q

from syncs.codat.statuses import DUPLICATE_RISK_CODES, Outcome
from syncs.models import Connection, Outage, Sync
from syncs.models.sync import SyncQuerySet
from syncs.operations import freezing, outage_hold, sides
from syncs.rules.outages import CODATS_OWN, LOOKED_BACK, QUIET, Route, Struck, is_quiet, of_platforms, out

# By side: the platform by which a merchant's sync runs, and which of its connections that is.
SIDES = {"commerce": Connection.Side.COMMERCE, "accounting": Connection.Side.ACCOUNTING}
ROUTE = tuple(SIDES)


def notice(now: datetime) -> None:
    """Begins, follows and ends them. Two queries while nothing is wrong."""
    standing = {(each.side, each.platform_name): each for each in Outage.objects.standing()}
    seen = routes(now)
    found = {(each.side, each.platform): each for each in out(seen, standing, now)}
    struck = of_platforms(seen) if standing else {}
    for platform, outage in standing.items():
        _follow(outage, found.get(platform), struck.get(platform), now)
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
    nothing = {"merchants": 0, "first": now, "last": now}
    return [
        _route(_names(row), failures.get(_names(row), nothing), codes[_names(row)], row["merchants"])
        for row in _by_route(_ran(hour))
    ]


def _ran(syncs: SyncQuerySet) -> SyncQuerySet:
    """What Codat stops as synced already (5080) tells nothing of a platform: nothing ran."""
    return syncs.final().exclude(code__in=DUPLICATE_RISK_CODES)


def _by_route(syncs: SyncQuerySet, *besides: str) -> Any:
    """Each merchant once, by the connections that its row shows."""
    names = {name: sides.platform(side) for name, side in SIDES.items()}
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
    try:
        with transaction.atomic():
            Outage.objects.create(
                side=each.side, platform_name=each.platform, since=each.first, **_numbers(each)
            )
    except IntegrityError:
        # Another clock was faster.
        return


def _numbers(each: Struck) -> dict[str, Any]:
    return {"failed": each.failed, "ran": each.ran, "code": each.code, "last": each.last}


def _follow(outage: Outage, going_on: Struck | None, struck: Struck | None, now: datetime) -> None:
    """Written only where something is new: each write tells all open pages to look."""
    same = Outage.objects.standing().filter(pk=outage.pk)
    if going_on:
        told = _numbers(going_on) | {"try_from": None}
        if any(getattr(outage, name) != value for name, value in told.items()):
            same.update(**told)
    elif struck and not is_quiet(struck.last, now):
        # Few fail, or another platform explains those that do.
        same.update(ended_at=now)
    else:
        _end_or_try(outage, now)


def _end_or_try(outage: Outage, now: datetime) -> None:
    """Silence proves nothing: where some wait for the end and none has run since, one after the other is tried."""
    same = Outage.objects.standing().filter(pk=outage.pk)
    if _ran_since(outage) or not outage_hold.some_wait_for(outage) or _is_not_tried(outage, now):
        same.update(ended_at=now)
    elif not outage.is_quiet:
        same.update(try_from=now)


def _ran_since(outage: Outage) -> bool:
    """Whether a merchant of the platform, linked to it, has run since the last failure, and not failed so."""
    later = _ran(Sync.objects.filter(started_at__gt=outage.last))
    by_codats_fault = Q(outcome=Outcome.FAILED, code__in=CODATS_OWN)
    theirs = later.annotate(theirs=sides.platform(outage.side, linked=True)).filter(
        theirs=outage.platform_name
    )
    return theirs.exclude(by_codats_fault).exists()


def _is_not_tried(outage: Outage, now: datetime) -> bool:
    """Whether a turn was offered for long and nobody took it: those who wait wait for something else too."""
    return outage.try_from is not None and now - outage.try_from >= QUIET and not freezing.is_frozen()
