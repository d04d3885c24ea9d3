"""Patterns that people write for Codat's messages: which are fit to be searched for, and one that fits a cause.

What stands in brackets is never repeated, so no pattern can explode; what single characters that repeat may cost is
bounded by the product of their widths.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from syncs.rules.causes import GONE, READ_AT_MOST, plain

LONGEST = 500
# In how many ways a pattern may be tried from one place of a message.
MOST_WAYS = 50_000
TOKEN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<open>\((?:\?(?::|P<\w+>))?)"
    r"|(?P<close>\))"
    r"|(?P<either>\|)"
    r"|(?P<repeat>(?:[*+?]|\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\})[?+]?)"
    r"|(?P<other>.)",
    re.DOTALL,
)
SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")
# How far apart two pieces of a message may stand, by the number of gaps.
GAPS = {1: 300, 2: 200, 3: 35}
SHORTEST_PIECE = 6

NO_REPEATED_GROUP = (
    "What stands in brackets may not be repeated: a long message could hold up the page. "
    "Repeat single characters, such as .{0,80}."
)
NO_SUCH_GROUP = "Of brackets with a question mark, only (?:…) and (?P<name>…) may be used here."
NO_BACK_REFERENCE = "A pattern may not look for what it found before (\\1)."
TOO_MANY_WAYS = (
    "This pattern could take long on a long message. Between words, write .{0,80} in the place of .* "
    "and use fewer of them."
)
FITS_EVERYTHING = "This pattern fits every message. Write words that the message has."


@dataclass
class Alternative:
    """What stands between two bars of a pattern, outside of brackets."""

    ways: int = 1
    runs: list[str] = field(default_factory=lambda: [""])
    """Words that every message has which it fits."""
    is_one_run: bool = True

    def part(self) -> None:
        """Here ends a run."""
        self.is_one_run = False
        if self.runs[-1]:
            self.runs.append("")


def problem_of(pattern: str) -> str:
    """Why nobody should search for this, in a sentence; empty when it is fit."""
    if len(pattern) > LONGEST:
        return f"A pattern has at most {LONGEST} letters. Write fewer words of the message."
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
        alternatives = list(_alternatives(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        return f"This is no pattern: {error}."
    except ValueError as error:
        return str(error)
    if any(alternative.ways > MOST_WAYS for alternative in alternatives):
        return TOO_MANY_WAYS
    return FITS_EVERYTHING if compiled.search("") else ""


def swallows(earlier: str, later: str) -> bool:
    """Whether every message that the later pattern fits surely fits the earlier one; False where nobody can tell."""
    if earlier == later:
        return True
    wholes = [one.runs[0] for one in _alternatives(earlier) if one.is_one_run]
    return all(
        any(whole in run for whole in wholes for run in alternative.runs)
        for alternative in _alternatives(later)
    )


def pattern_for(message: str, sample: str) -> str:
    """One that fits a cause: its message, with room for what was taken out of it. Empty if none does."""
    pieces = [piece.strip() for piece in message.split(GONE)]
    kept = [_escaped(piece) for piece in pieces if piece]
    gap = GAPS.get(len(kept) - 1)
    tries = [f".{{1,{gap}}}".join(kept)] if gap or len(kept) == 1 else []
    if longest := max(pieces, key=len, default=""):
        tries += [_escaped(longest)] if len(longest) >= SHORTEST_PIECE else []
    return next((found for found in tries if not problem_of(found) and _fits(found, sample)), "")


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def _fits(pattern: str, sample: str) -> bool:
    return re.search(pattern, plain(sample), re.IGNORECASE) is not None


def _alternatives(pattern: str) -> Iterator[Alternative]:
    """Of a pattern that compiles. ValueError with a sentence for what is not to be used."""
    current, depth, before = Alternative(), 0, ""
    for token in TOKEN.finditer(pattern):
        kind, text = str(token.lastgroup), token[0]
        _check(kind, text, before, pattern[token.end() : token.end() + 1])
        if kind == "either" and depth == 0:
            yield current
            current = Alternative()
        elif kind == "either":
            current.ways *= 2
        elif kind == "repeat":
            current.ways *= 2 if before == "close" else _width(token)
            current.runs[-1] = current.runs[-1][:-1]
            current.part()
        elif depth == 0 and (letter := _letter(kind, text)):
            current.runs[-1] += letter
        else:
            current.part()
        depth += {"open": 1, "close": -1}.get(kind, 0)
        before = kind
    yield current


def _check(kind: str, text: str, before: str, after: str) -> None:
    if kind == "open" and text == "(" and after == "?":
        raise ValueError(NO_SUCH_GROUP)
    if kind == "escape" and text[1].isdecimal():
        raise ValueError(NO_BACK_REFERENCE)
    if kind == "repeat" and before == "close" and not text.startswith("?"):
        raise ValueError(NO_REPEATED_GROUP)


def _width(token: re.Match[str]) -> int:
    """In how many lengths the character before may come."""
    if token[0].startswith("?"):
        return 2
    least, most = token["least"] or "0", token["most"] or ("" if token["comma"] else token["least"])
    if token[0].startswith("{") and most:
        return min(READ_AT_MOST, int(most) - int(least) + 1)
    return READ_AT_MOST


def _letter(kind: str, text: str) -> str:
    """In small letters, what stands for itself; empty for all else."""
    if kind == "other" and text not in ".^$":
        return text.lower()
    return text[1].lower() if kind == "escape" and not text[1].isalnum() else ""
