from datetime import UTC, datetime, timedelta

from django import template

register = template.Library()


@register.filter
def utc_minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


@register.filter
def took(length: timedelta) -> str:
    """As "2 m 58 s"."""
    minutes, seconds = divmod(max(0, round(length.total_seconds())), 60)
    return f"{minutes} m {seconds:02} s" if minutes else f"{seconds} s"
