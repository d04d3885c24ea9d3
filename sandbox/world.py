"""All companies: made from the seed when they are asked for, and changed by what was done since."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sandbox.activity import ActiveCompanies
from sandbox.cards import Card, Event, card_of, seeded_events
from sandbox.clock import Clock
from sandbox.dice import CompanyIds, digest, guid
from sandbox.exchange import Refusal
from sandbox.faults.engine import Faults
from sandbox.kinds import kind_of
from sandbox.merchants import Merchant, newcomer, seeded
from sandbox.schedule import DAY
from sandbox.store import Store
from sandbox.switches import Switches
from sandbox.timeline import Timeline
from sandbox.turns import Turns

TIMELINES = 1_000
"""How many histories are kept folded; ninety days of one take some 50 kB."""

Listener = Callable[["World", str, Event, Card | None], None]
"""Is told of everything that is done to a company; when a connection changes or all ends, with how it was before."""
_LOSES = ("connection", "connection deleted", "deleted")
_MAKES_ACTIVE = ("connection", "connection deleted", "configuration")


class World:
    def __init__(
        self,
        *,
        seed: int = 1,
        merchants: int = 200,
        history_days: int = 90,
        speed: float = 1.0,
        clock: Clock | None = None,
        store: Store | None = None,
        switches: Switches | None = None,
    ) -> None:
        self.seed, self.merchants, self.speed = seed, merchants, speed
        self.clock = clock or Clock()
        self.store = store or Store()
        self.switches = switches or Switches()
        self.faults = Faults()
        self.listeners: set[Listener] = set()
        self.client_id = guid(digest(seed, "client"))
        self._be_born()
        self._turns = Turns(self.store, self.switches, self.now())
        self._since = self.born - DAY * history_days
        self._ids = CompanyIds(seed)
        self._timelines: OrderedDict[str, Timeline] = OrderedDict()
        self._seeded = lru_cache(maxsize=20_000)(self._seeded_at)
        self.recall()

    def _be_born(self) -> None:
        """Or wake up again, no earlier than it went to sleep."""
        self.clock.move(max(self.clock.ahead, timedelta(seconds=self.store.noted("ahead") or 0)))
        seed = self.store.fact("seed", str(self.seed))
        if seed != str(self.seed):
            raise ValueError(f"This data folder holds the world of seed {seed}; start with --seed {seed}.")
        self.born = datetime.fromisoformat(self.store.fact("born", self.now().isoformat()))

    def recall(self) -> None:
        """Read what the store knows; whatever was only in memory is forgotten."""
        self._timelines.clear()
        self._touched = self.store.companies()
        self._created = dict(self.store.events_called("created"))
        self._deleted = {company_id for company_id, _ in self.store.events_called("deleted")}
        self._deleted_indexes = {self._ids.index_of(company_id) for company_id in self._deleted}
        self._active: ActiveCompanies | None = None

    def now(self) -> datetime:
        return self.clock.now()

    def turn(self, given: Mapping[str, object]) -> None:
        """Turn switches, all or none; raises ValueError with a plain sentence.

        What was told stays: the ids and outcomes of syncs that have begun.
        """
        self.switches = self.switches.changed(given)
        self._turns.add(self.switches, self.now())

    def move_clock(self, ahead: timedelta) -> None:
        """Raises ValueError, with a plain sentence, for a move back or beyond ten years."""
        self.clock.move(ahead)
        self.store.note("ahead", ahead.total_seconds())
        self.store.commit()

    # Finding companies

    def company_id(self, index: int) -> str:
        return self._ids.at(index)

    def merchant(self, company_id: str) -> Merchant:
        """Raises Refusal (404) for a company that never was or was deleted."""
        found = self._found(company_id)
        if not found:
            raise Refusal(404, f"No company was found with ID {company_id}", service="ClientsApi")
        return found

    def card(self, company_id: str) -> Card:
        """The company without its history: cheap enough to list five thousand."""
        merchant = self.merchant(company_id)
        card = card_of(merchant)
        for event in self._events_of(merchant):
            card.apply(event)
        return card

    def timeline(self, company_id: str) -> Timeline:
        """The company with its history up to now."""
        timeline = self._timelines.get(company_id)
        known = timeline.card.is_active if timeline else None
        if timeline is None:
            timeline = self._timelines[company_id] = self._fold(self.merchant(company_id))
            if len(self._timelines) > TIMELINES:
                self._timelines.popitem(last=False)
        self._timelines.move_to_end(company_id)
        timeline.advance(self.now())
        if self._active is not None and timeline.card.is_active != known:
            self._active.note(company_id, is_active=timeline.card.is_active)
        return timeline

    def count(self) -> int:
        return self.merchants + len(self._created) - len(self._deleted)

    def company_ids(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """The seed's companies by index, then those made since; deleted ones left out."""
        stop = self.count() if stop is None else min(stop, self.count())
        if not self._deleted:
            yield from map(self._ids.at, range(start, min(stop, self.merchants)))
            yield from list(self._created)[max(start - self.merchants, 0) : max(stop - self.merchants, 0)]
            return
        left = [index for index in range(self.merchants) if index not in self._deleted_indexes]
        made = [company_id for company_id in self._created if company_id not in self._deleted]
        yield from map(self._ids.at, left[start:stop])
        yield from made[max(start - len(left), 0) : max(stop - len(left), 0)]

    def of_kind(self, name: str | None) -> Iterator[Merchant]:
        for index in range(self.merchants):
            if name in (None, kind_of(self.seed, index).name) and index not in self._deleted_indexes:
                yield self._seeded(index)

    def active_companies(self) -> int:
        """Companies with a linked, syncing connection, as far as is known without folding every history."""
        if self._active is None:
            seeded = sum(self._is_active_kind(index) for index in range(self.merchants))
            self._active = ActiveCompanies(seeded, self._is_seeded_active)
            for company_id in self._deleted:
                self._active.note(company_id, is_active=False)
            for company_id in self.store.companies_with(*_MAKES_ACTIVE):
                if company_id not in self._deleted:
                    self._active.note(company_id, is_active=self.card(company_id).is_active)
        return len(self._active)

    # Changing them

    def create(self, body: dict[str, Any]) -> str:
        company_id = guid(digest(self.seed, "created", len(self._created)))
        self.record(company_id, "created", body)
        return company_id

    def delete(self, company_id: str) -> None:
        self.record(company_id, "deleted", {})

    def record(self, company_id: str, what: str, body: dict[str, Any]) -> Event:
        """Something happens to a company now; it counts once the store has committed.

        Who listens writes what it makes of it in the same transaction.
        """
        event = Event(self.now(), what, body)
        self._happen(company_id, event)
        return event

    def make_good(self, company_id: str, event: Event) -> None:
        """Remember a sync that was started and never committed, unless it is known or of another world."""
        known = {told.body.get("sync_id") for told in self.store.events_of(company_id)}
        if event.at >= self.born and event.body["sync_id"] not in known and self._is_there(company_id):
            self._happen(company_id, event)
            self.store.commit()
            self.recall()

    def _happen(self, company_id: str, event: Event) -> None:
        before = self.card(company_id) if event.what in _LOSES else None
        self.store.append(company_id, event)
        self._remember(company_id, event)
        for listener in self.listeners:
            listener(self, company_id, event, before)

    def _remember(self, company_id: str, event: Event) -> None:
        self._touched.add(company_id)
        if event.what == "created":
            self._created[company_id] = event
        elif event.what == "deleted":
            self._timelines.pop(company_id, None)
            self._deleted.add(company_id)
            self._deleted_indexes.add(self._ids.index_of(company_id))
            if self._active is not None:
                self._active.note(company_id, is_active=False)
        elif company_id in self._timelines:
            self._timelines[company_id].add(event)
        if self._active is not None and event.what in _MAKES_ACTIVE:
            self._active.note(company_id, is_active=self.timeline(company_id).card.is_active)

    # From the seed

    def _is_there(self, company_id: str) -> bool:
        return self._found(company_id) is not None

    def _found(self, company_id: str) -> Merchant | None:
        if company_id in self._deleted:
            return None
        return self._made(company_id) or self._seeded_by(company_id)

    def _seeded_by(self, company_id: str) -> Merchant | None:
        index = self._ids.index_of(company_id)
        return self._seeded(index) if index is not None and index < self.merchants else None

    def _seeded_at(self, index: int) -> Merchant:
        return seeded(self.seed, index, self._ids.at(index), self.born)

    def _is_active_kind(self, index: int) -> bool:
        kind = kind_of(self.seed, index)
        if kind.linked:
            return kind.name != "switched_off"
        return card_of(self._seeded_at(index)).is_active

    def _is_seeded_active(self, company_id: str) -> bool:
        index = self._ids.index_of(company_id)
        return index is not None and index < self.merchants and self._is_active_kind(index)

    def _made(self, company_id: str) -> Merchant | None:
        event = self._created.get(company_id)
        return newcomer(company_id, event.body["name"], self.born, event.at) if event else None

    def _events_of(self, merchant: Merchant) -> list[Event]:
        events = seeded_events(merchant)
        if merchant.company_id in self._touched:
            events += self.store.events_of(merchant.company_id)
        return events

    def _fold(self, merchant: Merchant) -> Timeline:
        return Timeline(
            merchant,
            card_of(merchant),
            self._events_of(merchant),
            since=self._since,
            speed=self.speed,
            switches_at=self._turns.at,
        )
