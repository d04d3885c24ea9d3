"""Codat's many spellings of a moment, read leniently; one spelling written (Codat docs, dates and times)."""

import re
from datetime import UTC, date, datetime

STARTS_LIKE_A_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# .NET writes its smallest and largest dates (years 1 and 9999) where it means "none".
FIRST_YEAR, LAST_YEAR = 1900, 2200


def parse_moment(value: object) -> datetime | None:
    """Any of Codat's date forms as UTC (no zone means UTC), or None for what is no date."""
    parsed = _parse(value)
    if parsed is None:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def parse_day(value: object) -> date | None:
    """The calendar day as written, whatever its zone: a start date is a day, not a moment."""
    parsed = _parse(value)
    return parsed.date() if parsed else None


def as_z(moment: datetime) -> str:
    """`2021-11-15T06:00:00Z`, a fraction of a second cut off. Raises ValueError without a zone."""
    if moment.utcoffset() is None:
        raise ValueError("A moment sent to Codat needs a time zone.")
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _parse(value: object) -> datetime | None:
    if not isinstance(value, str) or not STARTS_LIKE_A_DATE.match(value.strip()):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        return None
    return parsed if FIRST_YEAR <= parsed.year <= LAST_YEAR else None
