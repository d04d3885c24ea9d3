"""What a probe saw of Codat, and what that says of the idempotency key. What was not seen is not known."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from syncs.codat.errors import CodatError, Refused
from syncs.codat.schemas import SyncStatus, SyncSummary
from syncs.codat.statuses import status_of

NOT_KNOWN = "not known"


class Kind(StrEnum):
    """One of the two POSTs. The historic one first: its window can be a day that nobody sold anything on."""

    HISTORIC = "historic"
    LATEST = "latest"


class Sure(StrEnum):
    SEEN = "seen"
    LIKELY = "likely"
    UNKNOWN = "not known"


Verdict = tuple[str, Sure, str]


@dataclass(frozen=True)
class Look:
    """Codat's list in Codat's order, read whole so many seconds after a POST was answered."""

    after: float
    syncs: tuple[SyncStatus, ...]

    def besides(self, known: frozenset[str]) -> list[SyncStatus]:
        return [sync for sync in self.syncs if name_of(sync) not in known]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(map(name_of, self.syncs))


@dataclass
class Trial:
    """One of the two POSTs under one key: sent, sent again when its sync had ended, and looked after.

    Filled while it goes on, so that it tells the truth wherever it is broken off.
    """

    kind: Kind
    asked: tuple[datetime | None, datetime]
    before: Look
    none_yet: bool | CodatError = False
    """Whether the company had no sync; an error where a read could not say so."""
    sent: int = 0
    first: SyncSummary | CodatError | None = None
    looks: list[Look] = field(default_factory=list)
    """After the first POST; the last one shows its sync ended, unless the time was up."""
    newest: SyncStatus | None = None
    """The one answer that names a sync by both ids."""
    under: dict[str, SyncStatus | CodatError | None] = field(default_factory=dict)
    """What was answered under an id."""
    second: SyncSummary | CodatError | None = None
    looks_again: list[Look] = field(default_factory=list)
    other_body: SyncSummary | CodatError | None = None

    @property
    def named(self) -> str | None:
        """The id in the first answer."""
        return self.first.commerce_sync_id if isinstance(self.first, SyncSummary) else None

    @property
    def listed_as(self) -> str | None:
        """The id by which the list knows our sync, where Codat has said so itself."""
        if not isinstance(self.first, SyncSummary):
            return None
        if self.newest and self.newest.commerce_sync_id == self.named:
            return self.newest.sync_id
        listed = (sync for look in self.looks for sync in look.besides(self.before.names))
        both = (sync.sync_id for sync in listed if self.named in (sync.sync_id, sync.commerce_sync_id))
        return next(both, None) or self.first.sync_id

    def ours(self, look: Look) -> SyncStatus | None:
        """The sync of the first POST, also if nothing but its being the only new one tells so."""
        fresh = look.besides(self.before.names)
        if self.listed_as:
            return next((sync for sync in fresh if sync.sync_id == self.listed_as), None)
        return fresh[0] if len(fresh) == 1 else None

    @property
    def sightings(self) -> Iterator[tuple[Look, SyncStatus]]:
        for look in self.looks:
            if sync := self.ours(look):
                yield look, sync

    @property
    def has_ended(self) -> bool:
        """Whoever started them: while anything new runs, nothing more is sent."""
        return bool(self.looks) and all_ended(self.looks[-1].besides(self.before.names))

    @property
    def appeared_later(self) -> list[SyncStatus]:
        """What the list shows since the second POST and did not show just before it."""
        known = self.looks[-1].names if self.looks else self.before.names
        return self.looks_again[-1].besides(known) if self.looks_again else []


@dataclass(frozen=True)
class Finding:
    question: str
    answer: str
    sure: Sure
    seen: str
    means: str = ""
    switch: str = ""
    """The setting of the sandbox under which it does the same."""


def name_of(sync: SyncStatus) -> str:
    return sync.sync_id or sync.commerce_sync_id or ""


def all_ended(syncs: Iterable[SyncStatus]) -> bool:
    """False for none: what is not listed yet has not been seen to end."""
    outcomes = [status_of(sync.code).outcome for sync in syncs]
    return bool(outcomes) and all(outcome.is_final for outcome in outcomes)


def key_finding(trial: Trial) -> Finding:
    """Honoured only if the very answer came again when there was a newer one to give, and no sync with it."""
    answer, sure, seen = _honoured(trial)
    return replace(not_tried(trial.kind), answer=answer, sure=sure, seen=seen)


def not_tried(kind: Kind) -> Finding:
    question = f"Is the Idempotency-Key honoured on the {kind} POST?"
    return Finding(question, NOT_KNOWN, Sure.UNKNOWN, "Not tried.")


def _honoured(trial: Trial) -> Verdict:
    if not isinstance(trial.first, SyncSummary):
        return NOT_KNOWN, Sure.UNKNOWN, _without_first(trial)
    if isinstance(trial.second, SyncSummary):
        return _compared(trial, trial.first, trial.second)
    if isinstance(trial.second, Refused):
        return "no", Sure.SEEN, f"The same key and body again were refused: {trial.second.message}"
    if trial.second and trial.appeared_later:
        seen = f"The second POST got no good answer, and one more sync appeared. {trial.second.message}"
        return "no", Sure.LIKELY, seen
    return NOT_KNOWN, Sure.UNKNOWN, _without_second(trial)


def _compared(trial: Trial, first: SyncSummary, second: SyncSummary) -> Verdict:
    if second.commerce_sync_id != first.commerce_sync_id:
        ids = f"{first.commerce_sync_id}, then {second.commerce_sync_id}"
        return "no", Sure.SEEN, f"The same key and body, sent twice, were answered with two syncs: {ids}."
    if trial.appeared_later:
        seen = "The same sync was named again, but the list shows one more since. It may be somebody else's."
        return NOT_KNOWN, Sure.UNKNOWN, f"{seen} Probe again at a quieter time."
    if second.raw != first.raw:
        seen = "The same sync was named again, but not in the same answer. That alone proves no key."
        return "perhaps", Sure.LIKELY, seen
    if not trial.looks_again or not trial.has_ended or status_of(first.code).outcome.is_final:
        return "perhaps", Sure.LIKELY, "The same answer came again, but how many syncs ran was not seen."
    seen = (
        "Sent again once its sync had ended, and the very first answer came again. The list shows one sync."
    )
    return "yes", Sure.SEEN, seen


def other_body_finding(trial: Trial) -> Finding:
    question = f"What does another body under the same key get ({trial.kind})?"
    other = trial.other_body
    if isinstance(other, SyncSummary):
        again = other.commerce_sync_id == trial.named
        seen = "The first answer came again." if again else f"It started sync {other.commerce_sync_id}."
        return Finding(question, "the first answer" if again else "a sync of its own", Sure.SEEN, seen)
    if isinstance(other, CodatError):
        answer = str(other.http_status or NOT_KNOWN)
        return Finding(question, answer, Sure.SEEN if other.http_status else Sure.UNKNOWN, other.message)
    seen = "Not tried: it could start one more sync. --another-body tries it where the key is honoured."
    return Finding(question, NOT_KNOWN, Sure.UNKNOWN, seen)


def verified(findings: Iterable[Finding]) -> bool | None:
    """What the setting should be, from what was found of the key on both POSTs; None when that is not known."""
    answers = [(finding.answer, finding.sure) for finding in findings]
    if any(answer == "no" for answer, _ in answers):
        return False
    return True if answers == [("yes", Sure.SEEN)] * len(Kind) else None


def switch_of_key(honoured: dict[Kind, str]) -> str:
    """How to make the sandbox heed the key on the same POSTs."""
    if set(honoured) != set(Kind) or not set(honoured.values()) <= {"yes", "no"}:
        return ""
    heeding = [kind for kind in Kind if honoured[kind] == "yes"]
    if not heeding:
        return "idempotency=off"
    return f"idempotent_posts={'both' if len(heeding) == len(Kind) else heeding[0].value}"


def _without_first(trial: Trial) -> str:
    if isinstance(trial.first, CodatError):
        return f"The first POST brought no sync to compare with. {trial.first.message}"
    return "Its POST was under way when the probe was broken off." if trial.sent else "Not tried."


def _without_second(trial: Trial) -> str:
    if not isinstance(trial.second, CodatError):
        if trial.sent > 1:
            return "The second POST was under way when the probe was broken off. It may have started a sync."
        return "The probe ended before the POST could be sent a second time."
    if trial.second.http_status == 409:
        return f"The key is known, but counts as still in use. {trial.second.message}"
    return f"The second POST brought no answer to compare. {trial.second.message}"
