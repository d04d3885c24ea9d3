"""What a person says about a merchant in trouble: I am on it; nobody need look at it for a time."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from syncs.models import Care, Merchant, User
from syncs.operations import log, troubles
from syncs.operations.asking import NotPossible
from syncs.rules.health import Health
from syncs.rules.salesdays import start_of
from syncs.rules.stored_moments import as_stored
from syncs.rules.troubles import WAKES_FROM

# Who said so and did nothing for so long is not on it any more.
ACK_AT_MOST = timedelta(days=3)
LONGEST_SNOOZE = timedelta(days=31)
NOTHING_WRONG = {Health.HEALTHY, Health.UNSEEN}
FUSE = "fuse"
LENGTHS = {"1": "1 day", "3": "3 days", "7": "1 week"}


def acknowledge(
    merchant: Merchant, *, by: User, note: str, now: datetime, instead_of: int | None = None
) -> Care:
    """`instead_of` is the one that this person saw, and takes over from. Raises NotPossible."""
    with transaction.atomic():
        merchant = _in_trouble(merchant)
        standing = merchant.cares.standing().filter(kind=Care.Kind.ACK).select_related("by").first()
        if standing and standing.by_id == by.pk:
            return standing
        if standing and standing.pk != instead_of:
            raise NotPossible(f"{standing.by.display_name} is on it already.")
        if standing:
            troubles.finish(standing, now=now, reason=f"{by.display_name} took over", ended_by=by)
        care = _begin(merchant, Care.Kind.ACK, by=by, note=note, now=now, until=now + ACK_AT_MOST)
        _show(merchant, on_it=by.display_name)
        log.record("merchant.ack", "Is on it", actor=by, merchant=merchant, reason=note)
    return care


def snooze(merchant: Merchant, *, by: User, note: str, until: datetime, now: datetime) -> Care:
    """Raises NotPossible."""
    if not now < until <= now + LONGEST_SNOOZE:
        raise NotPossible("Choose an end between now and a month from now.", field="until")
    with transaction.atomic():
        merchant = _in_trouble(merchant)
        standing = merchant.cares.standing().filter(kind=Care.Kind.SNOOZE).select_related("by").first()
        if standing:
            who = "You have" if standing.by == by else f"{standing.by.display_name} has"
            raise NotPossible(f"{who} snoozed it already. End that first.")
        care = _begin(merchant, Care.Kind.SNOOZE, by=by, note=note, now=now, until=until)
        _show(merchant, snoozed_until=until)
        log.record(
            "merchant.snooze",
            f"Snoozed it until {as_stored(until)}",
            actor=by,
            merchant=merchant,
            reason=note,
        )
    return care


def end(care: Care, *, by: User, now: datetime) -> bool:
    """False when it had ended before."""
    return troubles.finish(care, now=now, reason="", ended_by=by)


def end_of(length: str, merchant: Merchant, now: datetime) -> datetime | None:
    """When a snooze of this length ends; None where there is no such end."""
    if length != FUSE:
        return now + timedelta(days=int(length)) if length in LENGTHS else None
    if merchant.switches_off_on is None:
        return None
    moment = start_of(merchant.switches_off_on - timedelta(days=WAKES_FROM), merchant.zone)
    return moment if now < moment <= now + LONGEST_SNOOZE else None


def _in_trouble(merchant: Merchant) -> Merchant:
    """Under its lock: what is said is about the trouble of this moment."""
    merchant = Merchant.objects.select_for_update().get(pk=merchant.pk)
    if merchant.is_archived:
        raise NotPossible("This merchant is archived. Nothing of it needs looking after.")
    if merchant.health in NOTHING_WRONG:
        raise NotPossible("Nothing is wrong with this merchant any more. Nothing was saved.")
    return merchant


def _begin(
    merchant: Merchant, kind: Care.Kind, *, by: User, note: str, now: datetime, until: datetime
) -> Care:
    trouble = troubles.of(merchant, now)
    try:
        with transaction.atomic():
            return Care.objects.create(
                merchant=merchant,
                kind=kind,
                by=by,
                note=note,
                since=now,
                until=until,
                health=trouble.health,
                code=trouble.code,
                days_left=trouble.days_left,
            )
    except IntegrityError:
        raise NotPossible("Somebody was a moment faster. Look at the merchant again.") from None


def _show(merchant: Merchant, **columns: Any) -> None:
    """On the merchant itself, so that its row asks for nothing."""
    Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1, **columns)
