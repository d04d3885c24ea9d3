"""Moments in sentences that are stored. They are read on other days and in many zones, so they are kept in UTC, in a
form of their own: syncs/moments.py tells them to each reader in the reader's zone.

The form begins with a noncharacter of Unicode, which programs may use within themselves and nobody sends. What people
type and what Codat answers loses it where it comes in (middleware.py, management/sentences.py, codat/reading.py), so
nothing of theirs is ever taken for a moment of ours."""

import re
from datetime import UTC, datetime

MARK = "\ufdd0"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
STORED = re.compile(rf"{MARK}\{{(?P<at>{MOMENT})(?:/(?P<until>{MOMENT}))?\}}", re.ASCII)


def as_stored(moment: datetime) -> str:
    """ "{2026-11-23T14:54:00Z}", after the mark."""
    return f"{MARK}{{{_in_utc(moment)}}}"


def daily_as_stored(early: datetime, late: datetime) -> str:
    """ "{2026-11-24T02:10:00Z/2026-11-24T02:50:00Z}", marked: what comes each day between these times."""
    return f"{MARK}{{{_in_utc(early)}/{_in_utc(late)}}}"


def unmarked(foreign: str) -> str:
    """A text of somebody else's, which holds no moment of ours."""
    return foreign.replace(MARK, "")


def _in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
