"""The note for the next shift: what began to fail, what is about to be switched off, who is on what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syncs import moments
from syncs.alerts import messages
from syncs.filters import HealthFilters, beginnings
from syncs.models import Care, Freeze, Merchant, Outage, SyncRequest
from syncs.models.care import CareQuerySet
from syncs.models.merchant import SOON_DAYS, MerchantQuerySet
from syncs.operations import outage_hold
from syncs.presentation import look_of_merchant
from syncs.rules.salesdays import start_of
from syncs.rules.states import State
from syncs.rules.troubles import days_left

FUSE_DAYS_TOLD = 7
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    merchant: Merchant
    words: str


@dataclass(frozen=True)
class Section:
    """`none` is told where there is nothing; `path` leads to all of it, where there is such a page; `leads_to` says
    what it shows where that is more."""

    title: str
    none: str
    number: int
    lines: Sequence[Line]
    path: str
    headline: str = ""
    """How its number is told in the subject of a mail, if it is."""
    leads_to: str = ""

    @property
    def more(self) -> int:
        return self.number - len(self.lines)

    def text(self) -> str:
        if not self.number:
            return self.none
        lines = [f"{line.merchant.name}: {line.words}" for line in self.lines]
        url = messages.link(self.path) if self.path else ""
        url = f"{self.leads_to}: {url}" if url and self.leads_to else url
        return "\n".join(
            [f"{self.title}: {self.number:,}", *messages.some_of(lines, self.number), *([url] if url else [])]
        )


@dataclass(frozen=True)
class Handover:
    at: datetime
    since: datetime
    frozen: Sequence[str]
    outages: Sequence[str]
    sections: Sequence[Section]

    @property
    def headline(self) -> str:
        """The numbers of what wants doing, for the subject of a mail."""
        told = [f"{part.number:,} {part.headline}" for part in self.sections if part.headline and part.number]
        return ", ".join([*(["an outage"] if self.outages else []), *told]) or "nothing new"

    def text(self) -> str:
        zone = str(self.at.tzinfo)
        head = f"{moments.sales_day(self.at.date())}, {self.at:%H:%M}"
        span = f"since {moments.absolute(self.since, self.at)}"
        parts = [f"Hand-over, {head}, {span}. Times in {zone}.", *self.frozen, *self.outages]
        return "\n\n".join([*parts, *(section.text() for section in self.sections)])


def write(
    merchants: MerchantQuerySet,
    *,
    since: datetime,
    now: datetime,
    zone: ZoneInfo,
    listed: HealthFilters | None,
) -> Handover:
    """Of these merchants; moments are told in that zone. `listed` is how Sync health lists them, if it can."""
    at, since = now.astimezone(zone), since.replace(microsecond=0)
    return Handover(
        at=at,
        since=since,
        frozen=[f"Sending is frozen: {stop.reason}" for stop in Freeze.objects.standing().order_by("since")],
        outages=[_told(outage, at) for outage in outage_hold.standing()],
        sections=[
            _began(merchants, since, listed),
            _fuses(merchants, at),
            _requests(merchants, needs_a_person=True),
            _requests(merchants, needs_a_person=False),
            _snoozes(merchants, at, zone),
            _on_it(merchants),
        ],
    )


def _told(outage: Outage, at: datetime) -> str:
    since = moments.in_a_sentence(outage.since, at)
    if outage.is_quiet:
        return f"Codat was down for {outage.platform_name} merchants from {since}. {outage_hold.NOBODY_KNOWS}"
    failed = f"{outage.failed:,} of {outage.ran:,} failed with {outage.code} within an hour"
    return f"{outage_hold.looks_down(outage.platform_name)} since {since}: {failed}. Re-runs are held."


def _began(merchants: MerchantQuerySet, since: datetime, listed: HealthFilters | None) -> Section:
    """Who fails now and did not before; who was snoozed since is told with the snoozes."""
    found = merchants.filter(began_to_fail_at__gte=since, snoozed_until=None)
    worst = found.order_by("severity", "silent_since", "pk")
    lines = [Line(merchant, _result(merchant)) for merchant in worst[: messages.MOST_NAMES]]
    return Section(
        "Began to fail",
        "Nothing began to fail.",
        found.count(),
        lines,
        (listed or HealthFilters()).url(began=beginnings.written(since)),
        "began to fail",
        leads_to="" if listed else "All that began to fail",
    )


def _result(merchant: Merchant) -> str:
    look = look_of_merchant(merchant)
    return f"{look.word} ({look.code})" if look.code else look.word


def _fuses(merchants: MerchantQuerySet, at: datetime) -> Section:
    last = at.date() + FUSE_DAYS_TOLD * ONE_DAY
    listed = merchants.listed().filter(switches_off_on__lte=last)
    soonest = listed.order_by("switches_off_on", "pk")[: messages.MOST_NAMES]
    lines = [Line(merchant, _left(merchant, at)) for merchant in soonest]
    return Section(
        "Switched off within 7 days",
        "Nobody is switched off within 7 days.",
        listed.count(),
        lines,
        "/?health=soon",
        "switched off within 7 days",
        leads_to=f"All that are switched off within {SOON_DAYS} days",
    )


def _left(merchant: Merchant, at: datetime) -> str:
    left = merchant.days_left(at)
    return days_left(left) if left else "today"


def _requests(merchants: MerchantQuerySet, *, needs_a_person: bool) -> Section:
    """Those that need a person; or all others that are under way."""
    active = SyncRequest.objects.active().filter(merchant__in=merchants.values("pk"))
    if needs_a_person:
        found = active.needing_a_person()
        title, none, group = "Requests that need a person", "No request needs a person.", "person"
        headline = "before a person"
    else:
        found = active.exclude(state=State.NEEDS_REVIEW)
        title, none, group, headline = "Requests under way", "No request is under way.", "way", ""
    oldest = found.select_related("merchant", "asked_by").order_by("asked_at", "pk")[: messages.MOST_NAMES]
    lines = [Line(each.merchant, f"asked by {each.asked_by.display_name}") for each in oldest]
    return Section(title, none, found.count(), lines, f"/requests/?state={group}", headline)


def _snoozes(merchants: MerchantQuerySet, at: datetime, zone: ZoneInfo) -> Section:
    cares = _standing(merchants, Care.Kind.SNOOZE).filter(until__lte=start_of(at.date() + ONE_DAY, zone))
    lines = [
        Line(care.merchant, f"snoozed by {care.by.display_name} until {moments.absolute(care.until, at)}")
        for care in cares[: messages.MOST_NAMES]
    ]
    none = "No snooze ends today."
    return Section("Snoozes that end today", none, cares.count(), lines, "/snoozed/")


def _on_it(merchants: MerchantQuerySet) -> Section:
    cares = _standing(merchants, Care.Kind.ACK)
    lines = [
        Line(care.merchant, f"{care.by.display_name} is on it{f', “{care.note}”' if care.note else ''}")
        for care in cares[: messages.MOST_NAMES]
    ]
    return Section("Somebody is on it", "Nobody is on any merchant.", cares.count(), lines, path="")


def _standing(merchants: MerchantQuerySet, kind: Care.Kind) -> CareQuerySet:
    standing = Care.objects.standing().filter(kind=kind, merchant__in=merchants.values("pk"))
    return standing.select_related("merchant", "by").order_by("until", "pk")
