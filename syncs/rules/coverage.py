"""Which sales days are synced, by which sync, and what a wanted range would write a second time."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from syncs.codat.statuses import Outcome
from syncs.rules.windows import Window


@dataclass(frozen=True)
class RanSync:
    """A sync as Codat reports it; `known` is how we know its window: answered, requested, inferred, or ""."""

    key: int
    at: datetime
    outcome: Outcome
    needs_reconnect: bool
    window: Window | None
    known: str


class DayOutcome(StrEnum):
    SYNCED = "synced"
    EMPTY = "empty"
    FAILED = "failed"
    DISCONNECTED = "disconnected"
    RUNNING = "running"
    NOT_RUN = "not_run"


@dataclass(frozen=True)
class Day:
    """How a sales day's own run ended, and the key of the sync that covers it wholly, perhaps a later one."""

    day: date
    outcome: DayOutcome
    decided_by: int | None
    covered_by: int | None
    covered_empty: bool
