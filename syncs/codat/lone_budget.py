"""The budget of a clock that reaches no Redis: small, even, and bound by what others know."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from syncs.codat.budget import LocalBudget
from syncs.codat.crowd import Place
from syncs.codat.pace import Pace, Purpose, refusal


@dataclass(frozen=True)
class Stops:
    """Until when nobody is to call, and until when only sends are."""

    paused_until: datetime | None = None
    kept_until: datetime | None = None


@dataclass
class LoneBudget(LocalBudget):
    """No sixty seconds hold more calls than `per_minute`. Reads and bulks take turns; only a single press may go a
    call ahead: one hand does all of it, so whoever ran further ahead would leave the others nothing."""

    of_others: Callable[[], Stops] = Stops
    """What stops this process too. Its own answers do not end it."""

    def __post_init__(self) -> None:
        # One less, since a POST may follow its look, which took both calls, a good while later.
        self._pace = Pace(per_minute=self.per_minute - 1, burst=1, borrow=1, reserve=self.reserve)

    def take(
        self, purpose: Purpose, place: Place | None = None, *, may_probe: bool = True, calls: int = 1
    ) -> bool:
        stops = self.of_others()
        self._heed("paused", stops.paused_until, purpose)
        if purpose is Purpose.READ:
            self._heed("quota", stops.kept_until, purpose)
        return super().take(purpose, place, may_probe=may_probe, calls=calls)

    def _heed(self, reason: str, until: datetime | None, purpose: Purpose) -> None:
        wait = until.timestamp() - self.clock() if until else 0.0
        if wait > 0:
            raise refusal(reason, wait, purpose)
