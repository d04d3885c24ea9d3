"""What Codat holds about one company apart from its syncs: folded from events."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from sandbox.dice import digest, guid
from sandbox.merchants import Merchant
from sandbox.platforms import PLATFORMS, Platform
from sandbox.reading import Pull, Spell, from_json
from sandbox.schedule import DAY, due, local_date, zone


class Event(NamedTuple):
    """Something that happened to a company; its body is JSON."""

    at: datetime
    what: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Connection:
    id: str
    key: str
    status: str
    created: datetime
    changed: datetime
    spells: tuple[Spell, ...] = ()
    """When it was linked, oldest first."""
    failed: datetime | None = None
    """When the merchant broke off linking it, if that was the last that happened."""

    @property
    def platform(self) -> Platform:
        return PLATFORMS[self.key]

    def becomes(self, status: str, at: datetime) -> "Connection":
        *before, last = self.spells or (None,)
        spells = self.spells
        if status == "Linked" and (last is None or last.end):
            spells = (*spells, Spell(at))
        elif status != "Linked" and last and not last.end:
            spells = (*before, last._replace(end=at, became=status))
        return replace(self, status=status, changed=at, spells=spells, failed=None)


OFFERED = ("Daily",)
"""The frequencies that the flow offers; the OpenAPI knows Monthly too (Codat docs)."""


@dataclass(slots=True)
class Schedule:
    start_date: str
    """As it was given: a date, or a date with a time."""
    hour: int = 0
    zone: str | None = None
    frequency: str = "Daily"

    @property
    def is_offered(self) -> bool:
        return self.frequency in OFFERED

    def start(self) -> datetime:
        """A mere date begins at the sync hour of the zone."""
        given = datetime.fromisoformat(self.start_date)
        if given.time() == time(0) and given.tzinfo is None:
            return due(given.date(), self.hour, self.zone)
        return (given if given.tzinfo else given.replace(tzinfo=zone(self.zone))).astimezone(UTC)

    def first_day(self, now: datetime) -> date:
        """The first due date is the next sync hour after the configuration (Codat docs)."""
        day = local_date(now, self.zone)
        while due(day, self.hour, self.zone) <= now:
            day += DAY
        return day


@dataclass(slots=True)
class Card:
    company_id: str
    name: str
    created: datetime
    schedule: Schedule
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    enabled: bool = False
    configured: bool = False
    books_name: str = ""
    settings: dict[str, Any] | None = None
    """The configuration object that was posted, None as long as it is the one from the seed."""
    pulls: list[Pull] = field(default_factory=list)
    """The reads that were asked for, oldest first."""

    @property
    def is_connected(self) -> bool:
        """A sync needs one commerce and one accounting connection, both Linked (Codat docs, error E1)."""
        sides = [link.platform.side for link in self.connections.values() if link.status == "Linked"]
        return sorted(sides) == ["Accounting", "Commerce"]

    @property
    def is_active(self) -> bool:
        """With an active, linked, syncing connection (Codat docs); not when switched off: our guess."""
        linked = any(link.status == "Linked" for link in self.connections.values())
        return linked and (self.enabled or not self.configured)

    @property
    def books(self) -> str | None:
        """The accounting connection that syncs write to, None when none is linked."""
        links = self.connections.values()
        return next(
            (link.id for link in links if (link.platform.side, link.status) == ("Accounting", "Linked")), None
        )

    def apply(self, event: Event) -> None:
        if event.what in ("created", "company"):
            for name, value in event.body.items():
                setattr(self, name, value)
        elif event.what == "connection":
            self._connect(event)
        elif event.what == "connection failed":
            link = self.connections[event.body["id"]]
            self.connections[link.id] = replace(link, failed=event.at)
        elif event.what == "connection deleted":
            self.connections.pop(event.body["id"], None)
        elif event.what == "pull":
            self.pulls.append(from_json(event.at, event.body))
        elif event.what == "configuration":
            self._configure(event.body)

    def _connect(self, event: Event) -> None:
        key, body = event.body["id"], event.body
        old = self.connections.get(key)
        fresh = old or Connection(key, body["platform"], "PendingAuth", event.at, event.at)
        self.connections[key] = fresh.becomes(body["status"], event.at)

    def _configure(self, body: dict[str, Any]) -> None:
        self.enabled, self.configured = body["enabled"], body["configured"]
        self.books_name, self.settings = body["books_name"], body["settings"]
        self.schedule = Schedule(**body["schedule"])


def card_of(merchant: Merchant) -> Card:
    """The company as it was at its creation; what the seed lets happen later comes as events."""
    ready = merchant.kind.linked and bool(merchant.platforms)
    links = [
        Connection(
            id=guid(digest(merchant.company_id, key)),
            key=key,
            status="PendingAuth" if key == merchant.pending else "Linked",
            created=merchant.created,
            changed=merchant.created,
            spells=() if key == merchant.pending else (Spell(merchant.created),),
        )
        for key in merchant.platforms
    ]
    return Card(
        company_id=merchant.company_id,
        name=merchant.name,
        created=merchant.created,
        schedule=Schedule(merchant.created.date().isoformat(), merchant.hour, merchant.zone),
        tags=dict(merchant.tags),
        connections={link.id: link for link in links},
        enabled=ready,
        configured=ready,
        books_name=f"{merchant.name} Ltd" if ready else "",
    )


def seeded_events(merchant: Merchant) -> list[Event]:
    """A severed merchant lost one of its connections before the birth of the world."""
    if not merchant.kind.severed or not merchant.trouble_since:
        return []
    lost = merchant.platforms[merchant.company_id[-1] < "8"]
    body = {"id": guid(digest(merchant.company_id, lost)), "platform": lost, "status": merchant.kind.severed}
    what = "connection deleted" if merchant.kind.severed == "Deleted" else "connection"
    return [Event(merchant.trouble_since, what, body)]
