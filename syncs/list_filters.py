"""What the filters of all lists share: their state as a URL holds it, without what is as by default."""

from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

LONGEST = 200
# Up to now.
SPANS = {
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "14d": ("Last 14 days", timedelta(days=14)),
    "31d": ("Last 31 days", timedelta(days=31)),
}


@dataclass(frozen=True)
class ListFilters:
    """`after` and `before` are the cursor of a page, not a filter; `notes` say what was ignored."""

    after: str = ""
    before: str = ""
    notes: list[str] = field(default_factory=list, compare=False)

    @property
    def first_page(self) -> bool:
        return not self.after and not self.before

    def pairs(self, *, page: bool = False) -> list[tuple[str, str]]:
        """Name and value of what is not as by default, one pair for each of several values; with `page`, of the cursor
        too."""
        left_out = {"notes"} if page else {"notes", "after", "before"}
        named = [(f.name, getattr(self, f.name), f.default) for f in fields(self) if f.name not in left_out]
        several = [
            (name, value if isinstance(value, tuple) else (value,))
            for name, value, default in named
            if value != default
        ]
        return [(name, str(value)) for name, values in several for value in values]

    @property
    def query(self) -> str:
        """Of the whole list, whatever page of it is shown."""
        return urlencode(self.pairs())

    def url(self, *, page: bool = False, **changes: str) -> str:
        """The query of the same list with these changes; without `page`, from its first page."""
        changed: Any = changes
        return f"?{urlencode(replace(self, **changed).pairs(page=page))}"


def clean(text: str) -> str:
    # PostgreSQL takes no NUL, and nobody types one.
    return text.replace("\0", "").strip()[:LONGEST]
