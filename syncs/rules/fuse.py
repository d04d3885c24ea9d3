"""How long until Codat switches a merchant off: on 31 failed days in a row (Codat docs, sync schedule)."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from syncs.rules.coverage import Day, DayOutcome

FUSE_DAYS = 31
ONE_DAY = timedelta(days=1)

BURNING = {DayOutcome.FAILED, DayOutcome.DISCONNECTED}
PUTTING_OUT = {DayOutcome.SYNCED, DayOutcome.EMPTY}


@dataclass(frozen=True)
class Fuse:
    """An estimate: Codat does not say whether a day without a run breaks the row. Here it does not."""

    failed_days: int
    failing_since: date | None
    switches_off_on: date | None
    counting: bool


NO_FUSE = Fuse(failed_days=0, failing_since=None, switches_off_on=None, counting=False)


def days_left(switches_off_on: date | None, today: date) -> int | None:
    """None while nothing counts; 0 once the day has come."""
    return max(0, (switches_off_on - today).days) if switches_off_on else None


def has_a_day_without_result(failed_days: int, left: int) -> bool:
    """Whether yesterday is neither among the failed days nor among those that are left: it has no result, so far."""
    return left > 0 and failed_days + left == FUSE_DAYS - 1


def burn(
    days: Mapping[date, Day],
    today: date,
    since_success: Container[int | None] | None = None,
    *,
    is_cut_off: bool = False,
    switched_on: date = date.min,
) -> Fuse:
    """The failed sales days since the last success, up to yesterday, whose result may not be in yet.

    `since_success` are the syncs that failed after it: a re-run of older days leaves a newer day failed, whose
    own run is none of them, and puts the fuse out all the same. None when there never was a success. Whoever
    `is_cut_off` lacks a linked connection. On the day on which the merchant `switched_on` its sync again another
    fuse begins, also without a success.
    """
    failed = sorted(
        day
        for day in _failed_since_success(days, today - ONE_DAY)
        if day >= switched_on and (since_success is None or days[day].decided_by in since_success)
    )
    if not failed:
        return NO_FUSE
    counting = not _given_up(days, failed[-1], today, is_cut_off=is_cut_off)
    return Fuse(
        failed_days=len(failed),
        failing_since=failed[0],
        switches_off_on=_switch_off_day(failed, _newest_settled(days, today)) if counting else None,
        counting=counting,
    )


def _failed_since_success(days: Mapping[date, Day], up_to: date) -> Iterator[date]:
    for known in sorted((known for known in days if known <= up_to), reverse=True):
        if days[known].outcome in PUTTING_OUT:
            return
        if days[known].outcome in BURNING:
            yield known


def _given_up(days: Mapping[date, Day], newest_failed: date, today: date, *, is_cut_off: bool) -> bool:
    """After a severed connection Codat tries once and then no more (Codat docs, sync schedule). Of one that was
    deleted that try tells only that the settings are wrong."""
    severed = is_cut_off or days[newest_failed].outcome is DayOutcome.DISCONNECTED
    return severed and newest_failed < _newest_settled(days, today)


def _newest_settled(days: Mapping[date, Day], today: date) -> date:
    yesterday = today - ONE_DAY
    settled = yesterday in days and days[yesterday].outcome in BURNING
    return yesterday if settled else yesterday - ONE_DAY


def _switch_off_day(failed: list[date], settled: date) -> date:
    """The day on which the run of the last day of the fuse fails: the day after that sales day."""
    if len(failed) >= FUSE_DAYS:
        return failed[FUSE_DAYS - 1] + ONE_DAY
    return settled + timedelta(days=FUSE_DAYS - len(failed)) + ONE_DAY
