"""Outages at Codat, noticed by the clock from what the looks have brought."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, FilteredRelation, Max, Min, Q

from syncs.codat.statuses import Outcome
from syncs.models import Connection, Outage, Sync
from syncs.models.sync import SyncQuerySet
from syncs.rules.outages import CODATS_OWN, LOOKED_BACK, Route, Struck, out

COMMERCE, ACCOUNTING = Connection.Side.COMMERCE.value, Connection.Side.ACCOUNTING.value
ROUTE = ("commerce__platform_name", "accounting__platform_name")


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
    """By which platforms merchants ran within the hour. A second query only where any failed by Codat's fault."""
    hour = Sync.objects.filter(started_at__gt=now - LOOKED_BACK, started_at__lte=now)
    failed = hour.filter(outcome=Outcome.FAILED, code__in=CODATS_OWN)
    failures: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in _by_route(failed, "code").annotate(first=Min("started_at"), last=Max("started_at")):
        failures[_names(row)].append(row)
    if not failures:
        return []
    final = hour.filter(outcome__in=[Outcome.FAILED, Outcome.SYNCED, Outcome.EMPTY])
    ran = {_names(row): row["merchants"] for row in _by_route(final)}
    return [_route(names, failures.get(names, []), number, now) for names, number in ran.items()]


def _by_route(syncs: SyncQuerySet, *besides: str) -> Any:
    """Where there is no connection of a side, or only one that has gone, there is no name."""
    joined = {
        side: FilteredRelation(
            "merchant__connections",
            condition=Q(merchant__connections__side=side, merchant__connections__gone_at=None),
        )
        for side in (COMMERCE, ACCOUNTING)
    }
    grouped = syncs.annotate(**joined).order_by().values(*ROUTE, *besides)
    return grouped.annotate(merchants=Count("merchant", distinct=True))


def _names(row: dict[str, Any]) -> tuple[str, str]:
    commerce, accounting = (row[name] or "" for name in ROUTE)
    return commerce, accounting


def _route(names: tuple[str, str], failures: list[dict[str, Any]], ran: int, now: datetime) -> Route:
    return Route(
        platforms=tuple(pair for pair in zip((COMMERCE, ACCOUNTING), names, strict=True) if pair[1]),
        failed={row["code"]: row["merchants"] for row in failures},
        ran=ran,
        first=min((row["first"] for row in failures), default=now),
        last=max((row["last"] for row in failures), default=now),
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
        same.update(ended_at=now)
    elif (each.failed, each.ran, each.code) != (outage.failed, outage.ran, outage.code):
        same.update(failed=each.failed, ran=each.ran, code=each.code)
