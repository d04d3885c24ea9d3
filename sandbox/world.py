"""All companies: made from the seed when they are asked for, and changed by what was done since."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.activity import ActiveCompanies
from sandbox.almanac import Almanac, Befalling
from sandbox.cards import Card, Event, card_of, seeded_events
from sandbox.clock import Clock
from sandbox.columns import Columns
from sandbox.dice import digest, guid
from sandbox.exchange import Refusal
from sandbox.faults.engine import Faults
from sandbox.histories import Histories
from sandbox.life import Life
from sandbox.merchants import Merchant, newcomer
from sandbox.register import Register
from sandbox.schedule import DAY
from sandbox.seed import Seed
from sandbox.store import Kept, Store
from sandbox.switches import Switches
from sandbox.timeline import Timeline
from sandbox.turns import Turns
from sandbox.weather import Weather

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
        life: Life | None = None,
        orders: Iterable[tuple[Befalling, dict[str, Any]]] = (),
    ) -> None:
        self.seed, self.merchants, self.speed = seed, merchants, speed
        self.clock = clock or Clock()
        self.store = store or Store()
        self.switches = switches or Switches()
        self.life = life or Life()
        self.faults = Faults()
        self.answers_429 = 0
        self.listeners: set[Listener] = set()
        self.client_id = guid(digest(seed, "client"))
        self._be_born()
        self._turns = Turns(self.store, self.switches, self.now())
        self._since = self.born - DAY * history_days
        self.seeded = Seed(seed, merchants, self.born, self.life)
        self.almanac = Almanac(self.store)
        self.almanac.order_once(orders, self.now(), past=self._is_newborn)
        self._histories = Histories()
        self.recall()

    def _be_born(self) -> None:
        """Or wake up again, no earlier than it went to sleep."""
        self.clock.move(max(self.clock.ahead, timedelta(seconds=self.store.noted("ahead") or 0)))
        seed = self.store.fact("seed", str(self.seed))
        if seed != str(self.seed):
            raise ValueError(f"This data folder holds the world of seed {seed}; start with --seed {seed}.")
        if self.store.fact("life", repr(self.life)) != repr(self.life):
            raise ValueError("This data folder holds a world of another life; start with the same --life.")
        now = self.now().isoformat()
        born = self.store.fact("born", now)
        self.born, self._is_newborn = datetime.fromisoformat(born), born == now

    def recall(self) -> None:
        """Read what the store knows; whatever was only in memory is forgotten."""
        self._histories.clear()
        self.almanac.recall()
        self._touched = self.store.companies()
        self._created = dict(self.store.events_called("created"))
        deleted = [company_id for company_id, _ in self.store.events_called("deleted")]
        self.register = Register(self.seeded.ids, self.merchants, self._created, deleted)
        self.columns = Columns(self.register, lambda number: self.card(self.register.id_of(number)))
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

    # What befalls all of them

    @property
    def weather(self) -> Weather:
        return self.almanac.weather

    def order(self, kind: Befalling, body: dict[str, Any]) -> dict[str, Any]:
        """Raises ValueError, with a plain sentence."""
        told = self.almanac.order(kind, body, self.now())
        self._expect_anew()
        return told

    def call_off(self, kind: Befalling) -> None:
        self.almanac.call_off(kind, self.now())
        self._expect_anew()

    def _expect_anew(self) -> None:
        """What histories hold of the past stays true; what they expect next does not."""
        self._histories.clear()

    # Finding companies

    def company_id(self, number: int) -> str:
        return self.register.id_of(number)

    def merchant(self, company_id: str) -> Merchant:
        """Raises Refusal (404) for a company that never was or was deleted."""
        number = self.register.number_of(company_id)
        if number is None:
            raise Refusal(404, f"No company was found with ID {company_id}", service="ClientsApi")
        return self.seeded.merchant(number) if number < self.merchants else self._made(company_id)

    def card(self, company_id: str) -> Card:
        """The company without its history: cheap enough to list five thousand."""
        merchant = self.merchant(company_id)
        card = card_of(merchant)
        for event in self._events_of(merchant):
            card.apply(event)
        return card

    def timeline(self, company_id: str) -> Timeline:
        """The company with its history up to now."""
        timeline = self._histories.find(company_id)
        known = timeline.card.is_active if timeline else None
        if timeline is None:
            timeline = self._fold(self.merchant(company_id))
        timeline.advance(self.now())
        self._histories.keep(company_id, timeline)
        if self._active is not None and timeline.card.is_active != known:
            self._active.note(company_id, is_active=timeline.card.is_active)
        return timeline

    def count(self) -> int:
        return len(self.register)

    def company_ids(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """From one place in the list of all companies to another."""
        return map(self.company_id, self.register.page(start, self.count() if stop is None else stop))

    def of_kind(self, name: str | None) -> Iterator[Merchant]:
        for number in self.register.page(0, self.count()):
            if number >= self.merchants:
                return
            if name in (None, self.seeded.kinds[number].name):
                yield self.seeded.merchant(number)

    def active_companies(self) -> int:
        """Companies with a linked, syncing connection, as far as is known without folding every history."""
        if self._active is None:
            self._active = ActiveCompanies(self.seeded.active(), self.seeded.was_active)
            for company_id, _ in self.store.events_called("deleted"):
                self._active.note(company_id, is_active=False)
            for company_id in self.store.companies_with(*_MAKES_ACTIVE):
                if self._is_there(company_id):
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

    def make_good(self, company_id: str, event: Event, kept: Mapping[str, Kept]) -> None:
        """Remember a sync that was started and never committed, unless it is known or of another world.

        `kept` is what goes with it, by idempotency key.
        """
        known = {told.body.get("sync_id") for told in self.store.events_of(company_id)}
        if event.at >= self.born and event.body["sync_id"] not in known and self._is_there(company_id):
            self._happen(company_id, event)
            for key, answer in kept.items():
                self.store.keep(key, answer)
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
            self.register.add(company_id)
        if event.what != "sync":
            self.columns.forget(self.register.number_of(company_id))
        if event.what == "deleted":
            self._histories.drop(company_id)
            self.register.remove(company_id)
            if self._active is not None:
                self._active.note(company_id, is_active=False)
        elif (timeline := self._histories.find(company_id)) is not None:
            timeline.add(event)
        if self._active is not None and event.what in _MAKES_ACTIVE:
            self._active.note(company_id, is_active=self.timeline(company_id).card.is_active)

    def _is_there(self, company_id: str) -> bool:
        return self.register.number_of(company_id) is not None

    def _made(self, company_id: str) -> Merchant:
        event = self._created[company_id]
        return newcomer(company_id, event.body["name"], self.born, event.at)

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
            weather=self.weather,
            speed=self.speed,
            switches_at=self._turns.at,
        )
