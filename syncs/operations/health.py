"""A merchant's health columns, kept in the transaction that stores the syncs they come from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from syncs.codat.statuses import Outcome, status_of
from syncs.models import Merchant, Sync, SyncRequest
from syncs.models.sync import SyncQuerySet
from syncs.operations import connections, days, half_written, troubles
from syncs.operations.evidence import perhaps_ours
from syncs.operations.half_written import HISTORY as HISTORY
from syncs.operations.sync_rows import RUNS_AT_MOST
from syncs.rules import attention, fuse
from syncs.rules.coverage import Day
from syncs.rules.health import Health, health_of
from syncs.rules.salesdays import day_before, day_of, start_of, today
from syncs.rules.states import AT_CODAT

# All that comes from the stored syncs.
COLUMNS = (
    *("health", "last_code", "last_cause_id", "last_message", "last_final_at", "last_pushed"),
    *("running_since", "running_code", "last_success_at", "silent_since"),
    *("failing_since", "failed_days", "switches_off_on", "switches_off_at", "last_days", "last_days_end"),
)
# And when it was first seen to fail, which no later look at the syncs can tell.
SAVED = (*COLUMNS, "began_to_fail_at")


def update(merchant: Merchant, changed: Sequence[Sync], tied: Sequence[Sync], now: datetime) -> bool:
    """Brings windows, days and health columns up to date; True when a page would show it. The caller saves."""
    touched = update_days(merchant, changed, tied, now)
    shown, before = _shown(merchant), troubles.of(merchant, now)
    if changed or merchant.refreshed_at is None:
        _learn(merchant, changed, tied, now)
    # What once counted may be a stopped range: who carries its code is read anew, and there are few.
    if changed or tied or merchant.refreshed_at is None or status_of(merchant.last_code).duplicate_risk:
        _read_newest(merchant, now)
    _judge(merchant, now)
    merchant.refreshed_at, merchant.refresh_problem = max(now, merchant.looked_at(now) or now), ""
    troubles.follow(merchant, before, now)
    return touched or shown != _shown(merchant)


def judge_anew(merchant: Merchant, changed: Sequence[Sync], tied: Sequence[Sync], now: datetime) -> None:
    """Where a person has said whose these are: their days, and what they say of the merchant. The caller saves
    `SAVED`."""
    before = troubles.of(merchant, now)
    update_days(merchant, changed, tied, now)
    _read_newest(merchant, now)
    _judge(merchant, now)
    troubles.follow(merchant, before, now)


def recompute(merchant: Merchant, now: datetime) -> dict[date, Day]:
    """All of it anew from the stored syncs, as a look now would leave it, and its days; nothing is written."""
    yesterday = day_before(today(merchant.zone, now), merchant.zone)
    decided = days.made_anew(merchant, _first_to_decide(merchant, [None], yesterday, now), now)
    _read_days(merchant, decided, now)
    _read_newest(merchant, now)
    _judge(merchant, now)
    return decided


def update_days(merchant: Merchant, changed: Sequence[Sync], tied: Sequence[Sync], now: datetime) -> bool:
    """Decides anew the days that these syncs touch, with strip and fuse; True if there was anything to decide."""
    yesterday = day_before(today(merchant.zone, now), merchant.zone)
    if not changed and not tied and merchant.last_days_end == yesterday:
        return False
    syncs = [*changed, *tied]
    is_new = merchant.last_days_end is None
    since = None if is_new else days.changed_since(merchant, syncs, now)
    placed = days.place_windows(merchant, since) if syncs or is_new else None
    # A sync that turns out to be ours had a window of the schedule until then: all is decided anew.
    first = None if tied else merchant.last_days_end
    touched = [first, *_touched_days(merchant, syncs), *([placed] if placed else [])]
    days.decide(merchant, _first_to_decide(merchant, touched, yesterday, now), now)
    _read_days(merchant, days.newest(merchant, now, HISTORY), now)
    return True


def _read_days(merchant: Merchant, decided: dict[date, Day], now: datetime) -> None:
    """Strip and fuse."""
    day = today(merchant.zone, now)
    merchant.last_days, merchant.last_days_end = days.strip(decided), day_before(day, merchant.zone)
    burning = fuse.burn(
        decided,
        day,
        _failed_since_success(merchant),
        is_cut_off=connections.all_linked(merchant) is False,
        switched_on=day_of(merchant.switched_on_at, merchant.zone) if merchant.switched_on_at else date.min,
    )
    merchant.failed_days, merchant.failing_since = burning.failed_days, burning.failing_since
    merchant.switches_off_on = off = burning.switches_off_on
    merchant.switches_off_at = start_of(off, merchant.zone) if off else None


def _failed_since_success(merchant: Merchant) -> set[int | None] | None:
    """The syncs that failed after the last success; None when there never was one."""
    success = merchant.syncs.successful().newest_first().only("started_at", "merchant").first()
    if success is None:
        return None
    failed = merchant.syncs.filter(outcome=Outcome.FAILED, started_at__gt=success.started_at)
    return set(failed.values_list("pk", flat=True))


def _touched_days(merchant: Merchant, syncs: Sequence[Sync]) -> list[date]:
    """The first day of the window of each that had one before."""
    return [day_of(sync.window_start, merchant.zone) for sync in syncs if sync.window_start]


def _first_to_decide(
    merchant: Merchant, touched: Sequence[date | None], yesterday: date, now: datetime
) -> date:
    """The first of these, never further back than the history we show; None stands for the beginning."""
    oldest = day_of(now - HISTORY, merchant.zone)
    begun = _begun(merchant, oldest) if None in touched else yesterday
    return max(oldest, min(yesterday, *(day or begun for day in touched)))


def _begun(merchant: Merchant, oldest: date) -> date:
    """Of a start date that was moved on since, the days before it are still shown."""
    kept = merchant.days.filter(day__gte=oldest).order_by("day").values_list("day", flat=True).first()
    return min(merchant.start_date or oldest, kept or date.max)


def _read_newest(merchant: Merchant, now: datetime) -> None:
    syncs = merchant.syncs.newest_first().defer("raw")
    final = _newest_result(merchant, syncs)
    success = syncs.successful().first()
    running = syncs.filter(outcome=Outcome.RUNNING, started_at__gt=now - RUNS_AT_MOST).first()
    merchant.running_since = running.started_at if running else None
    merchant.running_code = running.code if running else None
    merchant.last_final_at = final.started_at if final else None
    merchant.last_code = final.code if final else None
    merchant.last_cause_id = final.cause_id if final else None
    merchant.last_message = final.message[:300] if final else ""
    merchant.last_pushed = final.data_pushed if final else None
    if final and final.outcome == Outcome.FAILED:
        merchant.last_pushed = half_written.by_failures(merchant, final, success)
    merchant.last_success_at = success.started_at if success else None
    if success:
        merchant.silent_since = success.started_at


def _newest_result(merchant: Merchant, syncs: SyncQuerySet) -> Sync | None:
    """What Codat stopped and may be a range of ours says nothing before that is known."""
    newest = syncs.results().first()
    if newest is None or not newest.status.duplicate_risk:
        return newest
    return syncs.results().exclude(pk__in=[sync.pk for sync in perhaps_ours(merchant)]).first()


def _judge(merchant: Merchant, now: datetime) -> None:
    """The one word, from the columns; nothing that is read here needs the syncs."""
    if merchant.running_since and now - merchant.running_since >= RUNS_AT_MOST:
        merchant.running_since = merchant.running_code = None
    merchant.health = _word(merchant, connections.all_linked(merchant), now).value


def _word(merchant: Merchant, connections_linked: bool | None, now: datetime) -> Health:
    is_between = merchant.last_final_at and not merchant.running_since
    return health_of(
        seen=True,
        last_final=status_of(merchant.last_code).outcome if merchant.last_final_at else None,
        last_code=merchant.last_code,
        connections_linked=connections_linked,
        enabled=merchant.enabled,
        failed_days=merchant.failed_days,
        without_result=now - merchant.last_final_at
        if is_between and merchant.last_final_at
        else timedelta(0),
    )


def fits_some_connections(merchant: Merchant, health: str, now: datetime) -> bool:
    """Whether these columns go with that word, whatever the connections were."""
    return health in {_word(merchant, linked, now) for linked in (True, False, None)}


def _shown(merchant: Merchant) -> tuple[object, ...]:
    return merchant.health, merchant.running_since, merchant.running_code, merchant.refresh_problem


def _learn(merchant: Merchant, changed: Sequence[Sync], tied: Sequence[Sync], now: datetime) -> None:
    """This merchant's usual time: how long after its sync hour the scheduled runs end."""
    facts = facts_of(merchant)
    ours = {sync.pk for sync in tied}
    for sync in sorted(changed, key=lambda sync: sync.started_at):
        if sync.final_seen == now and sync.initiator != Sync.Initiator.OURS and sync.pk not in ours:
            delay = attention.delay_of(facts, sync.started_at, _end(sync, merchant, now))
            if delay is not None:
                usual = attention.learn(facts.usual_delay, facts.spread, delay)
                facts = replace(facts, usual_delay=usual.delay, spread=usual.spread)
            facts = replace(facts, last_result_at=sync.started_at)
    if facts.usual_delay is not None and facts.spread is not None:
        merchant.usual_delay_mean = facts.usual_delay.total_seconds()
        merchant.usual_delay_spread = facts.spread.total_seconds()


def _end(sync: Sync, merchant: Merchant, now: datetime) -> datetime:
    """Codat tells only the start. The end is known of a run that we watched; of others the start comes closest."""
    return attention.ended(sync.first_seen < now, merchant.refreshed_at, now) or sync.started_at


def plan_next_look(merchant: Merchant, now: datetime) -> None:
    """After a look that failed: when it should have been looked at by now."""
    active = merchant.requests.active().order_by("asked_at").first()
    if merchant.is_archived and active is None:
        merchant.next_refresh_at, merchant.next_refresh_reason = None, ""
        return
    at_codat = active if active and active.state in AT_CODAT else None
    look = attention.next_look(facts_of(merchant, at_codat), now)
    merchant.next_refresh_at, merchant.next_refresh_reason = look.at, look.reason[:200]


def facts_of(merchant: Merchant, at_codat: SyncRequest | None = None) -> attention.Facts:
    return attention.Facts(
        health=Health(merchant.health),
        running_since=merchant.running_since,
        awaited_since=at_codat.state_since if at_codat else None,
        zone_name=merchant.time_zone or None,
        sync_hour=merchant.sync_hour or 0,
        usual_delay=_seconds(merchant.usual_delay_mean),
        spread=_seconds(merchant.usual_delay_spread),
        last_result_at=merchant.last_final_at,
        silent_since=merchant.silent_since,
        refreshed_at=merchant.refreshed_at,
        archived=merchant.is_archived,
        jitter=(merchant.pk * 0.618034) % 1.0,
    )


def _seconds(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)
