"""A merchant's history: scheduled runs and what people did, folded in the order of time.

It only ever moves forward, so what is folded once stays; a timeline that was forgotten folds to the same again.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from operator import attrgetter

from sandbox.cards import Card, Event
from sandbox.history import History, Maker, PlainDays
from sandbox.merchants import Merchant
from sandbox.outcomes import DEAUTHORIZED, FREQUENCY, NOT_CONNECTED, OVERLAPS, UNLINKED, Outcome
from sandbox.runs import LATEST, Habit, Run, first_below, runs
from sandbox.schedule import DAY, due, local_date
from sandbox.switches import Switches
from sandbox.syncs import Sync, from_json
from sandbox.weather import CALM, Weather

FUSE = 31
"""Failed days in a row after which Codat switches a merchant off (Codat docs)."""
BEFORE_NEXT = timedelta(minutes=10)
_SURELY_OVER = DAY * 0.9 - LATEST
"""A sync that takes no longer than this is over before the run of the next day starts."""
_NEVER = datetime.max.replace(tzinfo=UTC)
_BY_END = attrgetter("ended")


class Timeline:
    def __init__(
        self,
        merchant: Merchant,
        card: Card,
        events: Iterable[Event],
        *,
        since: datetime,
        weather: Weather = CALM,
        speed: float = 1.0,
        switches_at: Callable[[datetime], Switches] = lambda _: Switches(),
    ) -> None:
        self.merchant = merchant
        self.card = card
        self.asked = 0
        """How many syncs people have asked for."""
        self.synced: list[tuple[datetime, datetime]] = []
        self.synced_to: datetime | None = None
        self.failed_days = 0
        self.maker = Maker(merchant.duration / speed, switches_at)
        self._books = [(merchant.created, card.books)] if card.books else []
        self._weather, self._switches_at = weather, switches_at
        self._risk = merchant.risk
        self._longest = DAY if merchant.kind.hangs else timedelta(seconds=self.maker.duration * 1.2)
        ends = (weather.begins, merchant.untroubled_until)
        self._calm_until = min(filter(None, ends), default=_NEVER)
        self._events = deque(events)
        self.history = History(self.maker, merchant.sales_in)
        self._open: list[Sync] = []
        """Those that run, in the order of their ends."""
        self._restart: datetime | None = None
        self._is_connected = card.is_connected
        self._cut_off = not self._is_connected
        self._schedule_from(self._first_day(since))

    @property
    def syncs(self) -> list[Sync]:
        """All of them, oldest first."""
        return self.history.syncs()

    def advance(self, now: datetime) -> "Timeline":
        """Fold everything that has happened up to now."""
        events = self._events
        while True:
            if events and events[0].at <= min(now, self._next.at):
                self._apply(events.popleft())
            elif self._next.at <= now:
                if not self._pass_plain_days(now):
                    self._run()
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

    def outcome_of_request(self, at: datetime, start: datetime, finish: datetime) -> Outcome:
        """How a sync ends that is asked for now, if nothing forbids it."""
        return self._cause_for(at) or self.merchant.outcome_of_request(start, finish)

    def overlaps(self, start: datetime, finish: datetime) -> bool:
        return any(start < end and finish > begin for begin, end in self.synced)

    def next_start(self) -> datetime:
        """Where a sync to the latest begins: the last successful end, else the configured start date."""
        start = self.synced_to or self.card.schedule.start()
        return max(start, self._restart) if self._restart else start

    def books_at(self, moment: datetime) -> str:
        """The accounting connection that a sync of this moment writes to; it may have been deleted since."""
        known = [link_id for since, link_id in self._books if since <= moment] or [self.card.company_id]
        return known[-1]

    def _first_day(self, since: datetime) -> date:
        schedule = self.card.schedule
        if self.merchant.created >= since:
            return local_date(self.merchant.created, schedule.zone) + DAY
        # The history shown begins later than the merchant: what came before is synced, but no longer listed.
        before = local_date(since, schedule.zone)
        if self.card.configured:
            self._remember(self.card.schedule.start(), due(before, schedule.hour, schedule.zone))
        return before + DAY

    def _schedule_from(self, day: date) -> None:
        schedule = self.card.schedule
        self._habit = Habit(self.merchant.company_id, schedule.hour, schedule.zone, self.merchant.delay)
        self._runs_from(day.toordinal())

    def _runs_from(self, day: int) -> None:
        self._runs = runs(self._habit, day, self._weather)
        self._next = next(self._runs)

    def _is_ready(self) -> bool:
        return self.card.enabled and self.card.configured

    def _pass_plain_days(self, now: datetime) -> bool:
        """Whether there are days now on which each run is sure to succeed and to be over before the next, or none is.

        Most days of most merchants are of that kind.
        """
        if self._next.chance < self._risk:
            return False
        first, end = self._next.day, self._plain_until(now)
        if end <= first:
            return False
        self._settle(self._next.at)
        if not self._is_ready():
            self._runs_from(end)
            return True
        start = self.next_start()
        if self._open or start >= self._next.due or not self._is_connected:
            return False
        if not self.card.schedule.is_offered:
            return False
        last = first_below(self._habit, self._risk, first, end)
        self.history.note(PlainDays(self._habit, first, last, start))
        self._remember(start, due(date.fromordinal(last - 1), self._habit.hour, self._habit.zone))
        self.failed_days = 0
        self._runs_from(last)
        return True

    def _plain_until(self, now: datetime) -> int:
        """A day before which nothing can happen but the schedule; 0 when there is none soon."""
        end = min(now, self._calm_until, *(event.at for event in islice(self._events, 1)))
        if end - self._next.due < DAY * 2 or self._longest > _SURELY_OVER:
            return 0
        return local_date(end - LATEST - self._longest, self._habit.zone).toordinal()

    def _run(self) -> None:
        run, self._next = self._next, next(self._runs)
        self._settle(run.at)
        start = self.next_start()
        outcome = self._outcome(run, start) if self._is_ready() else None
        if not outcome:
            return
        sync = self.maker.made(run, min(start, run.due), outcome)
        if self.merchant.kind.hangs:
            sync = sync._replace(seconds=(self._next.at - BEFORE_NEXT - run.at).total_seconds())
        self._append(sync)

    def _outcome(self, run: Run, start: datetime) -> Outcome | None:
        """None when Codat does not even try: after a connection is severed, one run fails and no more follow."""
        if not self._is_connected:
            tried, self._cut_off = self._cut_off, True
            return None if tried else self._severed(self._switches_at(run.at).severed_code)
        if not self.card.schedule.is_offered:
            return FREQUENCY
        if self._open or start >= run.due:
            return OVERLAPS
        return self._cause_for(run.at) or self.merchant.outcome_of_run(run, start)

    def _cause_for(self, at: datetime) -> Outcome | None:
        """Why a wave makes a sync fail that starts at this moment."""
        if not self._weather.waves:
            return None
        platforms = [link.key for link in self.card.connections.values() if link.status == "Linked"]
        cause = self._weather.cause_for(self.merchant.company_id, platforms, at)
        return cause and cause.worded(self.merchant.words)

    def _severed(self, code: str) -> Outcome:
        if code != "by_status":
            return UNLINKED if code == "4220" else DEAUTHORIZED
        statuses = {link.status for link in self.card.connections.values()}
        if "Deauthorized" in statuses:
            return DEAUTHORIZED
        return UNLINKED if "Unlinked" in statuses else NOT_CONNECTED

    def _append(self, sync: Sync) -> None:
        if self._weather.outages:
            sync = sync.under(self._weather)
        self.history.append(sync)
        insort(self._open, sync, key=_BY_END)

    def _settle(self, now: datetime) -> None:
        """Count the syncs that have ended by now, in the order of their ends."""
        while self._open and self._open[0].ended <= now:
            self._count(self._open.pop(0))

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
        if self.synced and self.synced[-1][1] == start:
            start = self.synced.pop()[0]
        self.synced.append((start, finish))
        self.synced_to = max(finish, self.synced_to or finish)

    def _apply(self, event: Event) -> None:
        self._settle(event.at)
        if event.what == "sync":
            self.asked += 1
            self._append(from_json(event.at, event.body))
            return
        card = self.card
        schedule, enabled = card.schedule, card.enabled
        card.apply(event)
        if card.books and card.books not in (link_id for _, link_id in self._books[-1:]):
            self._books.append((event.at, card.books))
        self._is_connected = card.is_connected
        if self._is_connected:
            self._cut_off = False
        if card.enabled and not enabled:
            self._switched_on(moved=card.schedule.start_date != schedule.start_date)
        if (card.schedule, card.enabled) != (schedule, enabled):
            self._schedule_from(card.schedule.first_day(event.at))

    def _switched_on(self, *, moved: bool) -> None:
        """Whoever switches a merchant on again may move the start date past what was entered by hand (Codat docs)."""
        self.failed_days = 0
        if moved:
            self._restart = self.card.schedule.start()
