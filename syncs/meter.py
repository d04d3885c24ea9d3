"""The API budget in the top bar: what the day and this minute have used, and why calls stand still when they do."""

import time
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2s
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from syncs import moments
from syncs.clients import impatient_budget
from syncs.codat.budget import BudgetState
from syncs.codat.shared_budget import SharedBudget
from syncs.operations.heartbeats import WITHOUT_A_QUEUE

# Seconds for which one answer serves all pages of a process, and for which a Redis that gave none is not asked again.
GOOD_FOR, GIVE_UP_FOR = 2.0, 10.0
GONE = f"The queue (Redis) does not answer, so nobody can count the calls to Codat. {WITHOUT_A_QUEUE}"


@dataclass(frozen=True)
class Meter:
    words: str
    explained: str
    tone: str = ""
    of: str = ""
    """What the bar measures; without a bar, nothing."""
    used: int = 0
    most: int = 0
    pace: str = ""

    @property
    def width(self) -> str:
        return f"{min(100 * self.used / self.most, 100):.1f}%" if self.most else ""


class Memory:
    """What the budget said last. While one page asks anew, the others are told that."""

    def __init__(self, budget: SharedBudget) -> None:
        self._budget = budget
        self._said: BudgetState | None = None
        self._good_until = 0.0

    def state(self) -> BudgetState:
        if self._said is None or time.monotonic() >= self._good_until:
            self._good_until = time.monotonic() + GIVE_UP_FOR
            self._said = self._budget.state()
            if self._said.reachable:
                self._good_until = time.monotonic() + GOOD_FOR
        return self._said


@cache
def _memory() -> Memory:
    return Memory(impatient_budget())


def shell(request: HttpRequest) -> dict[str, Any]:
    """Lazy: what shows no top bar, such as a poll without news, asks for nothing."""
    return {"budget": SimpleLazyObject(_now)}


def said() -> str:
    """Changes with whatever the top bar says of the budget."""
    return blake2s(repr(_now()).encode(), digest_size=4).hexdigest()


def trouble() -> str:
    """Empty while calls go."""
    told = _now()
    return told.words if told.tone else ""


def state() -> BudgetState:
    return _memory().state()


def _now() -> Meter:
    return meter(state(), timezone.localtime())


def meter(state: BudgetState, now: datetime) -> Meter:
    if not state.reachable:
        return Meter("not known, the queue is down", GONE, "bad")
    pace = f"{state.last_minute:,} of {state.per_minute:,} a minute"
    day = _day(state)
    if state.stopped_until:
        until = moments.in_a_sentence(state.stopped_until, now)
        asked = f"Codat asked us to wait, at the latest until {until}."
        why = asked if state.paused_until else "The API budget for today is spent."
        return Meter(f"paused until {until}", f"{why} What waits goes on by itself. {day}".strip(), "warn")
    if state.kept_until:
        why = "The API budget for today is nearly spent: what is left is kept for sync requests."
        explained = f"{why} Refreshing goes on by itself. {day}"
        return Meter(
            f"refreshing stopped until {moments.in_a_sentence(state.kept_until, now)}", explained, "warn"
        )
    explained = f"In the last minute {pace} at most. {day}".strip()
    if state.limit and state.remaining is not None:
        used = state.limit - state.remaining
        return Meter(
            f"{used:,} of {state.limit:,}", explained, "", "API calls used today", used, state.limit, pace
        )
    return Meter(pace, explained, "", "API calls in the last minute", state.last_minute, state.per_minute)


def _day(state: BudgetState) -> str:
    if state.remaining is None or state.resets_at is None:
        return ""
    of = f" of {state.limit:,}" if state.limit else ""
    anew = f"{timezone.localtime(state.resets_at):%H:%M}"
    return f"{state.remaining:,}{of} calls are left today; the count begins anew at {anew}."
