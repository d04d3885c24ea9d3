"""What messages say: whole sentences, at most ten names, and a link."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from syncs import moments
from syncs.models import AlertEvent, Merchant
from syncs.rules.alerts import Event

logger = logging.getLogger(__name__)

MOST_NAMES = 10
LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Kind:
    """How events of one kind are told: of one merchant, of many, and where to look."""

    one: str
    many: str
    path: str


KINDS = {
    Event.FROZEN: Kind("{what}", "{what}", "/sending/"),
    Event.REVIEW: Kind(
        "A request for {name} needs a person", "{n} requests need a person", "/requests/?state=person"
    ),
    Event.FAILING: Kind("{name} began to fail: {what}", "{n} merchants began to fail", "/?health=failing"),
    Event.RECONNECT: Kind(
        "{name} {what}", "{n} merchants must reconnect or renew a plan", "/?health=needs_reconnect"
    ),
    Event.FUSE: Kind("{name}: {what}", "{n} merchants are close to being switched off", "/?health=soon"),
    Event.RECOVERED: Kind("{name} recovered", "{n} merchants recovered", "/?health=healthy"),
}


@dataclass(frozen=True)
class Message:
    subject: str
    text: str


def of_events(events: Sequence[AlertEvent], zone: ZoneInfo) -> Message:
    """What is most urgent stands first, and in the subject. What cannot be put into words is told as such."""
    try:
        return _of(events, (), zone)
    except Exception:
        tried = [(event, _can_be_said(event, zone)) for event in events]
        return _of(
            [event for event, said in tried if said], [event for event, said in tried if not said], zone
        )


def _of(events: Sequence[AlertEvent], unsaid: Sequence[AlertEvent], zone: ZoneInfo) -> Message:
    kinds = [(kind, [event for event in events if event.event == kind]) for kind in KINDS]
    told = [(Event(kind), some) for kind, some in kinds if some]
    parts = [_part(kind, some, zone) for kind, some in told]
    leads = [_lead(*some, zone) for some in told[:2]]
    if unsaid:
        parts.append(_of_unsaid(unsaid))
        leads = leads or [_count_of_unsaid(unsaid)]
    return Message(subject("; ".join(leads)), "\n\n".join([*parts, f"Times in {zone.key}."]))


def _can_be_said(event: AlertEvent, zone: ZoneInfo) -> bool:
    try:
        _of([event], (), zone)
    except Exception as error:  # its words may hold names
        logger.error("event %s cannot be put into words (%s)", event.pk, type(error).__name__)
        return False
    return True


def _of_unsaid(events: Sequence[AlertEvent]) -> str:
    """Of these nothing is sure but where to look."""
    paths = [
        page_of(event.merchant) if event.merchant else KINDS[Event(event.event)].path for event in events
    ]
    look = some_of([link(path) or path for path in paths], len(paths))
    return "\n".join([f"{_count_of_unsaid(events)}. Look for yourself:", *look])


def _count_of_unsaid(events: Sequence[AlertEvent]) -> str:
    number = len(events)
    return (
        "1 change could not be put into words"
        if number == 1
        else f"{number:,} changes could not be put into words"
    )


def subject(text: str) -> str:
    """On one line: a name may hold a line break, and a header may not."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def link(path: str) -> str:
    """Empty while nobody has said where the panel is."""
    return f"{settings.PANEL_URL}{path}" if settings.PANEL_URL else ""


def page_of(merchant: Merchant) -> str:
    return reverse("merchant", args=[merchant.company_id])


def some_of(lines: Sequence[str], number: int) -> list[str]:
    """The first ten as a list, and how many more there are."""
    more = [f"… and {number - MOST_NAMES:,} more"] if number > MOST_NAMES else []
    return [*(f"- {' '.join(line.split())}" for line in lines[:MOST_NAMES]), *more]


def _lead(kind: Event, events: Sequence[AlertEvent], zone: ZoneInfo) -> str:
    words, last = KINDS[kind], events[-1]
    name = last.merchant.name if last.merchant else ""
    template = words.one if len(events) == 1 else words.many
    return template.format(
        name=name, what=moments.told(last.what, last.at.astimezone(zone)), n=f"{len(events):,}"
    )


def _part(kind: Event, events: Sequence[AlertEvent], zone: ZoneInfo) -> str:
    one = events[0] if len(events) == 1 else None
    url = link(page_of(one.merchant) if one and one.merchant else KINDS[kind].path)
    if one:
        lines = [f"{_lead(kind, events, zone)}, at {one.at.astimezone(zone):%H:%M}."]
    else:
        lines = [
            f"{_lead(kind, events, zone)}.",
            *some_of([_line(event, zone) for event in events], len(events)),
        ]
    return "\n".join([*lines, *([url] if url else [])])


def _line(event: AlertEvent, zone: ZoneInfo) -> str:
    name = f"{event.merchant.name}: " if event.merchant else ""
    return f"{event.at.astimezone(zone):%H:%M} {name}{moments.told(event.what, event.at.astimezone(zone))}"
