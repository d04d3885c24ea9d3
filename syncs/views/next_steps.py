"""The steps of a diagnosis, each with the button that does it where there is one."""

import re
from dataclasses import dataclass

from syncs.rules.entries import OTHER_DAYS
from syncs.rules.playbook import ASKS_FOR_A_RERUN, DECIDE, Diagnosis
from syncs.views.offers import LATEST

TO_CODAT = re.compile(r"codat's support", re.IGNORECASE)
TO_THE_MERCHANT = re.compile(r"\b(ask|send|tell) the merchant\b", re.IGNORECASE)
OTHER_RANGE = "run=historic"
NAMES_A_LINK = re.compile(r"\blinks? below\b")


@dataclass(frozen=True)
class NextStep:
    """`does` is `message` (copy it), `fill` (open the form by this query), `codat` (copy all for its support), `case`
    (open the request in review), or empty."""

    words: str
    does: str = ""
    query: str = ""


def of(diagnosis: Diagnosis | None, *, may_ask: bool, other_days: str = OTHER_RANGE) -> list[NextStep]:
    """Each button stands once, at the first step that asks for it. “Since last success” is Sync
    latest, to the minute, and no range of whole days; but where the playbook asks for other days: empty, if there is
    no range of such."""
    query = other_days if diagnosis and diagnosis.fixed_by == OTHER_DAYS else LATEST
    found: list[NextStep] = []
    for words in diagnosis.steps if diagnosis else ():
        does = _does(words, may_ask=may_ask and bool(query))
        is_new = does not in {each.does for each in found}
        found.append(NextStep(words, does if is_new else "", query if does == "fill" else ""))
    return found


def message(diagnosis: Diagnosis | None, link: str) -> str:
    """As it is copied: where it names a link below, that stands there."""
    if diagnosis is None or not NAMES_A_LINK.search(diagnosis.message) or not link:
        return diagnosis.message if diagnosis else ""
    return f"{diagnosis.message}\n\n{link}"


def _does(words: str, *, may_ask: bool) -> str:
    if words == DECIDE:
        return "case"
    if TO_CODAT.search(words):
        return "codat"
    if ASKS_FOR_A_RERUN.search(words):
        return "fill" if may_ask else ""
    return "message" if TO_THE_MERCHANT.search(words) else ""
