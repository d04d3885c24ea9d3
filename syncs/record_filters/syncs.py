"""What stands in the URL of All syncs, validated and coerced as the other lists'."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from syncs.codat.statuses import Outcome
from syncs.list_filters import SPANS
from syncs.models import Cause, Connection, Sync, SyncRequest
from syncs.models.sync import SyncQuerySet
from syncs.record_filters import Filters, as_day, as_key
from syncs.rules.salesdays import day_window, start_of, today
from syncs.rules.windows import Window

RESULTS = {
    "failed": ("Failed, all codes", Q(outcome=Outcome.FAILED)),
    "synced": ("Synced", Q(outcome=Outcome.SYNCED)),
    "empty": ("Synced, no sales", Q(outcome=Outcome.EMPTY)),
    "running": ("Running", Q(outcome=Outcome.RUNNING)),
    "unknown": ("Unknown result", Q(outcome=Outcome.UNKNOWN)),
}
WRITTEN = {
    "yes": ("Sales written", Q(data_pushed=True)),
    "no": ("Nothing written", Q(data_pushed=False)),
    "untold": ("Not told", Q(data_pushed=None)),
}
# Beside the people: with a space, which no user name has.
INITIATORS = {
    "anybody here": ("Anybody here", Q(initiator=Sync.Initiator.OURS)),
    "the schedule": ("Schedule, inferred", Q(initiator=Sync.Initiator.SCHEDULE)),
    "not known": ("Not known", Q(initiator=Sync.Initiator.UNKNOWN)),
}
LARGEST_CODE = 9999
MOST_NUMBERS = 20_000


@dataclass(frozen=True)
class SyncFilters(Filters):
    """`day` up to `until`, both days of the reader's zone; `until` alone is everything up to it. `last` is a span that
    ends now, so a saved view of it stays of now."""

    until: str = ""
    last: str = ""
    result: str = ""
    code: str = ""
    cause: str = ""
    message: str = ""
    commerce: str = ""
    accounting: str = ""
    written: str = ""
    causes: str = ""

    KNOWN: ClassVar = {"result": RESULTS, "written": WRITTEN, "last": SPANS, "causes": {"all": ""}}

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Self:
        found = super().read(params)
        first, last = as_day(found.day), as_day(found.until)
        if first and last and last < first:
            note = "The last day is before the first day. It was ignored."
            return replace(found, until="", notes=[*found.notes, note])
        return found

    @classmethod
    def _problem(cls, name: str, value: str) -> str:
        if name == "until" and as_day(value) is None:
            return "a day such as 2026-11-21"
        if name == "code" and not (1000 <= (as_key(value) or 0) <= LARGEST_CODE):
            return "a status code"
        if name == "cause" and as_key(value) is None:
            return "the number of a cause"
        return super()._problem(name, value)

    def among(self, commerce: list[str], accounting: list[str]) -> Self:
        """Without a platform that nobody is connected to now: what each was connected to before is not kept."""
        found = self
        for name, known in (("commerce", commerce), ("accounting", accounting)):
            if getattr(found, name) not in {"", *known}:
                found = found.without(name, "a platform that any merchant is connected to today")
        return found

    def of_cause(self) -> tuple[Self, Cause | None]:
        """With the cause that is asked for; without one that there is not."""
        number = as_key(self.cause)
        cause = None if number is None else Cause.objects.filter(pk=number).first()
        known = self.without("cause", "the number of a cause") if self.cause and cause is None else self
        return known, cause

    def apply(self, zone: ZoneInfo) -> SyncQuerySet:
        rows = Sync.objects.filter(self.of_merchant, self._of_days(zone), self._of_message())
        for value, known in ((self.result, RESULTS), (self.written, WRITTEN)):
            if value:
                rows = rows.filter(known[value][1])
        if self.code:
            rows = rows.filter(code=as_key(self.code))
        if self.cause:
            rows = rows.filter(cause=as_key(self.cause))
        if self.by:
            rows = rows.filter(INITIATORS[self.by][1]) if self.by in INITIATORS else _asked_by(rows, self.by)
        for side, name in (("commerce", self.commerce), ("accounting", self.accounting)):
            if name:
                rows = rows.filter(_connected(side, name))
        return rows

    def days(self, zone: ZoneInfo, now: datetime) -> tuple[date, date] | None:
        """First and last of the days asked for, as far as both ends are known."""
        first, last = as_day(self.day), as_day(self.until)
        if self.last and not first:
            return _first_day_of(self.last, zone, now), today(zone, now)
        return (first, min(last or first, max(first, today(zone, now)))) if first else None

    def _of_days(self, zone: ZoneInfo) -> Q:
        first, last = as_day(self.day), as_day(self.until)
        until = last or first
        begins = Q(started_at__gte=start_of(first, zone)) if first else Q()
        begins &= Q(started_at__gte=timezone.now() - SPANS[self.last][1]) if self.last else Q()
        return begins & (Q(started_at__lt=day_window(until, zone).finish) if until else Q())

    def _of_message(self) -> Q:
        """Through the causes: they are thousands where syncs are millions."""
        if not self.message:
            return Q()
        words = Q(message__icontains=self.message.lower()) | Q(sample__icontains=self.message)
        # By their numbers: what is asked for by another question, the database guesses too wrongly. Of a word that
        # nearly all have, the numbers are more than a database takes.
        found = Cause.objects.filter(words).order_by().values_list("pk", flat=True)
        causes = list(found[: MOST_NUMBERS + 1])
        return Q(cause__in=found if len(causes) > MOST_NUMBERS else causes, outcome=Outcome.FAILED)


def _first_day_of(span: str, zone: ZoneInfo, now: datetime) -> date:
    """Of seven days back, six before today and today: the causes are put side by side for whole days."""
    return today(zone, now) - max(timedelta(days=1), SPANS[span][1] - timedelta(days=1))


def _asked_by(rows: SyncQuerySet, username: str) -> SyncQuerySet:
    """Our own syncs are asked one by one, newest first: where it is asked whether there is such a request, and not for
    one, PostgreSQL first reads all that were ever made."""
    theirs = SyncRequest.objects.filter(sync=OuterRef("pk"), asked_by__username=username).order_by()
    ours = rows.filter(initiator=Sync.Initiator.OURS)
    return ours.alias(asked=Subquery(theirs.values("pk")[:1])).filter(asked__isnull=False)


def within(rows: SyncQuerySet, window: Window) -> SyncQuerySet:
    return rows.filter(started_at__gte=window.start, started_at__lt=window.finish)


def _connected(side: str, name: str) -> Exists:
    linked = Connection.objects.filter(
        merchant=OuterRef("merchant"), side=side, platform_name=name, gone_at=None
    )
    return Exists(linked)
