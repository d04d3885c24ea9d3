"""A merchant's health columns, kept in the transaction that stores the syncs they come from."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from syncs.codat.statuses import Outcome
from syncs.models import Merchant, Sync
from syncs.operations import connections, days, log
from syncs.rules import attention, fuse
from syncs.rules.health import WORD, Health, health_of
from syncs.rules.salesdays import day_before, day_of, due_before, today

# How far back a first look decides days: what the merchant page shows, and a month more.
HISTORY = timedelta(days=125)


def update(merchant: Merchant, changed: Sequence[Sync], tied: Sequence[Sync], now: datetime) -> bool:
    """Brings windows, days and health columns up to date; True when a page would show it. The caller saves."""
    touched = update_days(merchant, changed, tied, now)
    before, had_problem = Health(merchant.health), bool(merchant.refresh_problem)
    _learn(merchant, changed)
    _update_columns(merchant, now)
    merchant.refreshed_at, merchant.refresh_problem = now, ""
    _say_if_health_changed(merchant, before)
    return touched or had_problem or before != merchant.health


def update_days(merchant: Merchant, changed: Sequence[Sync], tied: Sequence[Sync], now: datetime) -> bool:
    """Decides anew the days that these syncs touch, with strip and fuse; True if there was anything to decide."""
    yesterday = day_before(today(merchant.zone, now), merchant.zone)
    if not changed and not tied and merchant.last_days_end == yesterday:
        return False
    days.place_windows(merchant)
    first = _first_day_to_decide(merchant, [*changed, *tied], yesterday, now)
    days.decide(merchant, first, now)
    newest = days.newest(merchant, now)
    merchant.last_days, merchant.last_days_end = days.strip(newest), yesterday
    burning = fuse.burn(newest, today(merchant.zone, now))
    merchant.failed_days, merchant.failing_since = burning.failed_days, burning.failing_since
    merchant.switches_off_on = burning.switches_off_on
    return True


def _first_day_to_decide(merchant: Merchant, changed: Sequence[Sync], yesterday: date, now: datetime) -> date:
    """The earliest day that a changed sync can have touched; never further back than the history we show."""
    oldest = day_of(now - HISTORY, merchant.zone)
    windows = merchant.syncs.filter(pk__in=[sync.pk for sync in changed], window_start__isnull=False)
    starts = [
        day_of(start, merchant.zone) for start in windows.values_list("window_start", flat=True) if start
    ]
    unseen = [merchant.last_days_end] if merchant.last_days_end else [oldest]
    return max(oldest, min([*starts, *unseen, yesterday]))


def _update_columns(merchant: Merchant, now: datetime) -> None:
    newest = merchant.syncs.newest_first().defer("raw").first()
    final = merchant.syncs.final().newest_first().defer("raw").first()
    success = merchant.syncs.filter(outcome__in=["synced", "empty"]).newest_first().defer("raw").first()
    running = newest if newest and newest.outcome == Outcome.RUNNING else None
    merchant.running_since = running.started_at if running else None
    merchant.running_code = running.code if running else None
    merchant.last_final_at = final.started_at if final else None
    merchant.last_code = final.code if final else None
    merchant.last_cause_id = final.cause_id if final else None
    merchant.last_message = final.message[:300] if final else ""
    merchant.last_pushed = final.data_pushed if final else None
    merchant.last_success_at = success.started_at if success else None
    if success:
        merchant.silent_since = success.started_at
    merchant.health = health_of(
        seen=True,
        last_final=Outcome(final.outcome) if final else None,
        last_code=merchant.last_code,
        connections_linked=connections.all_linked(merchant),
        enabled=merchant.enabled,
        failed_days=merchant.failed_days,
    ).value


def _learn(merchant: Merchant, changed: Sequence[Sync]) -> None:
    """This merchant's usual time: how long after its sync hour Codat starts its scheduled runs."""
    mean, spread = _seconds(merchant.usual_delay_mean), _seconds(merchant.usual_delay_spread)
    for sync in sorted(changed, key=lambda sync: sync.started_at):
        if sync.initiator != Sync.Initiator.OURS and sync.final_seen:
            due = due_before(sync.started_at, merchant.zone, merchant.sync_hour or 0)
            mean, spread = attention.learn(mean, spread, sync.started_at - due)
    if mean is not None and spread is not None:
        merchant.usual_delay_mean, merchant.usual_delay_spread = mean.total_seconds(), spread.total_seconds()


def _say_if_health_changed(merchant: Merchant, before: Health) -> None:
    """State changes only, and not the first look: that would be a flood of news about the past."""
    after = Health(merchant.health)
    if before in {after, Health.UNSEEN}:
        return
    log.record(
        "merchant.health",
        f"Saw {merchant.name} change",
        merchant=merchant,
        before=WORD[before],
        after=WORD[after],
    )


def plan_next_look(merchant: Merchant, now: datetime) -> None:
    active = merchant.requests.active().order_by("asked_at").first()
    look = attention.next_look(
        attention.Facts(
            health=Health(merchant.health),
            running_since=merchant.running_since,
            has_active_request=active is not None,
            active_since=active.asked_at if active else None,
            zone_name=merchant.time_zone or None,
            sync_hour=merchant.sync_hour or 0,
            usual_delay=_seconds(merchant.usual_delay_mean),
            spread=_seconds(merchant.usual_delay_spread),
            last_result_at=merchant.last_final_at,
            refreshed_at=merchant.refreshed_at,
            archived=merchant.is_archived,
            jitter=(merchant.pk * 0.618034) % 1.0,
        ),
        now,
    )
    merchant.next_refresh_at, merchant.next_refresh_reason = look.at, look.reason[:200]


def _seconds(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)
