"""The playbook's entries: as the built-in file has them, or as somebody wrote them.

In playbook.json, entries for a code come after those for a message, and those for a mere outcome last. An entry of a
family takes what it does not say itself from there.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from syncs.codat.statuses import Outcome

OWNER_WORDS = {"merchant": "The merchant", "us": "Us", "codat": "Codat", "nobody": "Nobody"}
RERUN_WORDS = {
    "helps_now": "Yes, try now",
    "after_fix": "Not until this is fixed",
    "no": "No",
    "already_running": "Wait, a sync is running",
    "not_needed": "Not needed",
}
# How anybody knows that it is fixed.
TOLD, LINKING, OTHER_DAYS = "told", "linking", "other_days"
FIXED_BY_WORDS = {
    TOLD: "Somebody says so",
    LINKING: "Both platforms are linked again",
    OTHER_DAYS: "Other days: a range that overlaps no sync",
}
# What every text may name; `unlinked` is which of the two is not linked.
PLATFORMS = ("commerce", "accounting", "unlinked")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Entry:
    """Texts may name {commerce}, {accounting}, {unlinked} and the named groups of the pattern."""

    id: str
    pattern: re.Pattern[str] | None
    codes: frozenset[int]
    outcome: Outcome | None
    lead: str
    detail: str
    owner: str
    owner_words: str
    rerun: str
    rerun_words: str
    fixed_by: str
    says_all: bool
    """Whether no message would say more than the code does."""
    steps: tuple[str, ...]
    message: str

    @property
    def is_general(self) -> bool:
        """Whether a message might say more than it does."""
        return self.pattern is None and not self.says_all

    @property
    def is_last_resort(self) -> bool:
        """Whether it tells no more than the class of a code."""
        return self.pattern is None and not self.codes


def entry_of(raw: Mapping[str, Any], family: Mapping[str, Any]) -> Entry:
    """KeyError, ValueError or re.error for an entry that is not whole."""
    said = {**family, **raw}
    own = {name: said.get(name, "") for name in ("because", "ask", "fix")}
    outcome, pattern = said.get("outcome"), said.get("pattern")
    fixed_by = said.get("fixed_by") or TOLD
    if fixed_by not in FIXED_BY_WORDS:
        raise ValueError(f"{fixed_by} is no way to know that something is fixed")
    return Entry(
        id=said["id"],
        pattern=re.compile(pattern, re.IGNORECASE) if pattern else None,
        codes=frozenset(said.get("codes", ())),
        outcome=Outcome(outcome) if outcome else None,
        lead=fill(said["lead"], own),
        detail=fill(said["detail"], own),
        owner=said["owner"],
        owner_words=said.get("owner_words") or OWNER_WORDS[said["owner"]],
        rerun=said["rerun"],
        rerun_words=fill(said.get("rerun_words") or RERUN_WORDS[said["rerun"]], own),
        fixed_by=fixed_by,
        says_all=bool(said.get("says_all", False)),
        steps=tuple(fill(step, own) for step in said["steps"]),
        message=fill(said["message_to_merchant"], own),
    )


def fill(text: str, values: Mapping[str, str]) -> str:
    """Unknown placeholders stay as they are; nothing in a value is read as a placeholder."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def load() -> tuple[tuple[Entry, ...], dict[str, Entry]]:
    """The entries in the order in which they are tried, and those for states of a merchant by id."""
    book = json.loads(resources.files("syncs.rules").joinpath("playbook.json").read_text("utf-8"))
    families = {None: {}, **book["families"]}
    entries, states = (
        [entry_of(raw, families[raw.get("family")]) for raw in book[part]] for part in ("entries", "states")
    )
    return tuple(entries), {entry.id: entry for entry in states}


ENTRIES, STATES = load()
LAST_RESORTS = tuple(entry for entry in ENTRIES if entry.is_last_resort)
