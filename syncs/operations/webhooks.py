"""Codat says that something changed: the merchant is asked about soon. Nothing else comes of what it says."""

from datetime import datetime, timedelta

from django.db import transaction

from syncs.codat.webhooks import ABOUT_A_CONNECTION, WANTED, Event
from syncs.models import Merchant, Webhook
from syncs.models.merchant import is_company_id
from syncs.operations import handing_out

# Codat tries for about 28 hours (Codat docs, webhooks); later a person may have it sent again.
KEPT_FOR = timedelta(days=3)
# However much Codat tells of a merchant.
AT_MOST_EVERY = timedelta(seconds=10)


def hear(event: Event, now: datetime) -> bool:
    """False when this message was heard before, and when it is of an event that nobody here needs."""
    if event.kind not in WANTED:
        return False
    with transaction.atomic():
        _, is_new = Webhook.objects.get_or_create(message_id=event.message_id, defaults={"heard_at": now})
        if is_new and is_company_id(event.company_id):
            _ask_soon(event, now)
    return is_new


def forget_old(now: datetime) -> None:
    Webhook.objects.filter(heard_at__lt=now - KEPT_FOR).delete()


def is_news(merchant: Merchant, now: datetime) -> bool:
    """Codat told of a change since the last look."""
    told, looked = merchant.told_at, merchant.looked_at(now)
    return told is not None and (looked is None or looked < told)


def keep_in_line(merchant: Merchant, looked_at: datetime) -> bool:
    """What was told during a look may not be in its answer: the next look comes when the message put it."""
    if merchant.told_at is None or merchant.told_at <= looked_at:
        return False
    why = "asked at once: Codat told us of a change during the last look"
    _put_first(merchant, merchant.told_at, why)
    return True


def ask_again(merchant: Merchant, at: datetime) -> None:
    """The look answered, but what was told of could not be read: the news stay news."""
    merchant.told_at = at
    _put_first(merchant, at, "asked again: what Codat told us of could not be read")


def _ask_soon(event: Event, now: datetime) -> None:
    registered = Merchant.objects.registered().filter(company_id=event.company_id)
    merchant = registered.select_for_update().first()
    if merchant is None:
        return
    what = "a connection" if event.kind in ABOUT_A_CONNECTION else "the company"
    merchant.told_at = _moment(merchant, now)
    # Who is being asked is asked again afterwards, so that no two workers ask about one merchant.
    if not handing_out.is_held(merchant, now):
        _put_first(merchant, merchant.told_at, f"asked at once: Codat told us that {what} changed")
    merchant.save(update_fields=["told_at", "next_refresh_at", "next_refresh_reason"])


def _moment(merchant: Merchant, now: datetime) -> datetime:
    """Now, or ten seconds after the last look began, or was handed out, or was asked for like this."""
    due, told = merchant.next_refresh_at, merchant.told_at
    if due and due <= now:
        # Nobody has begun to look yet: that look will meet it.
        return now
    if told and now < told <= now + AT_MOST_EVERY:
        return told
    handed_out = due - handing_out.LEASE if due else None
    # A moment in the future is of a clock that was set back since.
    begun = [moment for moment in (told, merchant.refreshed_at, handed_out) if moment and moment <= now]
    return max([now, *(moment + AT_MOST_EVERY for moment in begun)])


def _put_first(merchant: Merchant, at: datetime, reason: str) -> None:
    if merchant.next_refresh_at is None or merchant.next_refresh_at > at:
        merchant.next_refresh_at, merchant.next_refresh_reason = at, reason
