"""Codat's sync status codes in our words (Codat docs, error documentation; the unlisted are our reading)."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    RUNNING = "running"
    SYNCED = "synced"
    EMPTY = "empty"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        return self in {Outcome.SYNCED, Outcome.EMPTY, Outcome.FAILED}

    @property
    def is_success(self) -> bool:
        return self in {Outcome.SYNCED, Outcome.EMPTY}


@dataclass(frozen=True)
class Status:
    """What one of Codat's codes means to us. Whoever decides by a code asks for one of these flags instead."""

    word: str
    outcome: Outcome
    needs_reconnect: bool = False
    # Only paying helps: a reconnect link does not.
    plan_expired: bool = False
    # A range that does not overlap may pass where the same one again may not.
    duplicate_risk: bool = False
    takes_long: bool = False


STATUSES = {
    1000: Status("Running", Outcome.RUNNING),
    1010: Status("Running over 10 min", Outcome.RUNNING, takes_long=True),
    2000: Status("Synced", Outcome.SYNCED),
    2040: Status("Synced, no sales", Outcome.EMPTY),
    4000: Status("Settings error", Outcome.FAILED),
    4040: Status("Disconnected", Outcome.FAILED, needs_reconnect=True),
    4200: Status("Settings error", Outcome.FAILED),
    4220: Status("Disconnected", Outcome.FAILED, needs_reconnect=True),
    4260: Status("Accounting plan expired", Outcome.FAILED, needs_reconnect=True, plan_expired=True),
    5000: Status("Codat server error", Outcome.FAILED),
    5080: Status("Stopped: duplicate risk", Outcome.FAILED, duplicate_risk=True),
    5120: Status("Could not read data", Outcome.FAILED),
    5130: Status("Could not write data", Outcome.FAILED),
}

FINAL_CODES = [code for code, status in STATUSES.items() if status.outcome.is_final]
DUPLICATE_RISK_CODES = [code for code, status in STATUSES.items() if status.duplicate_risk]
LONG_RUNNING_CODES = [code for code, status in STATUSES.items() if status.takes_long]

UNLISTED = {
    1: Status("Running", Outcome.RUNNING),
    2: Status("Synced", Outcome.SYNCED),
    4: Status("Unknown failure", Outcome.FAILED),
    5: Status("Unknown failure", Outcome.FAILED),
}

UNKNOWN = Status("Unknown result", Outcome.UNKNOWN)


def status_of(code: int | None) -> Status:
    """An unlisted four-digit code is read by its first digit; anything else is unknown and not final."""
    if code in STATUSES:
        return STATUSES[code]
    if code is None or not 1000 <= code <= 9999:
        return UNKNOWN
    return UNLISTED.get(code // 1000, UNKNOWN)
