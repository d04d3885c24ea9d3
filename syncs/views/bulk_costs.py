"""What a press for many costs: calls to Codat, of what is left today, and how long it takes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from syncs import meter, moments
from syncs.operations import run_lengths

# Calls to Codat: the look just before a request, and the request; and the looks until its result, by experience of
# usual lengths.
TO_SEND, TO_WATCH = 2, 6


@dataclass(frozen=True)
class Costs:
    sends: int
    """Syncs that Codat is asked for."""
    calls: int
    """Until the last of them is sent: each has a look just before it."""
    watching: int
    left: int | None
    """Calls of today; None where nobody knows."""
    limit: int | None
    per_minute: int
    waits: bool
    """No call is made now."""
    usual: timedelta | None
    """In which most runs have their result; None where nobody knows."""

    @property
    def looks(self) -> int:
        """Those just before the sends, too."""
        return self.calls - self.sends + self.watching

    @property
    def is_short(self) -> bool:
        return self.left is not None and self.left < self.calls

    @property
    def sending(self) -> str:
        return moments.length(self._to_send)

    @property
    def results(self) -> str:
        """About when the last of them has its result, if it runs as long as most do: while some are still to send,
        looks wait."""
        if self.usual is None or self.waits or self.is_short:
            return ""
        looks = _minutes(self.watching, self.per_minute)
        return moments.length(self._to_send + max(looks, _whole(self.usual)))

    @property
    def _to_send(self) -> timedelta:
        return _minutes(self.calls, self.per_minute)


def of(merchants: Collection[int]) -> Costs:
    state, count = meter.state(), len(merchants)
    return Costs(
        sends=count,
        calls=count * TO_SEND,
        watching=count * TO_WATCH,
        left=state.remaining if state.reachable else None,
        limit=state.limit,
        per_minute=state.per_minute,
        waits=state.stopped_until is not None,
        usual=run_lengths.of_most(merchants),
    )


def minutes_to_send(count: int) -> int:
    """By the pace of the budget."""
    return ceil(count * TO_SEND / meter.state().per_minute)


def _minutes(calls: int, per_minute: int) -> timedelta:
    return timedelta(minutes=max(1, ceil(calls / per_minute)))


def _whole(length: timedelta) -> timedelta:
    return ceil(length / moments.MINUTE) * moments.MINUTE
