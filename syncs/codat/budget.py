"""How often we may call Codat: 1,000 times a minute per address, ten at once for a company, and a daily quota.

(Codat docs, rate limits.)

A 429 stops everybody. What it says of how long is kept to the letter, an hour at most: then it is tried again, since a
header that lies must not stop a desk for days. Where it does not say, one read a minute asks whether it still holds,
and a good answer ends it for all.

What the headers say is left is believed until Codat contradicts it by a good answer to a call beyond it. From then on
no small count is believed for the rest of that day; a 429 always is.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from syncs.codat.crowd import LEASE, TRY_AGAIN, Place
from syncs.codat.errors import LONGEST_WAIT, sane_wait
from syncs.codat.minutes import Minutes
from syncs.codat.pace import Pace, Purpose, refusal
from syncs.codat.quota import FURTHEST_RESET, UNSAID, Quota, next_midnight

# While nobody said how long we are paused, or the quota reads as spent, one read in so many seconds asks whether that
# is still so.
PROBE_EVERY = 60.0
# While it is asked, the others come back so soon: the answer is there in a moment.
PROBE_TAKES = 5.0
# Seconds since 1970 as floats are no finer than this.
ROUNDING = 1e-6


@dataclass(frozen=True)
class BudgetState:
    limit: int | None
    remaining: int | None
    resets_at: datetime | None
    paused_until: datetime | None
    per_minute: int
    last_minute: int = 0
    """Calls in the last sixty seconds, nearly."""
    reachable: bool = True
    is_blank: bool = False
    """Whether nobody has called or been told anything yet, as far as it remembers."""
    reserve: int = 100

    @property
    def stopped_until(self) -> datetime | None:
        """When calls go on at the latest; None while they go."""
        return self.paused_until or (self.resets_at if self.remaining == 0 else None)

    @property
    def kept_until(self) -> datetime | None:
        """When looks go on at the latest, while what is left of the day is kept for sends."""
        return self.resets_at if self.remaining and self.remaining <= self.reserve else None


class Budget(Protocol):
    def take(
        self, purpose: Purpose, place: Place | None = None, *, may_probe: bool = True, calls: int = 1
    ) -> bool:
        """Counts so many calls, or raises Later when none may be made now; never sleeps.

        True when this call is to find out whether calls may go on. A write never is. With no calls it asks
        whether all are stopped, and takes the place.
        """

    def heard(self, quota: Quota, left: Place | None = None) -> None:
        """Notes what an answer's headers said, and that the call is over; never raises."""

    def slow_down(self, seconds: float | None) -> None:
        """After a 429: nobody calls for so long; None, where it does not say: but for one read a minute. Never
        raises."""

    def resume(self, told: Quota = UNSAID) -> None:
        """After a good answer to that read, which told this: what stopped us is over, but for a time that Codat said
        meanwhile; never raises."""

    def state(self) -> BudgetState:
        """For pages and checks; never raises."""


@dataclass
class LocalBudget:
    """The budget of one process, in memory: for tests, and where there is no Redis."""

    per_minute: int = 800
    reserve: int = 100
    clock: Callable[[], float] = time.time
    _next: float = 0.0
    _paused_until: float = 0.0
    _told_until: float = 0.0
    """How far that is to be kept to the letter."""
    _asked_at: float = 0.0
    _is_asking: bool = False
    _quota: Quota = UNSAID
    _asked_of: Quota = UNSAID
    """What was said to be left when a call was made beyond it."""
    _doubted_until: float = 0.0
    _minutes: Minutes = field(default_factory=Minutes)
    _under_way: dict[str, dict[str, float]] = field(default_factory=dict)
    """For each company, when the places that are taken are free again at the latest."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._pace = Pace(per_minute=self.per_minute, reserve=self.reserve)

    def take(
        self, purpose: Purpose, place: Place | None = None, *, may_probe: bool = True, calls: int = 1
    ) -> bool:
        with self._lock:
            now = self.clock()
            if stopped := self._stopped(purpose, now):
                reason, wait = stopped
                if wait > ROUNDING or not may_probe:
                    raise refusal(reason, wait, purpose)
            wait = self._due(now) - now - self._pace.tolerance(purpose)
            if calls and wait > ROUNDING:
                raise refusal("pace", wait)
            if place:
                self._enter(place, purpose, now)
            self._minutes = self._minutes.more(now, calls)
            self._next = self._due(now) + calls * self._pace.interval
            if stopped:
                self._asked_at, self._is_asking = now, True
                self._asked_of = self._quota if self._is_spent(purpose, now) else UNSAID
            return bool(stopped)

    def heard(self, quota: Quota, left: Place | None = None) -> None:
        with self._lock:
            if left:
                self._under_way.get(left.company, {}).pop(left.token, None)
            if quota.is_silent:
                return
            now = self.clock()
            today = datetime.fromtimestamp(now, UTC)
            is_near = quota.resets_at and quota.resets_at <= today + FURTHEST_RESET
            reset = quota.resets_at if is_near else next_midnight(today)
            self._quota = Quota(quota.limit, quota.remaining, reset)
            self._asked_at, self._is_asking = now, False

    def slow_down(self, seconds: float | None) -> None:
        with self._lock:
            now = self.clock()
            if seconds is not None:
                self._told_until = max(_sane(self._told_until, now), now + sane_wait(seconds))
            until = now + LONGEST_WAIT if seconds is None else self._told_until
            self._paused_until = max(_sane(self._paused_until, now), until)
            self._asked_at, self._is_asking = now, False

    def resume(self, told: Quota = UNSAID) -> None:
        with self._lock:
            self._paused_until = _sane(self._told_until, self.clock())
            if self._asked_of.is_contradicted_by(told) and self._quota.resets_at:
                self._doubted_until = self._quota.resets_at.timestamp()
            if self._quota.remaining == 0:
                self._quota = Quota(self._quota.limit, None, self._quota.resets_at)

    def state(self) -> BudgetState:
        with self._lock:
            now = self.clock()
            known = self._quota if self._is_today(now) else Quota(self._quota.limit, None, None)
            if self._is_doubted(now):
                known = Quota(known.limit, None, known.resets_at)
            paused = _sane(self._paused_until, now)
        until = datetime.fromtimestamp(paused, UTC) if paused > now else None
        return BudgetState(
            limit=known.limit,
            remaining=known.remaining,
            resets_at=known.resets_at,
            paused_until=until,
            per_minute=self.per_minute,
            last_minute=self._minutes.last(now),
            reserve=self.reserve,
        )

    def _enter(self, place: Place, purpose: Purpose, now: float) -> None:
        taken = self._under_way.get(place.company, {}).items()
        others = {token: until for token, until in taken if now < until <= now + LEASE}
        if len(others) >= self._pace.room(purpose):
            raise refusal("crowd", TRY_AGAIN)
        self._under_way[place.company] = others | {place.token: now + LEASE}

    def _stopped(self, purpose: Purpose, now: float) -> tuple[str, float] | None:
        """Why nobody calls, and the seconds until somebody may ask whether that is still so."""
        paused, spent = _sane(self._paused_until, now) - now, self._is_spent(purpose, now)
        since = max(now - self._asked_at, 0.0)
        probe = (PROBE_TAKES if self._is_asking and since < PROBE_TAKES else PROBE_EVERY) - since
        if paused > ROUNDING:
            wait = max(probe, _sane(self._told_until, now) - now)
            return "paused", wait if spent else min(wait, paused)
        return ("quota", probe) if spent else None

    def _due(self, now: float) -> float:
        return self._next if now < self._next <= now + self._pace.furthest_ahead else now

    def _is_today(self, now: float) -> bool:
        return self._quota.resets_at is not None and self._quota.resets_at.timestamp() > now

    def _is_spent(self, purpose: Purpose, now: float) -> bool:
        left = self._quota.remaining if self._is_today(now) else None
        return left is not None and left <= self._pace.floor(purpose) and not self._is_doubted(now)

    def _is_doubted(self, now: float) -> bool:
        return now < self._doubted_until and (self._quota.remaining or 0) <= self._pace.reserve


def _sane(until: float, now: float) -> float:
    """Further ahead lies only what was written before the clock was set back."""
    return until if until <= now + LONGEST_WAIT else now
