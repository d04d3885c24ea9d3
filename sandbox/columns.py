"""What queries ask of companies, kept small for all of them: a company itself is made when it is shown."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sandbox.cards import Card
from sandbox.register import Register

_SLICE = 50
_ANSWERS_KEPT = 4
Asked = tuple[str | None, ...]
"""Query, tags filter and order."""


Pairs = tuple[tuple[str, str], ...]


class Row(NamedTuple):
    name: str
    created: datetime
    description: str | None
    links: Pairs
    """The key of the platform and the status of each connection."""
    link_ids: str
    """With a blank in between."""
    tags: Pairs


class Columns:
    def __init__(self, register: Register, card_of: Callable[[int], Card]) -> None:
        self._register, self._card_of = register, card_of
        self._rows: list[Row | None] = []
        self._looked_at = 0
        """How many places of the list `make_some` has been to."""
        self._shared: dict[Pairs | tuple[str, str], Any] = {}
        self._answers: dict[Asked, list[int]] = {}

    def all(self) -> Iterator[tuple[int, Row]]:
        """Every company there is, by its number."""
        for number in self._register.page(0, len(self._register)):
            yield number, self._row(number)

    def forget(self, number: int | None) -> None:
        """Something about this company has changed."""
        self._answers.clear()
        if number is not None and number < len(self._rows):
            self._rows[number] = None

    def answer(self, asked: Asked, search: Callable[[], list[int]]) -> list[int]:
        """What was found for the last queries is kept until something changes: a list is read page by page."""
        if asked not in self._answers:
            found = search()
            if len(self._answers) >= _ANSWERS_KEPT:
                self._answers.pop(next(iter(self._answers)))
            self._answers[asked] = found
        return self._answers[asked]

    @property
    def are_complete(self) -> bool:
        """But for some that have changed since they were made."""
        return self._looked_at >= len(self._register)

    def make_some(self) -> None:
        """The next rows, so few that there is time for answers in between."""
        start, self._looked_at = self._looked_at, self._looked_at + _SLICE
        for number in self._register.page(start, self._looked_at):
            self._row(number)

    def _row(self, number: int) -> Row:
        if number >= len(self._rows):
            self._rows += [None] * (self._register.end - len(self._rows))
        row = self._rows[number]
        if row is None:
            row = self._rows[number] = self._made(self._card_of(number))
        return row

    def _made(self, card: Card) -> Row:
        # There are few platforms, and few regions and plans among the tags.
        share = self._shared.setdefault
        connections = card.connections.values()
        links = tuple((link.key, link.status) for link in connections)
        tags = tuple(share(tag, tag) for tag in card.tags.items())
        ids = " ".join(link.id for link in connections)
        return Row(card.name, card.created, card.description, share(links, links), ids, tags)
