"""What is wrong in plain words, who must act, whether a re-run helps and is safe: our text for Codat's errors.

The first entry that fits wins (see entries.py). Who asks brings the entries, or the built-in ones serve.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from syncs.codat.statuses import Outcome, status_of
from syncs.rules.causes import normalise, plain
from syncs.rules.entries import ENTRIES, LINKING, STATES, Entry, entry_of, fill
from syncs.rules.fuse import FUSE_DAYS

__all__ = [
    "ENTRIES",
    "STATES",
    "Diagnosis",
    "Entry",
    "diagnose",
    "disconnected",
    "entry_for",
    "entry_of",
    "held_in_an_outage",
    "linked_again",
    "never_synced",
    "normalise",
    "perhaps_over",
    "silent",
    "sketched",
    "steps_meanwhile",
    "switched_off",
    "while_under_way",
    "without_re_runs",
]

SAFE_WORDS = {
    True: "Yes, nothing was written",
    False: "Some sales may already be written",
    None: "Codat does not say what was written",
}
# What both answers are while a request of ours is under way.
NOT_YET = "Not until the request under way is settled"
NOT_DECIDED = "Not until a lead has decided whether the last request ran"
SAFE_MEANWHILE = {
    True: "Not known: the last request may have run",
    False: "Not while a request is under way",
}
WAIT = "Wait until the request under way is settled."
DECIDE = "Have a lead decide whether the last request ran."
# While Codat looks down for one of its platforms; and where nobody knows whether that is over.
HELD = "No, it will probably fail again. Held until the outage is over"
HELD_TOO = "and not before the outage is over"
WAIT_FOR_THE_END = "Wait until the outage is over."
PERHAPS_OVER = "nobody knows whether the outage is over"
IN_AN_OUTAGE = (
    "Hello, your latest sales have not reached {accounting} yet. Our service provider has a fault at the moment, which "
    "strikes many shops. We are watching it, and look after your sales when it is over. You need not do anything."
)
ASKS_FOR_A_RERUN = re.compile(r"\bre-run|\brun one\b", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<=\.) ")
DISCONNECTED = 4040
LINKED_AGAIN = "linked-again"


@dataclass(frozen=True)
class Diagnosis:
    """What the page says; `safe` is None where nobody can tell."""

    entry_id: str
    lead: str
    detail: str
    owner: str
    owner_words: str
    rerun: str
    rerun_words: str
    fixed_by: str
    safe: bool | None
    safe_words: str
    steps: tuple[str, ...]
    message: str
    is_general: bool
    """Whether a message that the playbook knew would say more."""
    is_last_resort: bool


def diagnose(
    code: int | None,
    message: str,
    data_pushed: bool | None,
    commerce: str,
    accounting: str,
    *,
    unlinked: str = "",
    entries: Sequence[Entry] = ENTRIES,
) -> Diagnosis:
    """For one sync as Codat reports it; the platforms by their names, empty where unknown."""
    entry, groups = _found(code, message, entries)
    outcome = status_of(code).outcome
    safe = None if outcome is Outcome.RUNNING or data_pushed is None else not data_pushed
    return _diagnosis(entry, {**_platforms(commerce, accounting, unlinked), **groups}, safe, SAFE_WORDS[safe])


def entry_for(code: int | None, message: str, entries: Sequence[Entry] = ENTRIES) -> Entry:
    return _found(code, message, entries)[0]


def sketched(entry: Entry, commerce: str, accounting: str) -> Diagnosis:
    """As it is told where a message names nothing."""
    groups = entry.pattern.groupindex if entry.pattern else ()
    words = {**_platforms(commerce, accounting), **{name: _named(name, None) for name in groups}}
    return _diagnosis(entry, words, None, SAFE_WORDS[None])


def disconnected(
    data_pushed: bool | None, commerce: str, accounting: str, *, entries: Sequence[Entry] = ENTRIES
) -> Diagnosis:
    """A connection was cut after a good sync, whose own code says nothing about it."""
    return diagnose(DISCONNECTED, "", data_pushed, commerce, accounting, entries=entries)


def linked_again(diagnosis: Diagnosis, commerce: str, accounting: str) -> Diagnosis:
    """What linking fixes is fixed once both platforms are linked; what was written was told by the sync that failed."""
    if diagnosis.fixed_by != LINKING:
        return diagnosis
    entry = STATES[LINKED_AGAIN]
    return _diagnosis(entry, _platforms(commerce, accounting), diagnosis.safe, diagnosis.safe_words)


def never_synced(commerce: str, accounting: str, linked_commerce: bool, linked_accounting: bool) -> Diagnosis:
    entry = {
        (False, False): "never-synced-none-linked",
        (True, False): "never-synced-accounting-missing",
        (False, True): "never-synced-commerce-missing",
        (True, True): "never-synced-both-linked",
    }[linked_commerce, linked_accounting]
    return _diagnosis(STATES[entry], _platforms(commerce, accounting), True, "Yes, nothing was ever written")


def silent(commerce: str, accounting: str) -> Diagnosis:
    """Codat does not tell why it runs none."""
    return _diagnosis(STATES["silent"], _platforms(commerce, accounting), True, "Yes, nothing has run since")


def switched_off(commerce: str, accounting: str, failed_days: int) -> Diagnosis:
    """Codat tells that a sync is off, not why; only a fuse that burnt down names who did it."""
    entry = "switched-off-by-the-fuse" if failed_days >= FUSE_DAYS else "switched-off"
    words = "Ask first: the merchant may have entered the sales by hand"
    return _diagnosis(STATES[entry], _platforms(commerce, accounting), None, words)


def while_under_way(diagnosis: Diagnosis, *, may_have_run: bool, is_in_review: bool) -> Diagnosis:
    """What is wrong stays wrong, but nobody is told to run anything beside a request that is under way, or to wait for
    one that waits for a person."""
    return replace(
        diagnosis,
        lead=without_re_runs(diagnosis.lead),
        rerun="already_running",
        rerun_words=NOT_DECIDED if is_in_review else NOT_YET,
        safe=None,
        safe_words=SAFE_MEANWHILE[may_have_run],
        steps=steps_meanwhile(diagnosis.steps, DECIDE if is_in_review else WAIT),
    )


def without_re_runs(text: str) -> str:
    return " ".join(each for each in SENTENCE_END.split(text) if not ASKS_FOR_A_RERUN.search(each))


def steps_meanwhile(steps: Sequence[str], wait: str = WAIT) -> tuple[str, ...]:
    """Those before a re-run; what comes after one makes no sense without it."""
    return (*_before_a_rerun(steps), wait)


def _before_a_rerun(steps: Sequence[str]) -> Iterator[str]:
    return takewhile(lambda step: not ASKS_FOR_A_RERUN.search(step), steps)


def held_in_an_outage(diagnosis: Diagnosis, known: str, accounting: str) -> Diagnosis:
    """What is wrong stays wrong, but a re-run would fail with the rest. `known` is what is known of the outage."""
    if diagnosis.rerun not in {"helps_now", "after_fix"}:
        return diagnosis
    is_free = diagnosis.rerun == "helps_now"
    waits_for_codat = diagnosis.owner == "codat" or diagnosis.entry_id == LINKED_AGAIN
    return replace(
        diagnosis,
        lead=without_re_runs(diagnosis.lead),
        detail=f"{diagnosis.detail} {known}" if is_free else diagnosis.detail,
        rerun="held" if is_free else diagnosis.rerun,
        rerun_words=HELD if is_free else f"{diagnosis.rerun_words}, {HELD_TOO}",
        steps=(WAIT_FOR_THE_END, *_before_a_rerun(diagnosis.steps))
        if is_free
        else steps_meanwhile(diagnosis.steps, f"{WAIT_FOR_THE_END} {known}"),
        message=fill(IN_AN_OUTAGE, _platforms("", accounting)) if waits_for_codat else diagnosis.message,
    )


def perhaps_over(diagnosis: Diagnosis, known: str) -> Diagnosis:
    """The same where none fails and none runs: a re-run is how anybody comes to know."""
    if diagnosis.rerun != "helps_now":
        return diagnosis
    return replace(
        diagnosis,
        lead=without_re_runs(diagnosis.lead),
        detail=f"{diagnosis.detail} {known}",
        rerun="held",
        rerun_words=f"Perhaps: {PERHAPS_OVER}",
    )


def _found(code: int | None, message: str, entries: Sequence[Entry]) -> tuple[Entry, dict[str, str]]:
    """The first that fits, and the words for its pattern's groups."""
    outcome, text = status_of(code).outcome, plain(message)
    for entry in entries:
        groups = _match(entry, code, outcome, text)
        if groups is not None:
            return entry, groups
    raise LookupError("the playbook has no last entry for every outcome")


def _match(entry: Entry, code: int | None, outcome: Outcome, text: str) -> dict[str, str] | None:
    """The words for the pattern's groups if the entry fits, else None."""
    if entry.pattern:
        told = outcome in {Outcome.FAILED, Outcome.UNKNOWN} and (not entry.codes or code in entry.codes)
        found = entry.pattern.search(text) if told else None
        return {name: _named(name, value) for name, value in found.groupdict().items()} if found else None
    return {} if code in entry.codes or entry.outcome is outcome else None


def _named(group: str, value: str | None) -> str:
    """The group "account" of "Account 090 is archived" reads "account 090", or "the account" if it has no name."""
    kind = group.replace("_", " ")
    name = (value or "").strip(" '\"`.")
    return f"{kind} {name}" if name else f"the {kind}"


def _platforms(commerce: str, accounting: str, unlinked: str = "") -> dict[str, str]:
    commerce, accounting = commerce or "the commerce platform", accounting or "the accounting software"
    either = f"{commerce} or {accounting}"
    return {"commerce": commerce, "accounting": accounting, "unlinked": unlinked or either}


def _diagnosis(entry: Entry, words: Mapping[str, str], safe: bool | None, safe_words: str) -> Diagnosis:
    return Diagnosis(
        entry_id=entry.id,
        lead=_sentence(fill(entry.lead, words)),
        detail=_sentence(fill(entry.detail, words)),
        owner=entry.owner,
        owner_words=entry.owner_words,
        rerun=entry.rerun,
        rerun_words=fill(entry.rerun_words, words),
        fixed_by=entry.fixed_by,
        safe=safe,
        safe_words=safe_words,
        steps=tuple(_sentence(fill(step, words)) for step in entry.steps),
        message=fill(entry.message, words),
        is_general=entry.is_general and entry.id not in STATES,
        is_last_resort=entry.is_last_resort and entry.id not in STATES,
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
