"""Outages at Codat, noticed by the clock from what the looks have brought."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Min

from syncs.codat.statuses import Outcome
from syncs.models import Connection, Outage, Sync
from syncs.models.sync import SyncQuerySet
from syncs.rules.outages import CODATS_OWN, LOOKED_BACK, MERCHANTS, Struck, begins, goes_on

Platform = tuple[str, str]
SIDES = (Connection.Side.COMMERCE, Connection.Side.ACCOUNTING)
SIDE, NAME = "merchant__connections__side", "merchant__connections__platform_name"


def notice(now: datetime) -> None:
    """Begins, follows and ends them. Two queries while nothing is wrong."""
    standing = {(each.side, each.platform_name): each for each in Outage.objects.standing()}
    found = {(each.side, each.platform): each for each in struck(now, standing)}
    for platform, outage in standing.items():
        _follow(outage, found.get(platform), now)
    for platform, each in found.items():
        if platform not in standing and begins(each):
            _begin(each)


def struck(now: datetime, also: Collection[Platform] = ()) -> list[Struck]:
    """Platforms of which many enough failed, and those that are asked for. A second query only where there are any."""
    hour = Sync.objects.filter(started_at__gt=now - LOOKED_BACK, started_at__lte=now)
    failed = hour.filter(outcome=Outcome.FAILED, code__in=CODATS_OWN)
    by_platform: dict[Platform, list[dict[str, Any]]] = defaultdict(list)
    for row in _by_platform(failed, "code").annotate(first=Min("started_at"), last=Max("started_at")):
        by_platform[row[SIDE], row[NAME]].append(row)
    many = {
        platform: rows
        for platform, rows in by_platform.items()
        if platform in also or sum(row["merchants"] for row in rows) >= MERCHANTS
    }
    if not many:
        return []
    final = hour.filter(outcome__in=[Outcome.FAILED, Outcome.SYNCED, Outcome.EMPTY])
    ran = {(row[SIDE], row[NAME]): row["merchants"] for row in _by_platform(final)}
    return [_summed(platform, rows, ran[platform]) for platform, rows in many.items()]


def _by_platform(syncs: SyncQuerySet, *besides: str) -> Any:
    known = syncs.filter(merchant__connections__gone_at=None, merchant__connections__side__in=SIDES)
    grouped = known.order_by().values(SIDE, NAME, *besides)
    return grouped.annotate(merchants=Count("merchant", distinct=True))


def _summed(platform: Platform, rows: list[dict[str, Any]], ran: int) -> Struck:
    commonest = max(rows, key=lambda row: row["merchants"])
    return Struck(
        *platform,
        code=commonest["code"],
        failed=min(ran, sum(row["merchants"] for row in rows)),
        ran=ran,
        first=min(row["first"] for row in rows),
        last=max(row["last"] for row in rows),
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
    if each is None or not goes_on(each, now):
        same.update(ended_at=now)
    elif (each.failed, each.ran, each.code) != (outage.failed, outage.ran, outage.code):
        same.update(failed=each.failed, ran=each.ran, code=each.code)
