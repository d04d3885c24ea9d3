"""How a code, a health or a request's state looks: an icon and a tone beside the word, never colour alone."""

from dataclasses import dataclass

from syncs.codat.statuses import Outcome, status_of
from syncs.models import Merchant, SyncRequest
from syncs.rules.health import WORD, Health
from syncs.rules.states import FINAL, HELD_BACK_WORD, RAN, WORDS, State


@dataclass(frozen=True)
class Look:
    """`icon` is a symbol of components/icons.html without its `i-`, `tone` a class `t-…` of the stylesheet."""

    icon: str
    tone: str
    word: str
    code: int | None = None
    spins: bool = False


OF_CODE = {
    1000: ("run", "run"),
    1010: ("clock", "run"),
    2000: ("okfill", "ok"),
    2040: ("okline", "ok"),
    4000: ("cfg", "bad"),
    4040: ("plug", "hold"),
    4200: ("cfg", "bad"),
    4220: ("plug", "hold"),
    4260: ("card", "hold"),
    5000: ("srv", "bad"),
    5080: ("shield", "warn"),
    5120: ("filex", "bad"),
    5130: ("bad", "bad"),
}

OF_UNLISTED = {
    Outcome.RUNNING: ("run", "run"),
    Outcome.SYNCED: ("okfill", "ok"),
    Outcome.EMPTY: ("okline", "ok"),
    Outcome.FAILED: ("ask", "bad"),
    Outcome.UNKNOWN: ("ask", "mute"),
}

OF_HEALTH = {
    Health.UNSEEN: ("clock", "mute"),
    Health.HEALTHY: ("okfill", "ok"),
    Health.FAILING: ("bad", "bad"),
    Health.SILENT: ("skip", "warn"),
    Health.NEEDS_RECONNECT: ("plug", "hold"),
    Health.NEVER_SYNCED: ("never", "mute"),
    Health.SWITCHED_OFF: ("power", "mute"),
}

OF_STATE = {
    State.QUEUED: ("queue", "mute"),
    State.SENDING: ("send", "run"),
    State.ACCEPTED: ("run", "run"),
    State.UNCERTAIN: ("ask", "warn"),
    State.NEEDS_REVIEW: ("eye", "warn"),
    State.SUCCEEDED: ("okfill", "ok"),
    State.SUCCEEDED_EMPTY: ("okline", "ok"),
    State.FAILED: ("bad", "bad"),
    State.REJECTED: ("ban", "bad"),
    State.CANCELLED: ("cancel", "mute"),
    State.NOT_RUN: ("skip", "mute"),
}
# Where the health says more than the last result.
SAYS_MORE = {Health.UNSEEN, Health.NEVER_SYNCED, Health.SILENT, Health.SWITCHED_OFF}
HELD_BACK = ("hold", "mute")
ARCHIVED = ("book", "mute")


def look_of_code(code: int | None) -> Look:
    status = status_of(code)
    icon, tone = OF_CODE.get(code or 0) or OF_UNLISTED[status.outcome]
    return Look(icon, tone, status.word, code, spins=icon == "run")


def look_of_health(merchant: Merchant) -> Look:
    if merchant.is_archived:
        return Look(*ARCHIVED, "Archived")
    health = Health(merchant.health)
    return Look(*OF_HEALTH[health], WORD[health])


def look_of_merchant(merchant: Merchant) -> Look:
    """The last final result; where there is none to show, the health says why."""
    if merchant.health in SAYS_MORE or merchant.is_archived or merchant.last_code is None:
        return look_of_health(merchant)
    return look_of_code(merchant.last_code)


def look_of_request(request: SyncRequest) -> Look:
    """A settled request wears the pill of the code that its sync ended with, also if a lead says that it never ran."""
    state = State(request.state)
    if state == State.QUEUED and (request.waiting_for or request.sending_frozen):
        return Look(*HELD_BACK, HELD_BACK_WORD)
    if state in RAN | {State.NOT_RUN} and request.sync and request.sync.status.outcome.is_final:
        return look_of_code(request.sync.code)
    return Look(*OF_STATE[state], WORDS[state], spins=state == State.ACCEPTED)


def look_of_move(verb: str, request: SyncRequest | None) -> Look | None:
    """For an entry of the activity that tells how a request ended, or that it got stuck; None for any other."""
    state = verb.removeprefix("request.")
    if request is None or state not in FINAL | {State.NEEDS_REVIEW, State.UNCERTAIN}:
        return None
    if state == request.state and state in RAN:
        return look_of_request(request)
    return Look(*OF_STATE[State(state)], WORDS[State(state)])
