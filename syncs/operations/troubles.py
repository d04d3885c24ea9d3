"""What follows when a merchant's trouble changes: it is written down, care that is over ends, and there may be
something to tell.

Nobody asks for it: looks at Codat do, and the clock, where only time has passed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from syncs.codat.statuses import status_of
from syncs.models import AlertEvent, Care, Merchant, User
from syncs.operations import alerting, beginnings, log
from syncs.rules import troubles
from syncs.rules.alerts import Event
from syncs.rules.health import WORD, Health
from syncs.rules.troubles import IN_TROUBLE, Trouble

TIME_IS_UP = "Its time is up"
OVER = "It recovered"
ONE_DAY = timedelta(days=1)


def of(merchant: Merchant, now: datetime) -> Trouble:
    return Trouble(Health(merchant.health), merchant.last_code, merchant.days_left(now))


def follow(merchant: Merchant, before: Trouble, now: datetime, what: str = "Saw its health change") -> None:
    """In the transaction, and under the lock, of whoever changes its health, and saves `health.SAVED`. Asks nothing
    where nothing changed."""
    after = of(merchant, now)
    beginnings.keep(merchant, before.health, now)
    _say_if_changed(merchant, before.health, after.health, what)
    if after == before or before.health == Health.UNSEEN or merchant.is_archived:
        return
    woken = end_overtaken(merchant.cares.standing().select_related("by"), after, now)
    merchant.snoozed_until = None if Care.Kind.SNOOZE in woken else merchant.snoozed_until
    _tell(merchant, before, after, now, woken=woken)


def _say_if_changed(merchant: Merchant, before: Health, after: Health, what: str) -> None:
    """State changes only, and not the first look: that would be a flood of news about the past."""
    if before not in {after, Health.UNSEEN}:
        log.record("merchant.health", what, merchant=merchant, before=WORD[before], after=WORD[after])


def end_overtaken(cares: Iterable[Care], after: Trouble, now: datetime) -> dict[str, str]:
    """Those whose trouble is over, or worse than it was; kind and reason of each that ended."""
    ended = {}
    for care in cares:
        why = _why_over(care, after)
        if why and finish(care, now=now, reason=why):
            ended[care.kind] = why
    return ended


def _why_over(care: Care, after: Trouble) -> str:
    if troubles.is_over(after):
        return OVER
    compare = troubles.worse if care.kind == Care.Kind.SNOOZE else troubles.other_health
    return compare(care.trouble, after)


def finish(care: Care, *, now: datetime, reason: str, **changes: Any) -> bool:
    """False when somebody was first. With `ended_by` a person did it."""
    actor = changes.get("ended_by")
    with transaction.atomic():
        # The merchant first, as everybody who locks several rows does.
        merchant = Merchant.objects.select_for_update().get(pk=care.merchant_id)
        if Care.objects.standing().filter(pk=care.pk).update(ended_at=now, **changes) != 1:
            return False
        shown: dict[str, Any] = {"snoozed_until": None} if care.kind == Care.Kind.SNOOZE else {"on_it": ""}
        Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1, **shown)
        what = _ended(care, by=actor)
        log.record(f"merchant.{care.kind}_ended", what, actor=actor, merchant=merchant, reason=reason)
    return True


def _ended(care: Care, *, by: User | None) -> str:
    """As it reads behind the name of whoever ended it."""
    name = care.by.display_name
    if care.kind == Care.Kind.SNOOZE:
        return "Ended the snooze" if by == care.by else f"Ended the snooze by {name}"
    return "Is on it no more" if by == care.by else f"Noted that {name} is on it no more"


def end_due(now: datetime) -> None:
    """The clock's part: those whose time is up."""
    for care in Care.objects.over(now).select_related("by").order_by("until", "pk")[:200]:
        finish(care, now=now, reason=TIME_IS_UP)


def burn_down(now: datetime) -> None:
    """The clock's part: fuses grow shorter without a look, and whoever was snoozed may wake by it."""
    for care in Care.objects.standing().filter(kind=Care.Kind.SNOOZE).select_related("by", "merchant"):
        end_overtaken([care], of(care.merchant, now), now)
    if alerting.is_wanted(Event.FUSE):
        alerting.note_all([_fuse(merchant, now) for merchant in _at_a_step(now)])


def _at_a_step(now: datetime) -> list[Merchant]:
    """On the day on which a step is reached, and the next: a clock may have stood still for a night."""
    last = now.date() + (max(troubles.STEPS) + 1) * ONE_DAY
    burning = Merchant.objects.listed().filter(switches_off_on__lte=last, health__in=IN_TROUBLE)
    told = burning.only("switches_off_on", "time_zone", "silent_since", "switched_on_at")
    return [merchant for merchant in told if _is_at_a_step(merchant, now)]


def _is_at_a_step(merchant: Merchant, now: datetime) -> bool:
    left = merchant.days_left(now)
    step = troubles.step_of(left)
    return left is not None and step is not None and step - left <= 1


def _fuse(merchant: Merchant, now: datetime) -> AlertEvent:
    """Once for each step of a row of failures, which begins with the last success, and anew where the merchant
    switched its sync on again without one."""
    left = merchant.days_left(now) or 0
    began = max(merchant.silent_since, merchant.switched_on_at or merchant.silent_since)
    return AlertEvent(
        event=Event.FUSE,
        merchant=merchant,
        occurrence=f"{began:%Y-%m-%dT%H:%M} {troubles.step_of(left)}",
        what=f"{troubles.days_left(left)} until Codat switches it off"
        if left
        else "Codat switches it off today",
        at=now,
    )


def _tell(
    merchant: Merchant, before: Trouble, after: Trouble, now: datetime, *, woken: dict[str, str]
) -> None:
    event, what = _news(before, after, is_woken=Care.Kind.SNOOZE in woken)
    if event:
        occurrence = f"{now:%Y-%m-%dT%H:%M:%S.%f}"
        alerting.note(event, what, now=now, occurrence=occurrence, merchant=merchant)


def _news(before: Trouble, after: Trouble, *, is_woken: bool) -> tuple[Event | None, str]:
    """State changes only; where a snooze hid that it fails, failing otherwise is one too."""
    is_news = before.health != after.health
    result = f"{status_of(after.code).word} ({after.code})" if after.code else WORD[after.health]
    told = {
        Health.HEALTHY: (Event.RECOVERED, result, is_news and before.health in IN_TROUBLE),
        Health.SWITCHED_OFF: (Event.FUSE, "Codat switched it off", is_news),
        Health.NEEDS_RECONNECT: (Event.RECONNECT, troubles.need_of(after), is_news or is_woken),
        Health.FAILING: (Event.FAILING, result, is_news or is_woken),
        Health.SILENT: (Event.FAILING, "No daily sync has ended for three days", is_news),
    }
    event, what, tells = told.get(after.health, (None, "", False))
    return (event, what) if tells else (None, "")
