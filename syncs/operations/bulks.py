"""One press for many merchants, stored as a whole or not at all; and taking back what of it is not sent yet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F

from syncs.codat.shortening import shortened
from syncs.models import Bulk, Merchant, NotAsked, SyncRequest, User
from syncs.operations import asking, bulk_plans, lifting, log
from syncs.operations.asking import NotNow, NotPossible
from syncs.operations.bulk_plans import Plan, Runner, Wish
from syncs.operations.transitions import cancel_many
from syncs.rules.states import State

# Single presses of colleagues go first.
AFTER_PRESSES = -1
# Above it only who may ask for many, and the number is typed.
FEW = 25
OVERRIDE_LEADS_ONLY = (
    "Only leads may run many of whom the playbook says that something has to be fixed first."
)
OUTAGE_LEADS_ONLY = "Only leads may run many for whose platform Codat looks down."
OVERRODE = "Overrode the playbook: something had to be fixed first"
LEADS_ONLY = f"Above {FEW} merchants: leads only. Ask a lead, or choose fewer."
TICK_SYNCED_DAYS = "Tick this, or leave out those with synced days."


class Changed(NotPossible):
    """Others would run than were shown. Nothing was saved."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("The list changed while you looked.")
        self.plan = plan


@dataclass(frozen=True)
class Asked:
    bulk: Bulk
    first: SyncRequest | None
    is_new: bool


def ask_for_many(
    keys: Collection[int],
    wish: Wish,
    *,
    by: User,
    now: datetime,
    may_many: bool,
    may_override: bool = False,
    shown: Mapping[int, str] | None = None,
    told: bool = False,
) -> Asked:
    """Stores a request for each that may run, why for each other, and its activity, in one transaction.

    `shown` are the marks of those that would run when somebody looked: raises Changed where they are others by now.
    Who was `told` of one change is not told of the next, and asks for those that are as they were. Raises NotPossible
    where nobody can run, and where more than FEW would for somebody who may not ask for many. The same form again
    returns the first one's bulk.
    """
    try:
        with transaction.atomic():
            plan = _plan(keys, wish, now, shown, told)
            if len(plan.runners) > FEW and not may_many:
                raise NotPossible(LEADS_ONLY)
            if wish.override_reason and not may_override:
                raise NotPossible(OVERRIDE_LEADS_ONLY)
            if wish.outage_reason and not may_override:
                raise NotPossible(OUTAGE_LEADS_ONLY)
            if plan.with_synced_days and not wish.overlap_known:
                raise NotPossible(TICK_SYNCED_DAYS, field="seen_overlap")
            return _stored(plan, by, now)
    except (IntegrityError, NotPossible):
        # What stands in its way may be its own first press, also one that came a moment ago.
        if first := _already_asked(wish, by):
            return Asked(first, None, is_new=False)
        raise
    except OperationalError as error:
        # SQLite did not let the transaction begin. Of any other error nobody knows what it left behind.
        if "locked" not in str(error):
            raise
        raise NotNow("The database is busy and nothing was saved. Press again in a moment.") from None


def described(bulk: Bulk) -> str:
    """ "Sync latest", "Re-run 1 Nov 2026 – 3 Nov 2026"."""
    if bulk.first_day and bulk.last_day:
        return f"Re-run {bulk.first_day:%-d %b %Y} – {bulk.last_day:%-d %b %Y}"
    return "Sync latest"


def stop(bulk: Bulk, *, by: User, now: datetime) -> int:
    """Cancels what is not sent yet, and says how many that were. What Codat has runs to its end."""
    with transaction.atomic():
        # The merchants before their requests, as everywhere: from here on nobody moves one of these.
        waiting = bulk.requests.filter(state=State.QUEUED)
        theirs = Merchant.objects.filter(pk__in=list(waiting.values_list("merchant", flat=True)))
        locked = {merchant.pk for merchant in theirs.order_by("pk").select_for_update()}
        left = list(waiting.filter(merchant__in=locked))
        if not left:
            return 0
        cancel_many(
            left, now=now, what=f"Cancelled before it was sent: {by.display_name} stopped the bulk", actor=by
        )
        Bulk.objects.filter(pk=bulk.pk, stopped_at=None).update(stopped_at=now, stopped_by=by)
        what = f"Stopped “{described(bulk)}” for many: {len(left):,} of {bulk.requests.count():,} were not sent yet"
        log.record("bulk.stopped", what, actor=by, bulk=bulk)
    return len(left)


def _already_asked(wish: Wish, by: User) -> Bulk | None:
    """Raises NotPossible for the form of somebody else, and for an old one that means something else by now."""
    first = Bulk.objects.filter(form_token=wish.form_token).first()
    if first is None:
        return None
    same = (first.kind, first.first_day, first.last_day) == (wish.kind, *(wish.days or (None, None)))
    if first.asked_by_id != by.pk or not same:
        raise NotPossible("This form was used already. Load the page again; nothing was sent this time.")
    return first


def _plan(
    keys: Collection[int], wish: Wish, now: datetime, shown: Mapping[int, str] | None, told: bool
) -> Plan:
    merchants = bulk_plans.read(Merchant.objects.filter(pk__in=keys).select_for_update(), wish)
    plan = bulk_plans.plan(merchants, wish, now)
    if shown is None or plan.marks == shown:
        return _not_empty(plan)
    left = bulk_plans.plan(merchants, wish, now, shown)
    if not told or (plan.runners and not left.runners):
        raise Changed(plan)
    return _not_empty(left)


def _not_empty(plan: Plan) -> Plan:
    if not plan.runners:
        raise NotPossible("None of them can run now.")
    return plan


def _stored(plan: Plan, by: User, now: datetime) -> Asked:
    wish = plan.wish
    first_day, last_day = wish.days or (None, None)
    bulk = Bulk.objects.create(
        kind=wish.kind,
        first_day=first_day,
        last_day=last_day,
        reason=wish.reason,
        query=wish.query,
        form_token=wish.form_token,
        asked_by=by,
        asked_at=now,
    )
    requests = _created(bulk, plan, by, now)
    NotAsked.objects.bulk_create(
        NotAsked(bulk=bulk, merchant=each.merchant, kind=each.kind, why=shortened(each.sentence, 300))
        for each in plan.refusals
    )
    what = f"Asked for {described(bulk)} for {len(requests):,} of {plan.wanted:,} merchants"
    log.record("bulk.asked", what, actor=by, bulk=bulk, reason=wish.reason)
    return Asked(bulk, requests[0], is_new=True)


def _created(bulk: Bulk, plan: Plan, by: User, now: datetime) -> list[SyncRequest]:
    """Who holds the locks of their merchants is the only one who asks for them."""
    runners, wish = plan.runners, plan.wish
    Merchant.objects.filter(pk__in=[runner.merchant.pk for runner in runners]).update(
        version=F("version") + 1
    )
    requests = SyncRequest.objects.bulk_create(
        SyncRequest(**asking.row(runner.merchant, runner.ask, by, now), bulk=bulk.pk, priority=AFTER_PRESSES)
        for runner in runners
    )
    told = ((request, asking.described(request)) for request in requests)
    log.record_many("request.asked", told, actor=by, reason=bulk.reason)
    old = [(request, lifting.BOOKS_CONFIRMED) for request in requests if request.books_confirmed]
    log.record_many("request.books", old, actor=by)
    _tell_overrides(list(zip(runners, requests, strict=True)), by, wish)
    return requests


def _tell_overrides(asked: Sequence[tuple[Runner, SyncRequest]], by: User, wish: Wish) -> None:
    held = [(request, OVERRODE) for runner, request in asked if runner.is_held]
    log.record_many("request.override", held, actor=by, reason=wish.override_reason)
    out = [(request, lifting.in_spite_of(runner.out)) for runner, request in asked if runner.out]
    log.record_many("request.override", out, actor=by, reason=wish.outage_reason)
