"""A desk that asks Codat about its merchants: the product's own rule and order against simulated merchants."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bench.world import HOUR, MINUTE, Conditions, Shop, moment
from syncs.codat.retrying import TRIES
from syncs.rules import attention
from syncs.rules.health import Health

# The measured day begins at midnight where most merchants are, after half a day to settle.
FIRST, LAST = 12 * HOUR, 36 * HOUR
# What came late in the day is waited for.
UNTIL = LAST + 3 * HOUR
COMPANIES_EVERY, COMPANIES_ON_A_PAGE = 10 * MINUTE, 500
# As operations/handing_out.py has it.
NEW_ONE_IN = 3


@dataclass(slots=True)
class Row:
    """A merchant as the desk knows it."""

    shop: Shop
    jitter: float
    last_success: float
    usual: attention.Usual | None = None
    seen: int = 0
    last_start: float | None = None
    running: float | None = None
    failing: bool = False
    has_problem: bool = False
    refreshed: float | None = None
    configured: float = 0.0


@dataclass
class Desk:
    conditions: Conditions
    rate: float
    rows: list[Row] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    unexpected: list[float] = field(default_factory=list)
    calls: int = 0
    per_minute: Counter[int] = field(default_factory=Counter)
    behind: float = 0.0
    oldest: float = 0.0
    _free: float = 0.0
    _due: list[tuple[float, int]] = field(default_factory=list)
    _new: list[int] = field(default_factory=list)
    _turn: int = 0

    def open(self, shops: Iterable[Shop]) -> None:
        """Everybody known already was looked at within the day before; who is new comes with the measured day."""
        for number, shop in enumerate(shops):
            row = Row(shop, jitter=number * 0.618034 % 1.0, last_success=shop.begins)
            self.rows.append(row)
            if not shop.is_new:
                row.configured = -(6 + 12 * row.jitter) * HOUR
                self._take_in(row, 0.0)
                heapq.heappush(self._due, (self._next_look(row, 0.0), number))
        self._new = [number for number in range(len(self.rows) - 1, -1, -1) if self.rows[number].shop.is_new]

    def work(self) -> None:
        companies = 0.0
        while True:
            number, wished = self._most_urgent()
            at = max(self._free, wished)
            if at >= UNTIL:
                break
            if at >= companies:
                companies += COMPANIES_EVERY
                self._spend(-(-len(self.rows) // COMPANIES_ON_A_PAGE), at)
                at = max(self._free, wished)
            heapq.heappush(self._due, (self._look(self.rows[number], at, wished), number))
        self._count_what_was_not_seen()

    def _most_urgent(self) -> tuple[int, float]:
        """Who waits the longest. Of those never looked at, one in so many turns, or whenever nobody else waits."""
        self._turn += 1
        is_free = self._turn % NEW_ONE_IN == 0 or self._due[0][0] > self._free
        if self._new and self._free >= FIRST and is_free:
            return self._new.pop(), self._free
        wished, number = heapq.heappop(self._due)
        return number, wished

    def _look(self, row: Row, at: float, wished: float) -> float:
        """When this merchant is looked at the next time."""
        is_silent = self._is_silent(at)
        is_in_vain = is_silent or row.shop.is_refused
        needs_configuration = not is_in_vain and (row.refreshed is None or self._is_stale(row, at))
        # The client tries again where Codat is out of order, and each try is a call of the budget.
        self._spend(TRIES if is_silent else 2 if needs_configuration else 1, at)
        if FIRST <= at < LAST:
            self.behind = max(self.behind, at - wished)
            is_known = row.refreshed is not None and not row.shop.is_refused
            self.oldest = max(self.oldest, at - (row.refreshed or 0.0) if is_known else 0.0)
        if is_in_vain:
            return self._in_vain(row, at)
        row.has_problem = False
        if needs_configuration:
            row.configured = at
        self._take_in(row, at)
        return self._next_look(row, at)

    def _is_stale(self, row: Row, at: float) -> bool:
        """A configuration is read with a look that no result waits for, or when it is much too old."""
        return attention.is_stale(moment(row.configured), self._facts(row, at), moment(at))

    def _spend(self, calls: int, at: float) -> None:
        for _ in range(calls):
            self.per_minute[int(max(self._free, at) // MINUTE)] += 1
            self._free = max(self._free, at) + MINUTE / self.rate
        self.calls += calls if FIRST <= at < LAST else 0

    def _is_silent(self, at: float) -> bool:
        outage = self.conditions.outage
        return outage is not None and self.conditions.outage_of != "syncs" and outage[0] <= at < outage[1]

    def _in_vain(self, row: Row, at: float) -> float:
        """As operations/refresh.py has it; who is new was registered when the measured day began."""
        is_new, is_first, row.has_problem = row.refreshed is None, not row.has_problem, True
        due = moment(FIRST)
        if row.refreshed is not None:
            due = attention.next_look(self._facts(row, row.refreshed), moment(at)).at
        wait = attention.after_a_look_in_vain(moment(at) - due, is_first=is_first, is_new=is_new)
        return at + wait.total_seconds()

    def _take_in(self, row: Row, at: float) -> None:
        """As a refresh does: of a run that was seen running the end is known about, of others the start. So too of the
        nights before, which came with the import.
        """
        runs = row.shop.runs
        last_look = None if row.refreshed is None else moment(row.refreshed)
        while row.seen < len(runs) and runs[row.seen].end <= at:
            run = runs[row.seen]
            row.seen += 1
            self._note_age(run.end, at, expected=run.expected)
            ended = attention.ended(row.running == run.start, last_look, moment(at))
            self._learn(row, run.start, ended or moment(run.start))
            row.last_start, row.failing = run.start, run.failed
            if not run.failed:
                row.last_success = run.start
        is_running = row.seen < len(runs) and runs[row.seen].start <= at
        row.running = runs[row.seen].start if is_running else None
        row.refreshed = at

    def _learn(self, row: Row, started: float, ended: datetime) -> None:
        delay = attention.delay_of(self._facts(row, started), moment(started), ended)
        if delay is not None:
            row.usual = attention.learn(*(row.usual or (None, None)), delay)

    def _note_age(self, end: float, at: float, *, expected: bool) -> None:
        if FIRST <= end < LAST:
            (self.ages if expected else self.unexpected).append(at - end)

    def _count_what_was_not_seen(self) -> None:
        for row in self.rows:
            if row.shop.is_refused:
                continue
            self.oldest = max(self.oldest, UNTIL - (row.refreshed or FIRST))
            for run in row.shop.runs[row.seen :]:
                if run.end < UNTIL:
                    self._note_age(run.end, UNTIL, expected=run.expected)

    def _next_look(self, row: Row, at: float) -> float:
        return (attention.next_look(self._facts(row, at), moment(at)).at - moment(0)).total_seconds()

    def _facts(self, row: Row, at: float) -> attention.Facts:
        shop, usual = row.shop, row.usual
        return attention.Facts(
            health=_health(row),
            running_since=None if row.running is None else moment(row.running),
            awaited_since=None,
            zone_name=shop.zone.key,
            sync_hour=shop.sync_hour,
            usual_delay=usual.delay if usual else None,
            spread=usual.spread if usual else None,
            last_result_at=None if row.last_start is None else moment(row.last_start),
            silent_since=moment(row.last_success),
            refreshed_at=moment(at),
            archived=False,
            jitter=row.jitter,
        )


def _health(row: Row) -> Health:
    if row.shop.is_off:
        return Health.SWITCHED_OFF
    if row.last_start is None:
        return Health.NEVER_SYNCED
    return Health.FAILING if row.failing else Health.HEALTHY


class InTurn(Desk):
    """What ours is compared with, in the same world: of everybody, who was asked the longest ago is asked next."""

    def _next_look(self, row: Row, at: float) -> float:
        return at

    def _in_vain(self, row: Row, at: float) -> float:
        return at
