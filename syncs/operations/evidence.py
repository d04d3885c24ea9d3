"""What is on record of requests that nobody could prove: what was sent, and what Codat lists since."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b

from django.db.models import Max, Min, Q
from django.utils import timezone

from syncs.models import Attempt, Merchant, Sync, SyncRequest
from syncs.rules.reviews import Outage, against_nothing_ran, outages
from syncs.rules.states import State

# So far from our POST, by two clocks, its sync may have begun.
BEGAN_WITHIN = timedelta(minutes=10)
# A look is dated by its beginning: one that was under way at our POST, perhaps by another host's clock, may have met
# what the POST began.
A_LOOK_TAKES = timedelta(minutes=5)


@dataclass(frozen=True)
class Evidence:
    request: SyncRequest
    attempts: list[Attempt]
    candidates: list[Sync]
    """The merchant's syncs that are new since our POST and may have been begun by it, oldest first."""
    others: list[Sync] = field(default_factory=list)
    """New as well, but under another id than the one that Codat gave this request."""

    @property
    def sent(self) -> Attempt | None:
        """The POST that may have had an effect; None when no such POST is on record."""
        return next((a for a in self.attempts if a.outcome in Attempt.MAY_HAVE_EFFECT), None)

    @property
    def since(self) -> datetime:
        return self.attempts[-1].started_at if self.attempts else self.request.asked_at

    @property
    def first_seen_from(self) -> datetime:
        """Only where Codat was looked at just before is known by name what was there already."""
        return self.since - A_LOOK_TAKES if self.attempts else self.since

    @cached_property
    def unread(self) -> set[str]:
        """Ids of syncs seen at Codat in a look that no refresh has stored yet, so that nobody can pick them."""
        seen = {str(candidate.get("sync_id")) for candidate in self.request.candidates}
        return seen - {sync.sync_id for sync in (*self.candidates, *self.others)}

    @property
    def list_read(self) -> bool:
        return is_list_read(self.request)

    @property
    def seen(self) -> str:
        """Changes with what Codat lists since. A lead's “nothing ran” stands on it."""
        ids = sorted(self.unread.union(sync.sync_id for sync in self.candidates))
        return blake2b(repr(ids).encode(), digest_size=8).hexdigest()

    @property
    def why_not_others(self) -> str:
        upstream = self.request.commerce_sync_id
        return f"Codat says that this is another sync: Codat gave this request the ID {upstream}."

    @property
    def against_nothing_ran(self) -> str:
        accepted = self.sent is not None and self.sent.outcome == Attempt.Outcome.ACCEPTED
        return against_nothing_ran(
            accepted=accepted or bool(self.request.commerce_sync_id or self.request.sync_id),
            new=len(self.candidates) + len(self.unread),
            list_read=self.list_read,
        )


def is_list_read(request: SyncRequest) -> bool:
    """Since it came into its state."""
    read = request.merchant.looked_at(timezone.now())
    return read is not None and read > request.state_since


def evidence_of(requests: Sequence[SyncRequest]) -> list[Evidence]:
    """Of active requests with their merchants at hand, in their order. Two queries, however many."""
    attempts = defaultdict(list)
    for attempt in Attempt.objects.filter(request__in=requests).order_by("number"):
        attempts[attempt.request_id].append(attempt)
    bare = [Evidence(request, attempts[request.pk], []) for request in requests]
    # One active request a merchant: whatever is new there is new for this one.
    new = defaultdict(list)
    for sync in _new_since(bare):
        new[sync.merchant_id].append(sync)
    for evidence in bare:
        before = set(evidence.attempts[-1].listed_before if evidence.attempts else [])
        for sync in new[evidence.request.merchant_id]:
            if sync.sync_id not in before:
                is_another = _is_another(sync, evidence.request.commerce_sync_id)
                (evidence.others if is_another else evidence.candidates).append(sync)
    return bare


def outages_of_open() -> list[Outage]:
    """Of all that need a person, on whatever page they stand. One query."""
    unanswered = Attempt.objects.filter(
        request__state=State.NEEDS_REVIEW, outcome=Attempt.Outcome.UNCERTAIN
    ).values("request")
    return outages(unanswered.annotate(sent=Min("started_at")).values_list("sent", flat=True))


def perhaps_ours(merchant: Merchant) -> list[Sync]:
    """Syncs that began with a POST of ours of which nobody knows yet whether, or as which sync, it ran."""
    sent = Attempt.objects.filter(outcome__in=Attempt.MAY_HAVE_EFFECT, request__sync=None)
    attempt = sent.filter(request__in=merchant.requests.active()).order_by("pk").last()
    if attempt is None:
        return []
    near = (attempt.started_at - BEGAN_WITHIN, attempt.started_at + BEGAN_WITHIN)
    first_seen_from = attempt.started_at - A_LOOK_TAKES
    new = merchant.syncs.filter(requests=None, first_seen__gte=first_seen_from, started_at__range=near)
    listed = set(attempt.listed_before)
    return [sync for sync in new.defer("raw", "message") if sync.sync_id not in listed]


def spared_since_last(merchant: Merchant, now: datetime) -> list[datetime]:
    """From when on there may be such syncs, or some that were so until a look stored anything the last time."""
    attempts = Attempt.objects.filter(request__merchant=merchant)
    sent = list(attempts.values_list("started_at", "request__finished_at"))
    if not sent:
        return []
    last = merchant.syncs.filter(first_seen__lt=now).aggregate(last=Max("first_seen"))["last"] or now
    return [
        started_at - BEGAN_WITHIN
        for started_at, finished_at in sent
        if finished_at is None or finished_at > last - A_LOOK_TAKES
    ]


def _is_another(sync: Sync, upstream: str) -> bool:
    """Only where both ids are known; Codat may use the one of the list for both."""
    return bool(upstream and sync.commerce_sync_id) and upstream not in {sync.commerce_sync_id, sync.sync_id}


def _new_since(evidence: Sequence[Evidence]) -> Iterable[Sync]:
    wanted = Q(pk__in=[])
    for each in evidence:
        wanted |= Q(merchant=each.request.merchant_id, first_seen__gte=each.first_seen_from)
    not_taken = Q(requests=None) | Q(requests__in=[each.request for each in evidence])
    return Sync.objects.filter(wanted, not_taken).defer("raw", "message").order_by("started_at", "pk")
