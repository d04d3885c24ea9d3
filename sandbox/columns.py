"""What queries ask of companies, kept small for all of them: a company itself is made when it is shown."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from sandbox.cards import Card
from sandbox.register import Register

_SLICE = 50
_ANSWERS_KEPT = 4
Asked = tuple[str | None, ...]
"""Query, tags filter and order."""


class Link(NamedTuple):
    id: str
    key: str
    status: str


class Row(NamedTuple):
    name: str
    created: datetime
    description: str | None
    links: tuple[Link, ...]
    tags: tuple[tuple[str, str], ...]


class Columns:
    def __init__(self, register: Register, card_of: Callable[[int], Card]) -> None:
        self._register, self._card_of = register, card_of
        self._rows: dict[int, Row] = {}
        self._shared: dict[tuple[str, str], tuple[str, str]] = {}
        self._answers: dict[Asked, list[int]] = {}

    def all(self) -> Iterator[tuple[int, Row]]:
        """Every company there is, by its number."""
        for number in self._register.page(0, len(self._register)):
            yield number, self._row(number)

    def forget(self, number: int | None) -> None:
        """Something about this company has changed."""
        self._answers.clear()
        self._rows.pop(-1 if number is None else number, None)

    def answer(self, asked: Asked, search: Callable[[], list[int]]) -> list[int]:
        """What was found for the last queries is kept until something changes: a list is read page by page."""
        if asked not in self._answers:
            found = search()
            if len(self._answers) >= _ANSWERS_KEPT:
                self._answers.pop(next(iter(self._answers)))
            self._answers[asked] = found
        return self._answers[asked]

    def fill(self) -> Iterator[None]:
        """Make the rows, a few at a time, so that there is time for answers in between."""
        for place, number in enumerate(self._register.page(0, len(self._register)), 1):
            self._row(number)
            if place % _SLICE == 0:
                yield

    def _row(self, number: int) -> Row:
        return self._rows.get(number) or self._made(number)

    def _made(self, number: int) -> Row:
        card = self._card_of(number)
        links = tuple(Link(link.id, link.key, link.status) for link in card.connections.values())
        # Of most tags there are only a few, such as region and plan.
        tags = tuple(self._shared.setdefault(tag, tag) for tag in card.tags.items())
        row = self._rows[number] = Row(card.name, card.created, card.description, links, tags)
        return row
