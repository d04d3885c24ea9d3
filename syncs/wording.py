"""Requests in words. Moments in them are told in the reader's zone."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from math import ceil

from django.utils import timezone

from syncs import moments
from syncs.models import SyncRequest
from syncs.operations import run_lengths
from syncs.operations.freezing import FROZEN
from syncs.operations.reconciling import LOOKS, SENDING_AT_MOST, UNKNOWN_ID_AT_MOST
from syncs.operations.waiting import not_again
from syncs.rules.states import State

# A call to Codat is over after 75 s at most; the rest is for storing its answer.
ANSWERED_WITHIN = timedelta(seconds=90)
# The list may know of a new sync half a minute late.
LISTED_WITHIN = timedelta(minutes=2)
LAST_LOOK_AFTER = timedelta(minutes=LOOKS[-1])

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
    if state == State.QUEUED:
        return _waiting(request)
    if state == State.SENDING and _is_past(request.state_since + ANSWERED_WITHIN):
        return _overdue(request.state_since + SENDING_AT_MOST)
    if state == State.UNCERTAIN:
        return f"No answer that we can trust. {not_again()} Looking there {_when(request.not_before)}"
    if state == State.ACCEPTED:
        return _accepted(request, usual)
    if state == State.NEEDS_REVIEW and request.commerce_sync_id:
        return "Codat accepted this, but we cannot tell what became of it. A lead must look before it is tried again."
    return told(request.result) or SENTENCES.get(state, "")


def _accepted(request: SyncRequest, usual: str) -> str:
    if is_not_found(request):
        return "Codat accepted it, but we do not find it in Codat's list"
    return usual or SENTENCES[State.ACCEPTED]


def outlook(request: SyncRequest) -> str:
    """What comes next by itself, so that nobody presses again; of a request `under_way`."""
    state = State(request.state)
    if state == State.QUEUED and (request.waiting_for or request.sending_frozen):
        is_said = request.sending_frozen or request.waiting_for == FROZEN
        by_itself = "You" if is_said else "It is sent by itself when that is over; you"
        until = ", frozen or not." if is_said else "; pauses of all calls to Codat do not count."
        ends = f" After an hour of waiting it is cancelled{until}" if request.bulk is None else ""
        return f"{by_itself} need not press again.{ends}"
    if state == State.UNCERTAIN:
        return (
            f"{_next_look(request)}. If we cannot tell{_by(request)} whether it ran, a lead decides. "
            "You need not do anything."
        )
    if is_not_found(request):
        decided_at = request.state_since + UNKNOWN_ID_AT_MOST
        return f"If that is still so {_when(decided_at)}, a lead decides. You need not do anything."
    return ""


def is_not_found(request: SyncRequest) -> bool:
    """Accepted, and Codat's list, read since, shows nothing that runs and nothing that is known to be this one."""
    read = request.merchant.looked_at(timezone.now())
    return (
        request.state == State.ACCEPTED
        and request.sync_id is None
        and request.merchant.running_since is None
        and read is not None
        and read > request.state_since + LISTED_WITHIN
    )


def true_until(request: SyncRequest) -> datetime | None:
    """When its sentences have to be told anew though nothing is written to it; None while only news can do that."""
    ahead = [moment for moment in _moments(request) if not _is_past(moment)]
    return min(ahead, default=None)


def usual_lengths(requests: Iterable[SyncRequest]) -> dict[int, str]:
    """By merchant, for those whose sync Codat is working on: "Usually 2 – 4 min for this merchant". One query."""
    merchants = {request.merchant_id for request in requests if request.state == State.ACCEPTED}
    took = run_lengths.of_each(merchants)
    return {
        merchant: _usually(lengths)
        for merchant, lengths in took.items()
        if len(lengths) >= run_lengths.ENOUGH
    }


def _usually(lengths: Collection[timedelta]) -> str:
    shortest, longest = (max(1, ceil(end / moments.MINUTE)) for end in (min(lengths), max(lengths)))
    minutes = f"{shortest} min" if shortest == longest else f"{shortest} – {longest} min"
    return f"Usually {minutes} for this merchant"


def _waiting(request: SyncRequest) -> str:
    """While sending is frozen nobody looks at what waits, whatever it waited for."""
    if request.sending_frozen:
        return f"Waiting: {FROZEN}"
    if request.waiting_for:
        return f"Waiting: {ended(told(request.waiting_for))} {_next_look(request)}"
    return "Not sent yet"


def _overdue(given_up_at: datetime) -> str:
    return (
        "The answer is overdue. It is not sent again meanwhile; "
        f"{_when(given_up_at)} we begin to look at Codat."
    )


def _next_look(request: SyncRequest) -> str:
    if _is_past(request.not_before):
        return "Looked at again in a moment"
    return f"Next look {_at(request.not_before)}"


def _by(request: SyncRequest) -> str:
    """Looks that a pause put off come later than that: then nothing is promised."""
    last = request.sent_at + LAST_LOOK_AFTER if request.sent_at else None
    return f" by about {_at(last)}" if last and not _is_past(last) else ""


def _moments(request: SyncRequest) -> Iterator[datetime]:
    state = State(request.state)
    if state in {State.QUEUED, State.UNCERTAIN}:
        yield request.not_before
    if state == State.SENDING:
        yield from (request.state_since + ANSWERED_WITHIN, request.state_since + SENDING_AT_MOST)
    if state == State.UNCERTAIN and request.sent_at:
        yield request.sent_at + LAST_LOOK_AFTER


def lasting(request: SyncRequest, sentence: str) -> str:
    """The same for a file, which is read on other days as well."""
    if request.finished_at and request.result:
        return told(request.result, names_today=True)
    return sentence


def told(stored: str, *, names_today: bool = False) -> str:
    """A sentence that was stored, with its moments for this reader."""
    return moments.told(stored, timezone.localtime(), names_today=names_today)


def _is_past(moment: datetime) -> bool:
    return moment <= timezone.now()


def _when(moment: datetime) -> str:
    return "in a moment" if _is_past(moment) else moments.at_in_a_sentence(moment, timezone.localtime())


def _at(moment: datetime) -> str:
    return moments.in_a_sentence(moment, timezone.localtime())


def ended(text: str) -> str:
    """With a full stop where another sentence follows."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
