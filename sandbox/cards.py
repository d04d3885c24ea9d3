"""What Codat holds about one company apart from its syncs: folded from events."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from sandbox.dice import digest, guid
from sandbox.merchants import Merchant
from sandbox.platforms import PLATFORMS, Platform


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

    @property
    def platform(self) -> Platform:
        return PLATFORMS[self.key]


@dataclass(slots=True)
class Schedule:
    start_date: str
    """As it was given: a date, or a date with a time."""
    hour: int = 0
    zone: str | None = None
    frequency: str = "Daily"


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

    @property
    def is_connected(self) -> bool:
        """A sync needs one commerce and one accounting connection, both Linked (Codat docs, error E1)."""
        sides = [link.platform.side for link in self.connections.values() if link.status == "Linked"]
        return sorted(sides) == ["Accounting", "Commerce"]

    def apply(self, event: Event) -> None:
        if event.what in ("created", "company"):
            for name, value in event.body.items():
                setattr(self, name, value)
        elif event.what == "connection":
            self._connect(event)
        elif event.what == "connection deleted":
            self.connections.pop(event.body["id"], None)
        elif event.what == "configuration":
            self._configure(event.body)

    def _connect(self, event: Event) -> None:
        key, body = event.body["id"], event.body
        old = self.connections.get(key)
        fresh = old or Connection(key, body["platform"], body["status"], event.at, event.at)
        self.connections[key] = replace(fresh, status=body["status"], changed=event.at)

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
