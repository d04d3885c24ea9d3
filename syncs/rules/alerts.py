"""Of what a rule may tell, when a digest is due, and how long a message that fails waits."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from syncs.rules.salesdays import day_of, first_instant


class Event(StrEnum):
    FAILING = "failing"
    RECOVERED = "recovered"
    RECONNECT = "reconnect"
    FUSE = "fuse"
    REVIEW = "review"
    FROZEN = "frozen"


WORDS = {
    Event.FAILING: "A merchant begins to fail, or fails with another result while it is snoozed",
    Event.RECOVERED: "A merchant recovers",
    Event.RECONNECT: "A merchant needs a reconnect, or its accounting plan renewed",
    Event.FUSE: "Codat switches a merchant off in 14, 7, 3 or 1 days, or has done so",
    Event.REVIEW: "A request needs a person",
    Event.FROZEN: "Sending is frozen, or goes on",
}
# Of a merchant that is snoozed these are no news; that somebody has to decide, and that it is well again, are.
QUIET = {Event.FAILING, Event.RECONNECT, Event.FUSE}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# A digest that comes later than this is none of that shift's any more.
DIGEST_WITHIN = timedelta(hours=6)
# Minutes until the next try; then once an hour, until it is a day old.
PAUSES = (0.5, 1, 2, 5, 10, 20, 30)
GIVE_UP_AFTER = timedelta(hours=24)
# Of a test: somebody waits for it, and it must not come when nobody remembers it.
GIVE_UP_TEST_AFTER = timedelta(minutes=5)


def digest_due(
    at: time, weekdays: Sequence[int], zone: ZoneInfo, *, counts_from: datetime, now: datetime
) -> date | None:
    """The day whose digest should be on its way by now. It looks back over midnight: a late shift is one, too."""
    today = day_of(now, zone)
    for day in (today, today - timedelta(days=1)):
        moment = first_instant(day, at, zone)
        if day.weekday() in weekdays and counts_from <= moment <= now < moment + DIGEST_WITHIN:
            return day
    return None


def next_try(made_at: datetime, tries: int, now: datetime, *, is_test: bool = False) -> datetime | None:
    """After so many tries; None when it is given up."""
    if now - made_at >= (GIVE_UP_TEST_AFTER if is_test else GIVE_UP_AFTER):
        return None
    return now + timedelta(minutes=PAUSES[tries - 1] if tries <= len(PAUSES) else 60)
