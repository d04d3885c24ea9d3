"""Since when those fail whom the list shows: a span that ends now, or a moment, as a hand-over names it."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from syncs import moments
from syncs.list_filters import SPANS
from syncs.rules.salesdays import start_of, today

# Days of the reader's zone.
DAYS = {"today": ("Today", timedelta(0)), "yesterday": ("Since yesterday", timedelta(days=1))}
BEGAN = {name: word for name, (word, _) in (DAYS | SPANS).items()}
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def is_known(value: str) -> bool:
    return value in BEGAN or as_moment(value) is not None


def since(value: str) -> datetime:
    """Of one that is known."""
    if moment := as_moment(value):
        return moment
    if value in SPANS:
        return timezone.now() - SPANS[value][1]
    zone = timezone.get_current_timezone()
    return start_of(today(zone, timezone.now()) - DAYS[value][1], zone)


def words(value: str) -> str:
    """ "Began to fail: since yesterday"."""
    moment = as_moment(value)
    when = f"Since {moments.absolute(moment, timezone.localtime())}" if moment else BEGAN[value]
    return f"Began to fail: {when[0].lower()}{when[1:]}"


def choices(chosen: str) -> dict[str, str]:
    """What may be asked for, in words; a moment only where it is chosen."""
    return {value: words(value) for value in (*BEGAN, chosen) if value}


def as_moment(text: str) -> datetime | None:
    """Only as `written` writes it."""
    try:
        moment = datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if written(moment) == text and 2000 <= moment.year < 2200 else None


def written(moment: datetime) -> str:
    """To the second."""
    return moment.astimezone(UTC).strftime(MOMENT)
