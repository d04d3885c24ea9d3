"""The case of one request: what was sent, what came back, and what Codat listed before and since."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from syncs import moments, wording
from syncs.codat import paths
from syncs.models import Activity, Attempt, Sync, SyncRequest
from syncs.operations import reviewing
from syncs.operations.reconciling import LOOKS
from syncs.rules.salesdays import due_before, next_due
from syncs.rules.states import State
from syncs.views.request_list import rows_of

# So near to its due hour a sync may as well be the merchant's own daily one.
NEAR_ITS_HOUR = timedelta(hours=2)
OPEN = {State.NEEDS_REVIEW, State.UNCERTAIN}
# Moves that an attempt tells better than the activity does.
TOLD_BY_ATTEMPTS = {
    "request.asked",
    "request.sending",
    "request.accepted",
    "request.uncertain",
    "request.rejected",
}
# Counted as looks, and without a list to look at.
SHOWED_NOTHING = {"request.look_failed", "request.replayed"}
OUTCOMES = {
    Attempt.Outcome.OPEN: ("run", "Waiting for Codat's answer.", ""),
    Attempt.Outcome.ACCEPTED: ("ok", "Codat accepted it.", ""),
    Attempt.Outcome.UNCERTAIN: ("warn", "No answer that we can trust.", "Not sent again."),
    Attempt.Outcome.NOT_SENT: ("mute", "Not sent:", "It waits for another try."),
    Attempt.Outcome.LATER: ("mute", "Codat asked us to wait:", "Nothing was run."),
    Attempt.Outcome.REFUSED: ("bad", "Codat refused it:", "Nothing was run."),
}
BLOCKED = "Until it is decided, nothing else is sent for this merchant."


@dataclass(frozen=True)
class Event:
    at: datetime
    lead: str
    text: str = ""
    quote: str = ""
    sent: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Candidate:
    """A sync that is new since ours was sent, with what speaks for and against it."""

    sync: Sync
    distance: str
    evidence: str


def context(request: SyncRequest) -> dict[str, Any]:
    attempts = list(request.attempts.order_by("number"))
    entries = list(request.activity.select_related("actor").order_by("at", "pk"))
    found = candidates(request, attempts) if State(request.state) in OPEN else []
    return {
        "row": rows_of([request])[0],
        "sync_request": request,
        "merchant": request.merchant,
        "attempts": attempts,
        "events": sorted(
            _events(request, attempts, entries, _looked(request, attempts, entries, len(found))),
            key=lambda event: event.at,
        ),
        "next_look": request.not_before if request.state == State.UNCERTAIN else None,
        "looks": len(LOOKS),
        "candidates": found,
        "unread": _unread(request, found),
        "version": _version(request, attempts, found),
        "poll_every": "2s" if request.is_active else "",
    }


def candidates(request: SyncRequest, attempts: list[Attempt]) -> list[Candidate]:
    """By time; none is picked beforehand."""
    sent = attempts[-1].started_at if attempts else request.asked_at
    return [
        Candidate(sync, _distance(sync.started_at - sent), " ".join(_evidence(request, sync)))
        for sync in reviewing.candidates(request)
    ]


def _events(
    request: SyncRequest, attempts: list[Attempt], entries: list[Activity], looked: str
) -> Iterator[Event]:
    accepted = "Overlap seen and accepted." if request.seen_overlap else ""
    asked = f"{request.asked_by.display_name} asked: {wording.what(request)}."
    yield Event(request.asked_at, asked, accepted, quote=request.reason)
    for attempt in attempts:
        yield from _attempt(request, attempt, is_last=attempt is attempts[-1])
    for entry in entries:
        if entry.actor_id or entry.verb not in TOLD_BY_ATTEMPTS:
            yield from _entry(entry, looked)


def _attempt(request: SyncRequest, attempt: Attempt, *, is_last: bool) -> Iterator[Event]:
    if is_last:
        yield Event(attempt.started_at, "", _listed(request, attempt))
    may_have_effect = attempt.outcome in Attempt.MAY_HAVE_EFFECT
    sent = "Sending this, once:" if attempt.outcome == Attempt.Outcome.OPEN else "Sent once, in full:"
    lead = sent if may_have_effect else f"Try {attempt.number}."
    yield Event(attempt.started_at, lead, sent=_sent(request) if may_have_effect else "", tone="run")
    if attempt.finished_at:
        tone, words, after = OUTCOMES[Attempt.Outcome(attempt.outcome)]
        ids = f"HTTP {attempt.http_status}." if attempt.http_status else ""
        if attempt.correlation_id:
            ids = f"{ids} Correlation ID {attempt.correlation_id}."
        yield Event(
            attempt.finished_at, words, " ".join(filter(None, [attempt.problem, after, ids])), tone=tone
        )


def _entry(entry: Activity, looked: str) -> Iterator[Event]:
    """What the log says of it; the part before the colon is what happened."""
    if entry.verb == "request.asked":
        return
    happened, colon, rest = entry.what.partition(": ")
    if entry.actor and entry.actor.display_name not in entry.what:
        happened = f"{entry.actor.display_name}: {happened[:1].lower()}{happened[1:]}"
    waits = entry.verb == "request.needs_review"
    tone = "warn" if waits or entry.verb == "request.accepted_late" else ""
    text = " ".join(filter(None, [rest, looked, BLOCKED])) if waits else rest
    yield Event(entry.at, happened + colon, text, quote=entry.reason, tone=tone)


def _looked(request: SyncRequest, attempts: list[Attempt], entries: list[Activity], new: int) -> str:
    """Only what got no answer is looked for; what Codat accepted is waited for."""
    if not request.looks or not any(attempt.outcome == Attempt.Outcome.UNCERTAIN for attempt in attempts):
        return ""
    looks = request.looks - sum(entry.verb in SHOWED_NOTHING for entry in entries)
    if looks < 1:
        return "No look at Codat brought an answer."
    new = max(new, len(request.candidates))
    since = f"{new} {'sync is' if new == 1 else 'syncs are'} new since; Codat does not say who started them."
    times = "once" if looks == 1 else f"{looks} times"
    return f"Looked at Codat {times}: {since if new else 'no sync was new then, which proves nothing.'}"


def _listed(request: SyncRequest, attempt: Attempt) -> str:
    """What Codat listed just before the POST."""
    count = len(attempt.listed_before)
    syncs = "1 sync" if count == 1 else f"{count} syncs"
    newest = request.merchant.syncs.filter(sync_id__in=attempt.listed_before).newest_first().first()
    if newest is None:
        return f"Codat listed {syncs} just before."
    return f"Codat listed {syncs} just before. Newest: {newest.sync_id[:8]}…, {newest.status.word} ({newest.code})."


def _sent(request: SyncRequest) -> str:
    latest = request.kind == SyncRequest.Kind.LATEST
    path = paths.REQUEST_LATEST if latest else paths.REQUEST_RANGE
    key = f"Idempotency-Key: {request.idempotency_key}"
    return f"POST {path.format(company_id=request.merchant.company_id)}\n{key}\n\n{request.body}"


def _distance(gap: timedelta) -> str:
    return f"{moments.length(abs(gap))} {'before' if gap < timedelta() else 'after'} we sent"


def _evidence(request: SyncRequest, sync: Sync) -> Iterator[str]:
    if sync.data_pushed is None:
        yield "Codat does not tell whether sales were written."
    else:
        yield "Sales were written." if sync.data_pushed else "Nothing was written."
    zone, hour = request.merchant.zone, request.merchant.sync_hour or 0
    since = sync.started_at - due_before(sync.started_at, zone, hour)
    until = next_due(sync.started_at, zone, hour) - sync.started_at
    if min(since, until) < NEAR_ITS_HOUR:
        yield f"The merchant's own daily sync is due at {hour:02}:00: it may be that one."
    else:
        yield "No schedule of this merchant runs at this hour."


def _unread(request: SyncRequest, found: list[Candidate]) -> int:
    """Syncs seen at Codat in a look that no refresh has stored yet, so that nobody can pick them."""
    seen = {str(candidate.get("sync_id")) for candidate in request.candidates}
    return len(seen - {candidate.sync.sync_id for candidate in found}) if State(request.state) in OPEN else 0


def _version(request: SyncRequest, attempts: list[Attempt], found: list[Candidate]) -> str:
    seen = repr(
        (
            (request.version, request.looks, request.not_before, request.sync_id),
            request.sync.code if request.sync else None,
            [(attempt.pk, attempt.outcome) for attempt in attempts],
            [(candidate.sync.pk, candidate.sync.code) for candidate in found],
        )
    )
    return blake2b(seen.encode(), digest_size=8).hexdigest()
