"""A press of the button: the web's part of a sync request, from the guards to the committed row."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F

from syncs.codat import bodies
from syncs.models import Merchant, SyncRequest, User
from syncs.operations import connections, coverage, lifting, log
from syncs.operations.transitions import move
from syncs.operations.wishes import Ask as Ask
from syncs.operations.wishes import NotNow as NotNow
from syncs.operations.wishes import NotPossible as NotPossible
from syncs.rules.health import Health
from syncs.rules.salesdays import range_window
from syncs.rules.states import State
from syncs.rules.windows import without


@dataclass(frozen=True)
class Asked:
    request: SyncRequest
    is_new: bool


def ask(merchant: Merchant, ask: Ask, *, by: User, now: datetime) -> Asked:
    """Stores the request and its activity in one transaction. The same form and days return the first row.

    Raises NotPossible. The unique indexes have the last word: two presses at once end as one request.
    """
    try:
        refuse(merchant, ask, by)
        overridden = lifting.Overridden(
            lifting.until_fixed(merchant, ask, by), lifting.in_an_outage(merchant, ask, by)
        )
        is_old = lifting.old_days(merchant, ask, now)
        said = replace(overridden.by(ask), books_confirmed=is_old)
        return Asked(_stored(merchant, said, by, now, overridden), is_new=True)
    except NotPossible:
        # What stands in its way may be its own first press, also one that came a moment ago.
        if first := _already_asked(merchant, ask, by):
            return Asked(first, is_new=False)
        raise


def refuse(merchant: Merchant, ask: Ask, by: User | None = None) -> None:
    """All guards but those that somebody's word lifts (operations/lifting.py). Raises NotPossible."""
    refuse_if_not_possible(merchant, by)
    refuse_if_synced(merchant, ask)
    _refuse_another_basis(merchant, ask)
    _refuse_unseen_overlap(merchant, ask)


def basis_of(merchant: Merchant) -> str:
    """What gives a wish its meaning: the zone of its days, and the connections it reads from and writes to."""
    return " ".join([merchant.zone_name, *connections.route(merchant)])


def described(request: SyncRequest) -> str:
    if request.kind == SyncRequest.Kind.LATEST:
        return "Asked for Sync latest" + (f" up to {request.last_day:%-d %b %Y}" if request.last_day else "")
    return f"Asked to re-run {request.first_day:%-d %b %Y} – {request.last_day:%-d %b %Y}"


def cancel(request: SyncRequest, *, by: User, now: datetime) -> bool:
    """Only what is still QUEUED can be taken back; False when it is not."""
    if request.state != State.QUEUED:
        return False
    in_time = "before Codat took it" if request.tries else "before it was sent"
    sentence = f"Cancelled {in_time}, by {by.display_name}"
    return move(request, State.CANCELLED, now=now, what=sentence, actor=by, result=sentence)


def refuse_if_not_possible(merchant: Merchant, by: User | None = None) -> None:
    """Raises NotPossible where a sync can have no effect, or not the one that is meant; in the words of `by`, who is
    told now, or of anybody, where the sentence is kept."""
    if merchant.is_archived:
        raise NotPossible("This merchant is archived. Nothing is sent for it any more.", kind="archived")
    _refuse_while_active(read_active(merchant), by)
    if merchant.refreshed_at is None:
        raise NotPossible(
            "The syncs of this merchant have not been read from Codat yet. Wait a minute.", kind="unread"
        )
    if merchant.running_since:
        raise NotPossible("A sync is already running for this merchant. Wait for its result.", kind="running")
    if merchant.health == Health.SWITCHED_OFF:
        raise NotPossible(
            "This sync is switched off at Codat. Only the merchant can switch it on again, in Codat's sync flow.",
            kind="switched_off",
        )
    _refuse_if_not_linked(merchant)


def refuse_if_synced(merchant: Merchant, ask: Ask) -> None:
    """Raises NotPossible for a latest sync up to a day that a success has reached: it starts where that ended."""
    if ask.kind != SyncRequest.Kind.LATEST or ask.last_day is None:
        return
    end = range_window(ask.last_day, ask.last_day, merchant.zone).finish
    if merchant.syncs.successful().filter(window_finish__gte=end).exists():
        raise NotPossible("These days are already synced.", field="last_day")


def _stored(
    merchant: Merchant, ask: Ask, by: User, now: datetime, overridden: lifting.Overridden
) -> SyncRequest:
    try:
        with transaction.atomic():
            # The merchant before its request, as everywhere: a bulk holds its merchants until its requests are stored.
            Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1)
            request = SyncRequest.objects.create(**row(merchant, ask, by, now))
            log.record("request.asked", described(request), actor=by, request=request, reason=ask.reason)
            for what, why in overridden.told(ask):
                log.record("request.override", what, actor=by, request=request, reason=why)
            if ask.books_confirmed:
                log.record("request.books", lifting.BOOKS_CONFIRMED, actor=by, request=request)
    except IntegrityError:
        _refuse_while_active(_active(merchant), by)
        _refuse_a_used_token(ask)
        raise
    except OperationalError as error:
        # SQLite did not let the transaction begin. Of any other error nobody knows what it left behind.
        if "locked" not in str(error):
            raise
        raise NotNow("The database is busy and nothing was saved. Press again in a moment.") from None
    return request


def read_active(merchant: Merchant) -> SyncRequest | None:
    """From the rows that were read with many merchants at once, where they were (operations/bulks.py)."""
    read: list[SyncRequest] | None = vars(merchant).get("active_requests")
    return _active(merchant) if read is None else next(iter(read), None)


def _active(merchant: Merchant) -> SyncRequest | None:
    return merchant.requests.active().select_related("asked_by").first()


def _refuse_while_active(active: SyncRequest | None, by: User | None) -> None:
    if active:
        who = "You have" if active.asked_by == by else f"{active.asked_by.display_name} has"
        asked = f"{who} already asked for a sync of this merchant"
        if active.state == State.NEEDS_REVIEW:
            told = f"{asked}, and nobody can tell whether it ran. A lead decides first."
            raise NotPossible(told, request=active, kind="review")
        raise NotPossible(f"{asked}. Wait for its result.", request=active, kind="asked")


def _refuse_if_not_linked(merchant: Merchant) -> None:
    if unlinked := connections.unlinked(merchant):
        raise NotPossible(
            f"{unlinked.platform_name} is not linked. A sync would fail until the merchant links it.",
            kind="not_linked",
        )
    if connections.all_linked(merchant) is not True:
        raise NotPossible(
            "This merchant has not linked both platforms yet. A sync would fail until it has.",
            kind="not_linked",
        )


def _refuse_another_basis(merchant: Merchant, ask: Ask) -> None:
    if ask.basis is not None and ask.basis != basis_of(merchant):
        raise NotPossible(
            "The merchant's time zone or connections have changed since you looked. Look again before you send.",
            field="basis",
        )


def _refuse_unseen_overlap(merchant: Merchant, ask: Ask) -> None:
    """What was accepted is what was shown, not whatever has been synced since."""
    if ask.days and without(coverage.overlap(merchant, *ask.days).windows, ask.seen_overlap):
        raise NotPossible(
            "More of these days are already synced than you were shown. Look again before you send.",
            field="seen_overlap",
        )


def _refuse_a_used_token(ask: Ask) -> None:
    """Pages are kept open over a sign-out: somebody else may send the form of a colleague."""
    if SyncRequest.objects.filter(form_token=ask.form_token).exists():
        raise NotPossible("This form was used already. Load the page again; nothing was sent this time.")


def _already_asked(merchant: Merchant, ask: Ask, by: User) -> SyncRequest | None:
    """A browser's way back may bring an old form with new days: that is another wish, not a second press."""
    same = {"merchant": merchant, "kind": ask.kind, "first_day": ask.first_day, "last_day": ask.last_day}
    return SyncRequest.objects.filter(form_token=ask.form_token, asked_by=by, **same).first()


def row(merchant: Merchant, ask: Ask, by: User, now: datetime) -> dict[str, object]:
    """The columns of the request, with its exact bytes."""
    return {
        "merchant": merchant,
        "kind": ask.kind,
        "first_day": ask.first_day,
        "last_day": ask.last_day,
        "form_token": ask.form_token,
        "asked_by": by,
        "asked_at": now,
        "not_before": now,
        "state_since": now,
        "reason": ask.reason,
        "books_confirmed": ask.books_confirmed,
        "override_reason": ask.override_reason.strip(),
        "outage_reason": ask.outage_reason.strip(),
        "in_spite_of_id": ask.outage,
        "seen_overlap": [
            [window.start.isoformat(), window.finish.isoformat()] for window in ask.seen_overlap
        ],
        "route": connections.route(merchant),
        "resend_of": ask.resend_of,
    } | _window_and_body(merchant, ask, now)


def _window_and_body(merchant: Merchant, ask: Ask, now: datetime) -> dict[str, object]:
    if ask.days:
        window = range_window(*ask.days, merchant.zone)
        body = bodies.historic(window.start, window.finish)
        return {"window_start": window.start, "window_finish": window.finish, "body": body}
    finish = range_window(ask.last_day, ask.last_day, merchant.zone).finish if ask.last_day else now
    finish = min(finish, now).replace(microsecond=0)
    return {"window_finish": finish, "body": bodies.latest(finish)}
