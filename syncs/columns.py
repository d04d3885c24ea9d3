"""Which columns of the health list show, and in which order. Merchant comes first and actions last; of the others only
the last result cannot be hidden."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

RESULT = "result"
# In the usual order, in which rows are drawn.
WORDS = {
    "platforms": "Platforms",
    RESULT: "Last result",
    "success": "Last success",
    "days": "Last 14 days",
    "fuse": "Switches off in",
}
USUAL = list(WORDS)
ALL, NONE = "all", "none"


@dataclass(frozen=True)
class Column:
    name: str
    word: str
    is_shown: bool

    @property
    def may_hide(self) -> bool:
        return self.name != RESULT


def written(names: Iterable[str]) -> str:
    """As an address and a person's profile hold it, in their order; names that there are not are left out. The last
    result is named only where it does not stand where it would without."""
    shown = _with_result([name for name in dict.fromkeys(names) if name in WORDS])
    others = [name for name in shown if name != RESULT]
    if shown == USUAL:
        return ALL
    return ",".join(others if _with_result(others) == shown else shown) or NONE


def unknown(text: str) -> list[str]:
    """What `text` names that is no column."""
    return [name for name in _names(text) if name not in {*WORDS, ALL, NONE}]


def as_written(text: str) -> str:
    """In the one way; empty where no column is named that there is."""
    names = _names(text)
    if ALL in names:
        return ALL
    return written(names) if NONE in names or WORDS.keys() & set(names) else ""


def of(text: str) -> list[Column]:
    """Nothing named is everything shown. What is hidden stands where it usually does, or at the end."""
    shown = _shown(text)
    is_usual = shown == [name for name in USUAL if name in shown]
    order = USUAL if is_usual else [*shown, *(name for name in USUAL if name not in shown)]
    return [Column(name, WORDS[name], name in shown) for name in order]


def moved(names: Sequence[str], name: str, by: int) -> list[str]:
    """With one of them so many places further to the end, or to the beginning where `by` is negative."""
    if name not in names:
        return list(names)
    at, others = names.index(name), [other for other in names if other != name]
    others.insert(max(0, at + by), name)
    return others


def _shown(text: str) -> list[str]:
    names = _names(as_written(text) or ALL)
    return USUAL if ALL in names else _with_result([name for name in names if name != NONE])


def _with_result(names: list[str]) -> list[str]:
    if RESULT in names:
        return names
    at = 1 if names[:1] == USUAL[:1] else 0
    return [*names[:at], RESULT, *names[at:]]


def _names(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]
