"""Moments, spans of days and lengths of time in words. Moments are told in the zone of the `now` given."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

from syncs.rules.stored_moments import STORED, unmarked

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# From here on a date says more than a count of days.
LONG_AGO_DAYS = 60
# A moment of another day is not "at 24 Nov, 02:10".
WITH_ITS_WORD = re.compile(rf"(?P<before>(?:\bat )?){STORED.pattern}", re.ASCII)
# What is between these hours is tonight.
EVENING, MORNING = 20, 6


def relative(moment: datetime, now: datetime) -> str:
    """ "14 min ago", "6 h ago" on the same day, "Yesterday", "21 days ago", then the date."""
    moment = moment.astimezone(now.tzinfo)
    if moment > now + MINUTE:
        return _ahead(moment, now)
    gone = now - moment
    if gone < MINUTE:
        return "just now"
    if gone < HOUR:
        return f"{gone // MINUTE} min ago"
    days = (now.date() - moment.date()).days
    if days < 2:
        return "Yesterday" if days else f"{gone // HOUR} h ago"
    return f"{days} days ago" if days <= LONG_AGO_DAYS else short_day(moment.date(), now.date())


def _ahead(moment: datetime, now: datetime) -> str:
    left = moment - now
    if left < HOUR:
        return f"in {left // MINUTE} min"
    days = (moment.date() - now.date()).days
    if days < 2:
        return "Tomorrow" if days else f"in {left // HOUR} h"
    return f"in {days} days" if days <= LONG_AGO_DAYS else short_day(moment.date(), now.date())


def absolute(moment: datetime, now: datetime) -> str:
    """ "Today, 08:40", "18 Nov, 10:05"; with the year when it is not this one."""
    moment = moment.astimezone(now.tzinfo)
    day = "Today" if moment.date() == now.date() else short_day(moment.date(), now.date())
    return f"{day}, {moment:%H:%M}"


def in_a_sentence(moment: datetime, now: datetime) -> str:
    """ "08:40" today, else "18 Nov, 10:05"."""
    return absolute(moment, now).removeprefix("Today, ")


def at_in_a_sentence(moment: datetime, now: datetime) -> str:
    """ "at 08:40" today, else "on 18 Nov at 10:05"."""
    day, _, time = in_a_sentence(moment, now).rpartition(", ")
    return f"on {day} at {time}" if day else f"at {time}"


def about(moment: datetime, now: datetime) -> str:
    """Of what is to come and nobody knows to the minute: "tonight, about 01:36", "today, about 14:00"."""
    moment = moment.astimezone(now.tzinfo)
    days = (moment.date() - now.date()).days
    if (days in {0, 1} and moment.hour < MORNING) or (days == 0 and moment.hour >= EVENING):
        return f"tonight, about {moment:%H:%M}"
    day = "today" if days == 0 else short_day(moment.date(), now.date())
    return f"{day}, about {moment:%H:%M}"


def about_for_both(moment: datetime, now: datetime, merchant: tzinfo) -> str:
    """The same with the merchant's clock, where it shows another time: "…, about 08:40 for you, 03:40 for the
    merchant"."""
    own, theirs = moment.astimezone(now.tzinfo), moment.astimezone(merchant)
    if own.utcoffset() == theirs.utcoffset():
        return about(moment, now)
    day = "" if own.date() == theirs.date() else f" on {short_day(theirs.date(), now.date())}"
    return f"{about(moment, now)} for you, {theirs:%H:%M}{day} for the merchant"


def uneven(days: Sequence[tuple[date, float]], today: date) -> str:
    """ "29 Mar has 23 hours: the clocks change.", empty for no day."""
    words = " and ".join(f"{short_day(day, today)} has {hours:g} hours" for day, hours in days)
    return f"{words}: the clocks change." if words else ""


def told(sentence: str, now: datetime, *, names_today: bool = False) -> str:
    """A stored sentence, with the moments in it (rules/stored_moments.py) for this reader. `names_today` is for what
    is read on other days. What is no moment on the reader's calendar is told as it was stored."""

    def in_words(found: re.Match[str]) -> str:
        try:
            at, until = (
                datetime.fromisoformat(text).astimezone(now.tzinfo) if text else None
                for text in (found["at"], found["until"])
            )
        except (ValueError, OverflowError):
            return found[0]
        if at and until:
            return f"{found['before']}{at:%H:%M} – {until:%H:%M}"
        if at and names_today:
            day = f"{at:%-d %b %Y}"
            return f"on {day} at {at:%H:%M}" if found["before"] else f"{day}, {at:%H:%M}"
        if at and found["before"]:
            return at_in_a_sentence(at, now)
        return in_a_sentence(at, now) if at else found[0]

    return unmarked(WITH_ITS_WORD.sub(in_words, sentence))


def is_long_ago(moment: datetime, now: datetime) -> bool:
    """Whether its relative form is a date already."""
    return abs((now.date() - moment.astimezone(now.tzinfo).date()).days) > LONG_AGO_DAYS


def full(moment: datetime) -> str:
    """ "21 Nov 2026, 08:40:06 GMT"."""
    return f"{moment:%-d %b %Y, %H:%M:%S} {zone_word(moment)}"


def zone_word(moment: datetime) -> str:
    """The zone's own short name; zones without one are told by their offset."""
    name = moment.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name


def short_day(day: date, today: date) -> str:
    return f"{day:%-d %b}" if day.year == today.year else f"{day:%-d %b %Y}"


def sales_day(day: date) -> str:
    """ "Thu 29 Oct 2026"."""
    return f"{day:%a %-d %b %Y}"


def day_range(first: date, last: date, today: date) -> str:
    """Both ends inclusive: "1 – 20 Nov", "29 Oct – 20 Nov", with years where one is not this year."""
    if first == last:
        return short_day(first, today)
    if first.year != last.year:
        return f"{first:%-d %b %Y} – {last:%-d %b %Y}"
    start = f"{first:%-d}" if first.month == last.month else f"{first:%-d %b}"
    return f"{start} – {short_day(last, today)}"


def length(span: timedelta) -> str:
    """ "40 s", "14 min", "3 h 5 min", "2 days"."""
    if span < MINUTE:
        return f"{max(0, span // timedelta(seconds=1))} s"
    if span < HOUR:
        return f"{span // MINUTE} min"
    if span < timedelta(days=2):
        hours, minutes = span // HOUR, span % HOUR // MINUTE
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{span.days} days"
