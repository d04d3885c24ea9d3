"""Fix first: where the playbook says that a sync fails again until something is put right, none is asked for before."""

from dataclasses import dataclass
from datetime import date

from syncs.models import Merchant, SyncRequest, User
from syncs.operations import coverage, diagnosing
from syncs.rules.entries import OTHER_DAYS, Entry
from syncs.rules.states import State

FAILS_AGAIN = frozenset({"after_fix", "no"})
SAY_WHY = "If it helps now, say why."


@dataclass(frozen=True)
class Hold:
    """What stands in the way of a sync, as the playbook has it."""

    words: str
    helps: tuple[str, ...]
    needs_other_days: bool

    @property
    def sentence(self) -> str:
        return "A sync does not help here." if self.words == "No" else f"{self.words}."


def hold_on(
    merchant: Merchant, days: tuple[date, date] | None = None, book: tuple[Entry, ...] | None = None
) -> Hold | None:
    """None where nothing has to be fixed first, or where it shows that it is: days that overlap no sync, for one.
    Who asks for many merchants brings the entries of the playbook."""
    found = diagnosing.diagnose(merchant, book)
    if found is None or found.rerun not in FAILS_AGAIN:
        return None
    needs_other_days = found.fixed_by == OTHER_DAYS
    if needs_other_days and days and not coverage.overlap(merchant, *days).windows:
        return None
    return Hold(found.rerun_words.rstrip("."), found.steps[:1], needs_other_days)


def closed_by(merchant: Merchant, by: User) -> SyncRequest | None:
    """The last request of which somebody said that it helps, and which failed the same way: another is for leads."""
    if by.has_perm("syncs.override_guard"):
        return None
    said = merchant.requests.filter(state=State.FAILED, sync__cause=merchant.last_cause_id)
    said = said.exclude(override_reason="").select_related("asked_by")
    if merchant.last_success_at:
        said = said.filter(asked_at__gt=merchant.last_success_at)
    return said.order_by("-asked_at").first()


def leads_only(before: SyncRequest, by: User) -> str:
    who = "You" if before.asked_by == by else before.asked_by.display_name
    return f"{who} said that it helps, and it failed the same way. Ask a lead: only a lead may run it again."
