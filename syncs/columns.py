"""Which columns of the health list show. Merchant, last result and actions always do, and their order is fixed."""

from collections.abc import Iterable
from dataclasses import dataclass

CHOICES = {
    "platforms": "Platforms",
    "success": "Last success",
    "days": "Last 14 days",
    "fuse": "Switches off in",
}
ALL, NONE = "all", "none"


@dataclass(frozen=True)
class Column:
    name: str
    word: str
    is_shown: bool


def written(names: Iterable[str]) -> str:
    """As an address and a person's profile hold it; names that there are not are left out."""
    chosen = set(names)
    shown = [name for name in CHOICES if name in chosen]
    return ALL if len(shown) == len(CHOICES) else ",".join(shown) or NONE


def unknown(text: str) -> list[str]:
    """What `text` names that is no column."""
    return [name for name in _names(text) if name not in {*CHOICES, ALL, NONE}]


def as_written(text: str) -> str:
    """In our own order; empty where no column is named that there is."""
    names = _names(text)
    if ALL in names:
        return ALL
    return written(names) if NONE in names or CHOICES.keys() & set(names) else ""


def of(text: str) -> list[Column]:
    """Nothing named is everything shown."""
    names = _names(as_written(text) or ALL)
    return [Column(name, word, ALL in names or name in names) for name, word in CHOICES.items()]


def _names(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]
