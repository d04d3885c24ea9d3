"""What is to be said of playbook entries to those who write them: words in braces that stand for nothing, and entries
that no sync ever comes to."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import takewhile

from syncs.codat.statuses import Outcome, status_of
from syncs.rules.entries import Entry
from syncs.rules.patterns import swallows

IN_BRACES = re.compile(r"\{([^{}]*)\}")
# A pair of braces is read as one letter; of what stands beside a lone one, so many each way say which one is meant.
LETTERS = re.compile(rf"{IN_BRACES.pattern}|.", re.DOTALL)
AROUND = 15
# Where the pattern is looked for.
TOLD = (Outcome.FAILED, Outcome.UNKNOWN)


def not_placeholders(text: str, known: Collection[str]) -> Iterator[str]:
    """A sentence for each."""
    for name in dict.fromkeys(IN_BRACES.findall(text)):
        if name in known:
            continue
        near = get_close_matches(name.strip().lower(), list(known), n=1)
        listed = ", ".join(f"{{{word}}}" for word in known)
        hint = f"Did you mean {{{near[0]}}}?" if near else f"Those that are: {listed}."
        yield f"{{{name}}} is not a placeholder. {hint}"


def lone_braces(text: str) -> Iterator[str]:
    """A sentence for each kind."""
    letters = [found[0] for found in LETTERS.finditer(text)]
    for brace, other in (("{", "}"), ("}", "{")):
        if brace in letters:
            near = _around(letters, letters.index(brace), other)
            yield f"“{brace}” stands without its “{other}” in “{near}”. Write both, as in {{accounting}}, or neither."


def _around(letters: Sequence[str], at: int, end: str) -> str:
    """What stands beside this letter, up to the end on each side."""
    before = takewhile(end.__ne__, reversed(letters[max(0, at - AROUND) : at]))
    after = takewhile(end.__ne__, letters[at : at + AROUND + 1])
    return " ".join("".join((*reversed([*before]), *after)).split())


def not_told_under(codes: Collection[int]) -> str:
    """Why a pattern is not looked for under these codes; empty where it is."""
    for code in codes:
        if status_of(code).outcome not in TOLD:
            return f"Under {code} nothing has failed: no pattern is looked for there."
    return ""


def never_reached(entries: Sequence[Entry]) -> dict[str, str]:
    """Entries that others before them leave nothing to, each with the last one that does."""
    found: dict[str, str] = {}
    codes: dict[int, str] = {}
    outcomes: dict[Outcome, str] = {}
    for number, entry in enumerate(entries):
        by_words = (one.id for one in entries[:number] if _swallowed_by(one, entry))
        if by := _taken_whole(entry, codes, outcomes) or next(by_words, ""):
            found[entry.id] = by
        if entry.pattern is None:
            codes |= dict.fromkeys(entry.codes - codes.keys(), entry.id)
            if entry.outcome:
                outcomes.setdefault(entry.outcome, entry.id)
    return found


def _taken_whole(entry: Entry, codes: Mapping[int, str], outcomes: Mapping[Outcome, str]) -> str:
    """Who before takes whatever bears its codes, whatever the message."""
    takers = [codes.get(code) or outcomes.get(status_of(code).outcome) for code in sorted(entry.codes)]
    if entry.pattern and not entry.codes:
        takers = [outcomes.get(outcome) for outcome in TOLD]
    if entry.outcome:
        takers.append(outcomes.get(entry.outcome))
    return takers[-1] or "" if takers and all(takers) else ""


def _swallowed_by(earlier: Entry, entry: Entry) -> bool:
    if earlier.pattern is None or entry.pattern is None:
        return False
    takes_its_codes = not earlier.codes or (bool(entry.codes) and entry.codes <= earlier.codes)
    return takes_its_codes and swallows(earlier.pattern.pattern, entry.pattern.pattern)
