"""A merchant's history: scheduled runs and what people did, folded in the order of time.

It only ever moves forward, so what is folded once stays; a timeline that was forgotten folds to the same again.
"""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta

from sandbox.cards import OFFERED, Card, Event
from sandbox.dice import fraction
from sandbox.merchants import Merchant, Run
from sandbox.outcomes import DEAUTHORIZED, FREQUENCY, OVERLAPS, UNLINKED, Outcome
from sandbox.schedule import DAY, due, local_date, zone
from sandbox.switches import Switches
from sandbox.syncs import Sync, from_json, pace

FUSE = 31
"""Failed days in a row after which Codat switches a merchant off (Codat docs)."""
BEFORE_NEXT = timedelta(minutes=10)


class Timeline:
    def __init__(
        self,
        merchant: Merchant,
        card: Card,
        events: Iterable[Event],
        *,
        since: datetime,
        speed: float = 1.0,
        switches_at: Callable[[datetime], Switches] = lambda _: Switches(),
    ) -> None:
        self.merchant = merchant
        self.card = card
        self.syncs: list[Sync] = []
        self.synced: list[tuple[datetime, datetime]] = []
        self.synced_to: datetime | None = None
        self.failed_days = 0
        self._books = [(merchant.created, card.books)] if card.books else []
        self._speed, self._switches_at = speed, switches_at
        self._events = deque(events)
        self._open: list[Sync] = []
        self._cut_off = not card.is_connected
        self._day = self._first_day(since)
        self._next = self._run_on(self._day)

    def advance(self, now: datetime) -> "Timeline":
        """Fold everything that has happened up to now."""
        while True:
            event = self._events[0] if self._events else None
            if event and event.at <= min(now, self._next.at):
                self._apply(self._events.popleft())
            elif self._next.at <= now:
                self._run(self._next)
            else:
                break
        self._settle(now)
        return self

    def add(self, event: Event) -> None:
        """Something that happens now."""
        self._events.append(event)
        self.advance(event.at)

    def running(self) -> bool:
        return bool(self._open)

    def overlaps(self, start: datetime, finish: datetime) -> bool:
        return any(start < end and finish > begin for begin, end in self.synced)

    def next_start(self) -> datetime:
        """Where a sync to the latest begins: the last successful end, else the configured start date."""
        return self.synced_to or self.configured_start()

    def books_at(self, moment: datetime) -> str:
        """The accounting connection that a sync of this moment writes to; it may have been deleted since."""
        known = [link_id for since, link_id in self._books if since <= moment] or [self.card.company_id]
        return known[-1]

    def _first_day(self, since: datetime) -> date:
        zone_name = self.card.schedule.zone
        if self.merchant.created >= since:
            return local_date(self.merchant.created, zone_name) + DAY
        # The history shown begins later than the merchant: what came before is synced, but no longer listed.
        first = local_date(since, zone_name) + DAY
        if self.card.configured:
            self._remember(self.configured_start(), due(first - DAY, self.card.schedule.hour, zone_name))
        return first

    def configured_start(self) -> datetime:
        schedule = self.card.schedule
        start = datetime.fromisoformat(schedule.start_date)
        if start.time() == time(0) and start.tzinfo is None:
            return due(start.date(), schedule.hour, schedule.zone)
        return (
            start.astimezone(UTC)
            if start.tzinfo
            else start.replace(tzinfo=zone(schedule.zone)).astimezone(UTC)
        )

    def _run_on(self, day: date) -> Run:
        schedule = self.card.schedule
        return self.merchant.run_of(day, due(day, schedule.hour, schedule.zone))

    def _run(self, run: Run) -> None:
        self._settle(run.at)
        if self.card.enabled and self.card.configured:
            outcome = self._outcome(run)
            if outcome:
                self._start(run, outcome)
        self._day += DAY
        self._next = self._run_on(self._day)

    def _outcome(self, run: Run) -> Outcome | None:
        """None when Codat does not even try: after a connection is severed, one run fails and no more follow."""
        start = self.next_start()
        if not self.card.is_connected:
            tried, self._cut_off = self._cut_off, True
            return None if tried else self._severed(self._switches_at(run.at).severed_code)
        self._cut_off = False
        if self.card.schedule.frequency not in OFFERED:
            return FREQUENCY
        if start >= run.due or self._open:
            return OVERLAPS
        return self.merchant.outcome_of_run(run, start)

    def _severed(self, code: str) -> Outcome:
        if code != "by_status":
            return UNLINKED if code == "4220" else DEAUTHORIZED
        statuses = {link.status for link in self.card.connections.values()}
        return UNLINKED if "Unlinked" in statuses and "Deauthorized" not in statuses else DEAUTHORIZED

    def _start(self, run: Run, outcome: Outcome) -> None:
        starts, pushes, ends = pace(self.merchant.duration / self._speed, fraction(run.raw[42:]), outcome)
        if self.merchant.kind.hangs:
            ends = (self._run_on(self._day + DAY).at - BEFORE_NEXT - run.at).total_seconds()
        start = min(self.next_start(), run.due)
        one_id = self._switches_at(run.at).commerce_sync_id == "same"
        commerce_sync_id = run.sync_id if one_id else run.commerce_sync_id
        self._append(
            Sync(run.sync_id, commerce_sync_id, run.at, start, run.due, outcome, starts, pushes, ends)
        )

    def _append(self, sync: Sync) -> None:
        self.syncs.append(sync)
        self._open.append(sync)

    def _settle(self, now: datetime) -> None:
        """Count the syncs that have ended by now, in the order of their ends."""
        if self._open:
            ended = [sync for sync in self._open if sync.ended <= now]
            self._open = [sync for sync in self._open if sync.ended > now]
            for sync in sorted(ended, key=lambda sync: sync.ended):
                self._count(sync)

    def _count(self, sync: Sync) -> None:
        if sync.outcome.is_success:
            if sync.start < sync.finish:
                self._remember(sync.start, sync.finish)
            self.failed_days = 0
        elif sync.scheduled:
            self.failed_days += 1
            if self.failed_days >= FUSE:
                self.card.enabled = False

    def _remember(self, start: datetime, finish: datetime) -> None:
        self.synced.append((start, finish))
        self.synced_to = max(finish, self.synced_to or finish)

    def _apply(self, event: Event) -> None:
        self._settle(event.at)
        if event.what == "sync":
            self._append(from_json(event.at, event.body))
            return
        schedule, enabled = self.card.schedule, self.card.enabled
        self.card.apply(event)
        if self.card.books and self.card.books not in (link_id for _, link_id in self._books[-1:]):
            self._books.append((event.at, self.card.books))
        if self.card.is_connected:
            self._cut_off = False
        if self.card.enabled and not enabled:
            self.failed_days = 0
        if (self.card.schedule, self.card.enabled) != (schedule, enabled):
            self._reschedule(event.at)

    def _reschedule(self, now: datetime) -> None:
        """The first due date is the next sync hour after the configuration (Codat docs)."""
        while self._run_on(self._day).due <= now:
            self._day += DAY
        self._next = self._run_on(self._day)
