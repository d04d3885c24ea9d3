"""The guards that somebody's word lifts: each refuses where it was not given, or not by who may give it."""

from dataclasses import dataclass, replace
from datetime import datetime

from syncs.models import Merchant, Outage, User
from syncs.operations import books, fix_first, outage_hold
from syncs.operations.fix_first import Hold
from syncs.operations.wishes import Ask, NotPossible

BOOKS_CONFIRMED = "Said that the merchant confirms: these days are not in the books"


@dataclass(frozen=True)
class Overridden:
    """What a person's word has lifted."""

    hold: Hold | None
    outage: Outage | None

    def told(self, ask: Ask) -> list[tuple[str, str]]:
        """What is overridden, and by which word."""
        told = [(f"Overrode the playbook: {self.hold.sentence}", ask.override_reason)] if self.hold else []
        return [*told, (in_spite_of(self.outage.platform_name), ask.outage_reason)] if self.outage else told

    def by(self, ask: Ask) -> Ask:
        """With those words alone that lift something: another is nobody's word about anything."""
        return replace(
            ask,
            override_reason=ask.override_reason.strip() if self.hold else "",
            outage_reason=ask.outage_reason.strip() if self.outage else "",
            outage=ask.outage if self.outage else None,
        )


def until_fixed(merchant: Merchant, ask: Ask, by: User) -> Hold | None:
    """Raises NotPossible where the playbook says that a sync would fail again, unless somebody says why it helps now.
    Where that was said before, and it failed the same way, it is for leads. Returns what is overridden, if anything."""
    hold = fix_first.hold_on(merchant, ask.days)
    if hold is None:
        return None
    if before := fix_first.closed_by(merchant, by):
        raise NotPossible(fix_first.leads_only(before, by), field="override_reason", request=before)
    if not ask.override_reason.strip():
        raise NotPossible(f"{hold.sentence} {fix_first.SAY_WHY}", field="override_reason")
    return hold


def in_an_outage(merchant: Merchant, ask: Ask, by: User) -> Outage | None:
    """Raises NotPossible while Codat looks down for a platform of this merchant, unless a lead says why it helps now:
    who has seen this outage, and not one before. Returns what is overridden, if anything."""
    standing = outage_hold.forbidding()
    outage = outage_hold.hold_on(merchant, standing)
    if outage is None:
        return None
    told = f"{outage_hold.looks_down(outage.platform_name)}. {outage_hold.known_of(outage)}"
    if not by.has_perm("syncs.override_guard"):
        raise NotPossible(f"{told} {outage_hold.LEADS_ONLY}", field="override_reason", kind="outage")
    if ask.outage != outage_hold.number_of(merchant, standing) or not ask.outage_reason.strip():
        raise NotPossible(f"{told} {outage_hold.SAY_WHY}", field="override_reason", kind="outage")
    return outage


def old_days(merchant: Merchant, ask: Ask, now: datetime) -> bool:
    """Whether the days are so old that the merchant had to be asked. Raises NotPossible where nobody has."""
    is_old = books.needs_word(merchant, ask.days, now)
    if is_old and not ask.books_confirmed:
        raise NotPossible(books.ASK_FIRST, field="books_confirmed", kind="old_days")
    return is_old


def in_spite_of(platform: str) -> str:
    return f"Did not wait for the end of an outage: {outage_hold.looks_down(platform)}."
