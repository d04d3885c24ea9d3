"""What was sent and what Codat lists since, in words: for the case of one request and for the page of many."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from syncs import moments
from syncs.codat.statuses import Outcome
from syncs.models import Attempt, Sync, SyncRequest
from syncs.operations.evidence import Evidence
from syncs.rules.salesdays import due_before

# So soon after its due hour a sync may as well be the merchant's own daily one; before it none starts.
SOON_AFTER_ITS_HOUR = timedelta(hours=2)
A_SECOND = timedelta(seconds=1)
SENT = {
    Attempt.Outcome.OPEN: "Sending this, once",
    Attempt.Outcome.ACCEPTED: "Sent once",
    # Its sender may have died before the first byte.
    Attempt.Outcome.UNCERTAIN: "Sent once at most",
}
# A replay sends the same bytes again.
SENT_UNDER_ITS_KEY = {
    Attempt.Outcome.OPEN: "Sending this",
    Attempt.Outcome.ACCEPTED: "Sent",
    Attempt.Outcome.UNCERTAIN: "May have been sent",
}


@dataclass(frozen=True)
class Candidate:
    """A sync that is new since ours was sent, with what speaks for and against it."""

    sync: Sync
    distance: str
    evidence: str

    @property
    def key(self) -> str:
        return str(self.sync.pk)


def sent_word(attempt: Attempt) -> str:
    """Empty for one that surely had no effect."""
    words = SENT_UNDER_ITS_KEY if settings.CODAT_IDEMPOTENCY_VERIFIED else SENT
    return words.get(Attempt.Outcome(attempt.outcome), "")


def candidates_of(evidence: Evidence) -> list[Candidate]:
    """By time; none is picked beforehand."""
    return [
        Candidate(sync, _distance(evidence, sync), " ".join(_speaks(evidence.request, sync)))
        for sync in evidence.candidates
    ]


def others_of(evidence: Evidence) -> list[Candidate]:
    """Shown, so that nobody wonders what they are, and never offered."""
    return [Candidate(sync, _distance(evidence, sync), evidence.why_not_others) for sync in evidence.others]


def answer_to(evidence: Evidence) -> str:
    """What came of the POST that is on record: "No answer in 30 s."; empty when there is none."""
    attempt = evidence.sent
    if attempt is None:
        return ""
    if attempt.outcome == Attempt.Outcome.ACCEPTED:
        return "Codat accepted it."
    return attempt.problem or "No answer that we can trust."


def _distance(evidence: Evidence, sync: Sync) -> str:
    gap = sync.started_at - evidence.since
    what = "we sent" if evidence.sent else "the press" if not evidence.attempts else "the last try"
    length = moments.length(abs(gap)) if abs(gap) >= A_SECOND else "under 1 s"
    return f"{length} {'before' if gap < timedelta() else 'after'} {what}"


def _speaks(request: SyncRequest, sync: Sync) -> Iterator[str]:
    if sync.outcome == Outcome.RUNNING:
        yield "It still runs: whether sales are written is not known yet."
    elif sync.data_pushed is None:
        yield "Codat does not tell whether sales were written."
    else:
        yield "Sales were written." if sync.data_pushed else "Nothing was written."
    merchant = request.merchant
    due = due_before(sync.started_at, merchant.zone, merchant.sync_hour or 0)
    if sync.started_at - due < SOON_AFTER_ITS_HOUR:
        # In the reader's zone, as the sync's own moment beside it.
        at = moments.at_in_a_sentence(due, timezone.localtime())
        yield f"The merchant's own daily sync was due {at}: it may be that one."
    else:
        yield "No schedule of this merchant runs at this hour."
