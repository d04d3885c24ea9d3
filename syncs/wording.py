"""Requests in words. Moments in them are told in the reader's zone."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from math import ceil

from django.utils import timezone

from syncs import moments
from syncs.models import Attempt, SyncRequest
from syncs.rules.states import RAN, State

# Fewer say nothing about what is usual; older ones nothing about now.
ENOUGH, NEWEST = 3, 10

SENTENCES = {
    State.SENDING: "One try, then we wait for the answer",
    State.ACCEPTED: "Codat accepted it and is working",
    State.NEEDS_REVIEW: "We cannot tell whether Codat ran this. A lead must look before it is tried again.",
    State.REJECTED: "Codat refused this request. Nothing was run.",
    State.CANCELLED: "Cancelled before it was sent.",
    State.NOT_RUN: "This never ran.",
}


def what(request: SyncRequest) -> str:
    """ "Re-run 12 – 18 Nov", "Sync latest up to 20 Nov"."""
    today = timezone.localdate()
    if request.first_day and request.last_day:
        return f"Re-run {moments.day_range(request.first_day, request.last_day, today)}"
    return "Sync latest" + (
        f" up to {moments.short_day(request.last_day, today)}" if request.last_day else ""
    )


def sentence(request: SyncRequest, usual: str = "") -> str:
    """How the request stands, as the pill's second line. `usual` is what `usual_lengths` knows."""
    state = State(request.state)
    if state == State.QUEUED and request.waiting_for:
        return f"Waiting: {_ended(request.waiting_for)} Next look {_at(request.not_before)}"
    if state == State.QUEUED:
        return "Not sent yet"
    if state == State.UNCERTAIN:
        return f"No answer that we can trust. Not sent again. Looking there at {_at(request.not_before)}"
    if state == State.ACCEPTED and usual:
        return usual
    return request.result or SENTENCES.get(state, "")


def usual_lengths(requests: Iterable[SyncRequest]) -> dict[int, str]:
    """By merchant, for those whose sync Codat is working on: "Usually 2 – 4 min for this merchant". One query."""
    merchants = {request.merchant_id for request in requests if request.state == State.ACCEPTED}
    ended = Attempt.objects.filter(
        request__merchant__in=merchants, request__state__in=RAN, outcome=Attempt.Outcome.ACCEPTED
    ).order_by("-pk")[: 200 if merchants else 0]
    took: dict[int, list[timedelta]] = defaultdict(list)
    for merchant, sent, finished in ended.values_list(
        "request__merchant", "started_at", "request__finished_at"
    ):
        if finished and len(took[merchant]) < NEWEST:
            took[merchant].append(finished - sent)
    return {merchant: _usually(lengths) for merchant, lengths in took.items() if len(lengths) >= ENOUGH}


def _usually(lengths: Collection[timedelta]) -> str:
    shortest, longest = (max(1, ceil(end / moments.MINUTE)) for end in (min(lengths), max(lengths)))
    minutes = f"{shortest} min" if shortest == longest else f"{shortest} – {longest} min"
    return f"Usually {minutes} for this merchant"


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
