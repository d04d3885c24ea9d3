"""Proof of a fix: how a merchant stood before a request and how it stands since, with what there is to do next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import prefetch_related_objects
from django.utils import timezone

from syncs import moments
from syncs.codat.statuses import Outcome
from syncs.models import Merchant, Sync, SyncRequest
from syncs.operations import outage_hold, repairs
from syncs.operations.answered_windows import ran_instead
from syncs.operations.diagnosing import diagnose, diagnose_sync, names
from syncs.operations.gaps import Gaps
from syncs.operations.repairs import Repair
from syncs.rules.coverage import stretches
from syncs.rules.health import WORD, Health, is_stopped_range
from syncs.rules.outages import CODATS_OWN
from syncs.rules.playbook import Diagnosis
from syncs.rules.states import RAN, State
from syncs.views import next_steps

# More stretches of days are a list, and no sentence.
NAMED = 3
NOTHING_TO_DO = "You need not do anything."
GOES_NOT_BACK = "No later sync goes back for that: it needs a range."
GOES_NOT_BACK_FOR_THE_REST = (
    "No later sync goes back for the rest. Ask the merchant whether sales are missing."
)
ANOTHER_PRESS = "Another press will probably fail the same way."
AFTER_THE_MERCHANT = (
    f"{ANOTHER_PRESS} The merchant must act first. Where the merchant says that it is done, it is a case for "
    "Codat's support."
)
OTHER_DAYS = "The merchant stands as it did before. Leave out the days that are already synced."
FOR_CODAT = f"{ANOTHER_PRESS} It is a case for Codat's support."


@dataclass(frozen=True)
class Proof:
    tone: str
    icon: str
    sentence: str
    advice: str = ""
    message: str = ""
    """To the merchant, ready to be sent."""
    for_codat: bool = False


def of(request: SyncRequest) -> Proof | None:
    return of_each([request]).get(request.pk)


def of_each(requests: Collection[SyncRequest]) -> dict[int, Proof]:
    """By request, of those that ran and of which there is something to prove. Six queries, however many."""
    ran = [request for request in requests if State(request.state) in RAN and request.sync]
    prefetch_related_objects([request.merchant for request in ran], "connections")
    found = repairs.of_each(ran)
    proved = {request.pk: told(request, found[request.pk]) for request in ran}
    return {key: proof for key, proof in proved.items() if proof}


def told(request: SyncRequest, repair: Repair) -> Proof | None:
    """None while it has no result, and where nothing had been wrong. Of days that Codat stopped, that they were."""
    sync = request.sync
    if sync is None or State(request.state) not in RAN:
        return None
    if sync.outcome == Outcome.FAILED:
        return _failed(request, sync, repair.before)
    was = _was(repair)
    if not was:
        return None
    sentence = f"Before: {was}. Now: {_now(sync, repair)}."
    if since := _since(request.merchant):
        return Proof("warn", "warn", f"{sentence} {since}")
    return (
        Proof("warn", "warn", sentence) if ran_instead(request) else _mended(request, sync, repair, sentence)
    )


def _mended(request: SyncRequest, sync: Sync, repair: Repair, sentence: str) -> Proof:
    message = f"{_good_news(request.merchant, sync, repair)} {_ending(repair.gaps)}"
    if behind := repair.gaps.behind:
        return Proof("warn", "warn", f"{sentence} Still missing: {_days(behind)}.", GOES_NOT_BACK, message)
    if partly := repair.gaps.in_part:
        left = f"{sentence} In the books in part only: {_days(partly)}."
        return Proof("warn", "warn", left, GOES_NOT_BACK_FOR_THE_REST, message)
    return Proof("ok", "okfill", sentence, message=message)


def _was(repair: Repair) -> str:
    if repair.failed_days > 1:
        return f"failed {repair.failed_days} days, the last with {_named(repair.failed[0])}"
    if repair.failed:
        return f"failed with {_named(repair.failed[0])}"
    if repair.unrun:
        return f"nothing had run on {_days(repair.unrun)}"
    before = repair.before
    return f"failed with {_named(before)}" if before and before.outcome == Outcome.FAILED else ""


def _now(sync: Sync, repair: Repair) -> str:
    word = "no sales" if sync.outcome == Outcome.EMPTY else "synced"
    if not repair.covered:
        return word
    if sync.window_known == Sync.Known.INFERRED:
        return f"{word}, about {_days(repair.covered)} covered (inferred)"
    return f"{word}, {_days(repair.covered)} covered"


def _since(merchant: Merchant) -> str:
    """What became of it after that, where all is not well."""
    if merchant.health == Health.HEALTHY:
        return ""
    if merchant.health == Health.FAILING:
        return f"But it has failed again since ({merchant.last_code})."
    return f"But since then: {WORD[Health(merchant.health)].lower()}."


def _good_news(merchant: Merchant, sync: Sync, repair: Repair) -> str:
    """What is inferred is not promised to a merchant."""
    commerce, accounting = names(merchant)
    works_again = repair.before is not None and repair.before.outcome == Outcome.FAILED
    known = bool(repair.made_up) and sync.window_known != Sync.Known.INFERRED
    days = _days(repair.made_up) if known else ""
    if sync.outcome == Outcome.EMPTY:
        again = " works again" if works_again else " has run again"
        none = f"There were no sales to bring over{f' for {days}' if days else ''}."
        return f"Hello, the sync from {commerce} to {accounting}{again}. {none}"
    if works_again:
        there = f" The sales of {days}, which were missing, are there now." if days else ""
        return f"Hello, your sales from {commerce} reach {accounting} again.{there}"
    sales = f"your sales of {days} from {commerce}" if days else f"your sales from {commerce}"
    return f"Hello, {sales}, which were missing in {accounting}, are there now."


def _ending(left: Gaps) -> str:
    """Of the message: that all is done only where no day is missing; days are named where they are known."""
    if left.behind:
        days = _days(left.behind) if left.are_told else "some other days"
        return f"The sales of {days} are still missing: you will hear from us about them."
    if left.in_part:
        days = _days(left.in_part) if left.are_told else "some other days"
        return f"A part of the sales of {days} may be missing: you will hear from us about it."
    return "The sales of the newest days follow with the next daily sync." if left.awaited else NOTHING_TO_DO


def _failed(request: SyncRequest, sync: Sync, before: Sync | None) -> Proof | None:
    if is_stopped_range(sync.code, was_range=request.kind == SyncRequest.Kind.HISTORIC):
        sync.merchant = request.merchant
        return Proof("warn", "shield", diagnose_sync(sync).lead, OTHER_DAYS)
    return _failed_again(request.merchant, sync, before)


def _failed_again(merchant: Merchant, sync: Sync, before: Sync | None) -> Proof | None:
    """None where it is the first failure, or no longer how the merchant stands."""
    stands = (merchant.last_code, merchant.last_cause_id) == (sync.code, sync.cause_id)
    diagnosis = diagnose(merchant) if stands else None
    if before is None or before.outcome != Outcome.FAILED or diagnosis is None:
        return None
    if (before.code, before.cause_id) != (sync.code, sync.cause_id):
        changed = f"Before: failed with {_named(before)}. Now: failed with {_named(sync)}."
        return Proof("warn", "warn", changed, advice="Another error than before: see what is wrong now.")
    return _the_same(merchant, sync, diagnosis)


def _the_same(merchant: Merchant, sync: Sync, diagnosis: Diagnosis) -> Proof:
    sentence = f"Failed again with the same error ({sync.code})."
    if sync.code in CODATS_OWN and (outage := outage_hold.hold_on(merchant, outage_hold.forbidding())):
        down = f"{outage_hold.looks_down(outage.platform_name)}. Wait until that is over."
        return Proof("warn", "cloud", sentence, down)
    if diagnosis.owner == "merchant":
        message = next_steps.message(diagnosis, merchant.link_url)
        return Proof("bad", "bad", sentence, AFTER_THE_MERCHANT, message, for_codat=True)
    if diagnosis.owner == "us" and diagnosis.steps:
        return Proof("bad", "bad", sentence, f"{ANOTHER_PRESS} First: {diagnosis.steps[0]}", for_codat=True)
    return Proof("bad", "bad", sentence, FOR_CODAT, for_codat=True)


def _named(sync: Sync) -> str:
    return f"“{sync.status.word}” ({sync.code})" if sync.code else f"“{sync.status.word}”"


def _days(days: list[date]) -> str:
    """ "1 – 20 Nov", "1 – 3 Nov, 5 Nov and 2 more"."""
    found, today = stretches(days), timezone.localdate()
    words = [moments.day_range(first, last, today) for first, last in found[:NAMED]]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(words) + more
