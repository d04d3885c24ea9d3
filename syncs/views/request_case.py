"""The case of one request: what was sent, what came back, and what Codat listed before and since."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncs import wording
from syncs.codat import paths
from syncs.models import Activity, Attempt, SyncRequest
from syncs.operations import repairs, waiting
from syncs.operations.evidence import Evidence, evidence_of
from syncs.operations.reconciling import LOOKS
from syncs.rules.states import State
from syncs.views import proofs
from syncs.views.candidates import candidates_of, others_of, sent_word
from syncs.views.request_list import rows_of

OPEN = {State.NEEDS_REVIEW, State.UNCERTAIN}
# Moves that an attempt tells better than the activity does.
TOLD_BY_ATTEMPTS = {
    "request.asked",
    "request.sending",
    "request.queued",
    "request.accepted",
    "request.uncertain",
    "request.rejected",
}
# Counted as looks, and without a list to look at.
SHOWED_NOTHING = {"request.look_failed", "request.replayed"}
# Told after a lead had decided.
AFTER_ALL = {"request.accepted_late", "request.ran_after_all"}
OUTCOMES = {
    Attempt.Outcome.OPEN: ("run", "Waiting for Codat's answer.", ""),
    Attempt.Outcome.ACCEPTED: ("ok", "Codat accepted it.", ""),
    Attempt.Outcome.UNCERTAIN: ("warn", "No answer that we can trust.", ""),
    Attempt.Outcome.NOT_SENT: ("mute", "Not sent:", ""),
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


def context(request: SyncRequest) -> dict[str, Any]:
    evidence = _evidence(request)
    repair = repairs.of_each([request])[request.pk]
    entries = list(request.activity.select_related("actor").order_by("at", "pk"))
    return {
        "row": rows_of([request])[0],
        "sync_request": request,
        "merchant": request.merchant,
        "events": sorted(_events(evidence, entries), key=lambda event: event.at),
        "proof": proofs.told(request, repair),
        "repair": repair,
        "aimed_at": None if repair.failed else repairs.aimed_at(request),
        "next_look": request.not_before if request.state == State.UNCERTAIN else None,
        "looks": len(LOOKS),
        "sending_known": evidence.sent is not None,
        "candidates": candidates_of(evidence),
        "others": others_of(evidence),
        "unread": len(evidence.unread),
        "seen": evidence.seen,
        "list_read": evidence.list_read or request.state != State.NEEDS_REVIEW,
        "against": evidence.against_nothing_ran,
        "is_waited_for": request.is_on_its_way,
        "poll_every": "2s" if request.is_on_its_way else "15s" if request.is_active else "",
    }


def _evidence(request: SyncRequest) -> Evidence:
    """What Codat lists since matters only for as long as nobody knows what came of it."""
    if State(request.state) in OPEN:
        return evidence_of([request])[0]
    return Evidence(request, list(request.attempts.order_by("number")), [])


def _events(evidence: Evidence, entries: list[Activity]) -> Iterator[Event]:
    request, attempts = evidence.request, evidence.attempts
    accepted = "Overlap seen and accepted." if request.seen_overlap else ""
    asked = f"{request.asked_by.display_name} asked: {wording.what(request)}."
    yield Event(request.asked_at, asked, accepted, quote=request.reason)
    for attempt in attempts:
        yield from _attempt(request, attempt, is_last=attempt is attempts[-1])
    looked = _looked(evidence, entries)
    for entry in entries:
        if entry.actor_id or entry.verb not in TOLD_BY_ATTEMPTS:
            yield from _entry(entry, looked)


def _attempt(request: SyncRequest, attempt: Attempt, *, is_last: bool) -> Iterator[Event]:
    if is_last:
        yield Event(attempt.started_at, "", _listed(request, attempt))
    lead, shows_body = _try(attempt, is_last=is_last)
    yield Event(attempt.started_at, lead, sent=_sent(request) if shows_body else "", tone="run")
    if attempt.finished_at:
        outcome = Attempt.Outcome(attempt.outcome)
        tone, words, after = OUTCOMES[outcome]
        if outcome == Attempt.Outcome.UNCERTAIN:
            after = waiting.not_again()
        ids = f"HTTP {attempt.http_status}." if attempt.http_status else ""
        if attempt.correlation_id:
            ids = f"{ids} Correlation ID {attempt.correlation_id}."
        yield Event(
            attempt.finished_at, words, " ".join(filter(None, [attempt.problem, after, ids])), tone=tone
        )


def _try(attempt: Attempt, *, is_last: bool) -> tuple[str, bool]:
    """In words, and whether the body is shown with it: each try has the same one."""
    outcome, number = Attempt.Outcome(attempt.outcome), f"Try {attempt.number}"
    if word := sent_word(attempt):
        return f"{word if attempt.number == 1 else f'{number}, {word[:1].lower()}{word[1:]}'}:", True
    if outcome == Attempt.Outcome.NOT_SENT:
        return f"{number}.", False
    return (f"{number}, sent:", True) if is_last else (f"{number}, sent.", False)


def _entry(entry: Activity, looked: str) -> Iterator[Event]:
    """What the log says of it; the part before the colon is what happened."""
    if entry.verb == "request.asked":
        return
    happened, colon, rest = wording.told(entry.what).partition(": ")
    if entry.actor and entry.actor.display_name not in entry.what:
        happened = f"{entry.actor.display_name}: {happened[:1].lower()}{happened[1:]}"
    waits = entry.verb == "request.needs_review"
    tone = "warn" if waits or entry.verb in AFTER_ALL else ""
    text = " ".join(filter(None, [rest, looked, BLOCKED])) if waits else rest
    yield Event(entry.at, happened + colon, text, quote=entry.reason, tone=tone)


def _looked(evidence: Evidence, entries: list[Activity]) -> str:
    """Only what got no answer is looked for; what Codat accepted is waited for."""
    request = evidence.request
    unanswered = evidence.sent is not None and evidence.sent.outcome == Attempt.Outcome.UNCERTAIN
    if not request.looks or not unanswered:
        return ""
    looks = request.looks - sum(entry.verb in SHOWED_NOTHING for entry in entries)
    if looks < 1:
        return "No look at Codat brought an answer."
    new = max(len(evidence.candidates), len(request.candidates))
    one, many = "1 sync is new since; Codat does not say who started it.", f"{new} syncs are new since;"
    since = one if new == 1 else f"{many} Codat does not say who started them."
    times = "once" if looks == 1 else f"{looks} times"
    return f"Looked at Codat {times}: {since if new else 'no sync was new then, which proves nothing.'}"


def _listed(request: SyncRequest, attempt: Attempt) -> str:
    """What Codat listed just before the POST."""
    count = len(attempt.listed_before)
    syncs = "1 sync" if count == 1 else f"{count} syncs"
    newest = request.merchant.syncs.newest_of(attempt.listed_before)
    if newest is None:
        return f"Codat listed {syncs} just before."
    return f"Codat listed {syncs} just before. Newest: {newest.sync_id[:8]}…, {newest.status.word} ({newest.code})."


def _sent(request: SyncRequest) -> str:
    latest = request.kind == SyncRequest.Kind.LATEST
    path = paths.REQUEST_LATEST if latest else paths.REQUEST_RANGE
    key = f"Idempotency-Key: {request.idempotency_key}"
    return f"POST {path.format(company_id=request.merchant.company_id)}\n{key}\n\n{request.body}"
