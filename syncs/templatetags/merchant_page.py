from datetime import UTC, date, datetime, timedelta

from django import template
from django.utils import timezone

from syncs import moments
from syncs.models import Merchant
from syncs.rules import salesdays

register = template.Library()


@register.filter
def utc_minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


@register.filter
def took(length: timedelta) -> str:
    """As "2 m 58 s"."""
    minutes, seconds = divmod(max(0, round(length.total_seconds())), 60)
    return f"{minutes} m {seconds:02} s" if minutes else f"{seconds} s"


@register.filter
def about_for_both(at: datetime, merchant: Merchant) -> str:
    """By the reader's clock, and by the merchant's where it shows another time."""
    return moments.about_for_both(at, timezone.localtime(), merchant.zone)


@register.simple_tag
def uneven(first: date, last: date, merchant: Merchant) -> str:
    """Which days of a range have not 24 hours."""
    days = salesdays.uneven_days(first, last, merchant.zone)
    return moments.uneven(days, timezone.localdate())
