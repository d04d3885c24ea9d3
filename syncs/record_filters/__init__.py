"""What stands in the URLs of requests and activity, validated and coerced: odd values are ignored and said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from syncs.list_filters import SPANS, ListFilters, clean
from syncs.models import Activity, Freeze, Merchant, SyncRequest, User
from syncs.models.activity import ActivityQuerySet
from syncs.models.request import ACTIVE_STATES, SyncRequestQuerySet
from syncs.rules.salesdays import day_window, start_of, today
from syncs.rules.states import State
from syncs.search import owners_of

# With a space, which no user name has.
SYNC_DESK = "sync desk"
# Merchants that a part of a name may stand for one by one: of more, the newest rows hold some soon.
MANY = 2_000

SCOPES = {"today": "Today, and what is still open"} | {name: word for name, (word, _) in SPANS.items()}
# The tiles of the requests page. Waiting lies within "On the way".
GROUPS = {
    "person": ("Needs a person", Q(state=State.NEEDS_REVIEW)),
    "way": (
        "On the way",
        Q(state__in=[State.QUEUED, State.SENDING, State.UNCERTAIN, State.ACCEPTED]),
    ),
    "synced": ("Synced", Q(state__in=[State.SUCCEEDED, State.SUCCEEDED_EMPTY])),
    "failed": (
        "Failed or not run",
        Q(state__in=[State.FAILED, State.REJECTED, State.CANCELLED, State.NOT_RUN]),
    ),
    "waiting": (
        "Waiting",
        Q(state=State.QUEUED) & (~Q(waiting_for="") | Q(Exists(Freeze.objects.standing()))),
    ),
}
KINDS = dict(SyncRequest.Kind.choices)

DECIDED = Q(verb__in=["request.accepted", "request.not_run"], actor__isnull=False)
TOLD_OF_REVIEWS = ["request.needs_review", "request.accepted_late", "request.ran_after_all"]
VERBS = {
    "asked": (
        "Asked for a sync",
        Q(verb__in=["request.asked", "request.override", "request.books", "bulk.asked"]),
    ),
    "bulks": ("Many at once", Q(verb__startswith="bulk.")),
    "ended": (
        "Ended",
        Q(verb__in=[f"request.{state}" for state in State if state not in ACTIVE_STATES]),
    ),
    "reviews": ("Reviews", Q(verb__in=TOLD_OF_REVIEWS) | DECIDED),
    "sending": ("Sending frozen or resumed", Q(verb__startswith="sending.")),
    "notes": ("Notes", Q(verb__startswith="note.")),
    "merchants": ("Merchants", Q(verb__startswith="merchant")),
    "alerts": ("Alert rules", Q(verb__startswith="alert.")),
    "people": ("People and roles", Q(verb__startswith="user.")),
    "playbook": ("Playbook", Q(verb__startswith="playbook.")),
    "views": ("Saved views", Q(verb__startswith="view.")),
    "exports": ("Exports", Q(verb="list.exported")),
}
SOURCES = {
    "people": ("People", Q(actor__isnull=False)),
    "system": ("Sync Desk", Q(actor=None)),
}


@dataclass(frozen=True)
class Filters(ListFilters):
    """What both pages share."""

    by: str = ""
    merchant: str = ""
    day: str = ""

    KNOWN: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    @property
    def narrows(self) -> bool:
        return bool(self.pairs())

    @property
    def begins_with_the_newest(self) -> bool:
        """Of those that pass them."""
        return self.first_page

    def older(self, cursor: str) -> str:
        return self.url(page=True, after=cursor, before="") if cursor else ""

    def newer(self, cursor: str) -> str:
        return self.url(page=True, before=cursor, after="") if cursor else ""

    @cached_property
    def of_merchant(self) -> Q:
        if not self.merchant:
            return Q()
        if owners := owners_of(self.merchant):
            return Q(merchant__in=owners)
        named = Merchant.objects.named(self.merchant)
        # By their numbers: how many have a part of a name in common, the database can only guess.
        keys = list(named.values_list("pk", flat=True)[: MANY + 1])
        if len(keys) <= MANY:
            return Q(merchant__in=keys)
        # Asked row by row, newest first. Without the "or never", PostgreSQL may read all rows of all of them, and sort.
        return Q(Exists(named.filter(pk=OuterRef("merchant")))) | Q(pk__lt=0)

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Self:
        """Unknown values become notes, and the filter is left out."""
        found, notes = {}, []
        for column in fields(cls):
            if column.name == "notes":
                continue
            value = clean(params.get(column.name, ""))
            if problem := value and cls._problem(column.name, value):
                notes.append(_ignored(value, problem))
            elif value:
                found[column.name] = value
        return cls(**found, notes=notes)

    def without(self, name: str, problem: str) -> Self:
        """Leaves a filter out whose value is none that there is, and notes it."""
        notes = [*self.notes, _ignored(getattr(self, name), problem)]
        cleared: Any = {name: ""}
        return replace(self, **cleared, notes=notes)

    def of_people(self, choices: Iterable[tuple[str, str]]) -> Self:
        """Without a person whom the page does not offer."""
        if not self.by or self.by in dict(choices):
            return self
        return self.without("by", "the user name of anybody here")

    @classmethod
    def _problem(cls, name: str, value: str) -> str:
        """What the value of this filter is not; empty when it is fine."""
        if name == "day" and as_day(value) is None:
            return "a day such as 2026-11-21"
        known = cls.KNOWN.get(name)
        if known is not None and value not in known:
            return "a filter of this page"
        return ""


@dataclass(frozen=True)
class RequestFilters(Filters):
    scope: str = ""
    state: str = ""
    kind: str = ""

    KNOWN: ClassVar = {"scope": SCOPES, "state": GROUPS, "kind": KINDS}

    @property
    def folds(self) -> bool:
        """Whether a bulk is one row: all of it was asked on one day by one person, but states and merchants differ."""
        return not (self.state or self.merchant)

    def rows(self, zone: ZoneInfo, now: datetime) -> SyncRequestQuerySet:
        """What the page lists: of a bulk its first request alone, where it folds."""
        found = self.apply(zone, now)
        if not self.folds:
            return found
        earlier = SyncRequest.objects.filter(bulk=OuterRef("bulk"), pk__lt=OuterRef("pk"))
        return found.filter(Q(bulk=None) | ~Exists(earlier))

    def apply(self, zone: ZoneInfo, now: datetime) -> SyncRequestQuerySet:
        rows = SyncRequest.objects.filter(self.of_merchant)
        if self.state:
            rows = rows.filter(GROUPS[self.state][1])
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.by:
            rows = rows.filter(asked_by__username=self.by)
        if self.scope in SPANS:
            rows = rows.filter(asked_at__gte=now - SPANS[self.scope][1])
        elif self.scope:
            rows = rows.filter(of_today(zone, now))
        if day := as_day(self.day):
            window = day_window(day, zone)
            rows = rows.filter(asked_at__gte=window.start, asked_at__lt=window.finish)
        return rows


@dataclass(frozen=True)
class ActivityFilters(Filters):
    what: str = ""
    source: str = ""
    reason: str = ""
    last: str = ""
    request: str = ""
    entry: str = ""

    KNOWN: ClassVar = {"what": VERBS, "source": SOURCES, "last": SPANS, "reason": {"given": ""}}

    @property
    def begins_with_the_newest(self) -> bool:
        """Not where a link to one entry shows it on top."""
        return self.first_page and not self.entry

    @classmethod
    def _problem(cls, name: str, value: str) -> str:
        if name in {"request", "entry"} and as_key(value) is None:
            return "a number"
        return super()._problem(name, value)

    def apply(self, zone: ZoneInfo) -> ActivityQuerySet:
        rows = Activity.objects.filter(self.of_merchant)
        if self.what:
            rows = rows.filter(VERBS[self.what][1])
        if self.source:
            rows = rows.filter(SOURCES[self.source][1])
        if self.reason:
            rows = rows.exclude(reason="")
        if self.last:
            rows = rows.filter(at__gte=timezone.now() - SPANS[self.last][1])
        if self.request:
            rows = rows.filter(request=as_key(self.request))
        if self.by:
            rows = rows.filter(actor=None) if self.by == SYNC_DESK else rows.filter(actor__username=self.by)
        if day := as_day(self.day):
            window = day_window(day, zone)
            rows = rows.filter(at__gte=window.start, at__lt=window.finish)
        return rows


def _ignored(value: str, problem: str) -> str:
    return f"“{value[:40]}” is not {problem}. It was ignored."


def of_today(zone: ZoneInfo, now: datetime) -> Q:
    """Asked today, or asked before and still open: midnight must not hide what needs a person."""
    return Q(asked_at__gte=start_of(today(zone, now), zone)) | Q(state__in=ACTIVE_STATES)


def as_day(text: str) -> date | None:
    """Only the usual written form counts: Python reads `20261101` and `2026-W44-1` as days too."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text and 2000 <= day.year < 2200 else None


def as_key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def people() -> list[tuple[str, str]]:
    """User name and shown name of everybody a filter can name."""
    named = [(user.username, user.display_name) for user in User.objects.all()]
    return sorted(named, key=lambda pair: pair[1].lower())
