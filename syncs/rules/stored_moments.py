"""Moments in sentences that are stored. They are read on other days and in many zones, so they are kept in UTC, in a
form of their own: syncs/moments.py tells them to each reader in the reader's zone."""

import re
from datetime import UTC, datetime

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
STORED = re.compile(rf"\{{(?P<at>{MOMENT})(?:/(?P<until>{MOMENT}))?\}}")


def as_stored(moment: datetime) -> str:
    """ "{2026-11-23T14:54:00Z}"."""
    return f"{{{_in_utc(moment)}}}"


def daily_as_stored(early: datetime, late: datetime) -> str:
    """ "{2026-11-24T02:10:00Z/2026-11-24T02:50:00Z}": what comes each day between these times of day."""
    return f"{{{_in_utc(early)}/{_in_utc(late)}}}"


def _in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
