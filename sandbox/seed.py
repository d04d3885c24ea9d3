"""The merchants that the seed makes, by number: one is made when somebody asks for it."""

from datetime import datetime
from functools import cached_property, lru_cache

from sandbox.cards import card_of
from sandbox.dice import CompanyIds
from sandbox.kinds import Kind, kind_of
from sandbox.life import Life
from sandbox.merchants import Merchant, seeded

_KEPT = 2_000


class Seed:
    def __init__(self, seed: int, merchants: int, born: datetime, life: Life) -> None:
        self.ids = CompanyIds(seed)
        self._seed, self._merchants, self._born, self._life = seed, merchants, born, life
        self.merchant = lru_cache(maxsize=_KEPT)(self._made)
        """The merchant of this number."""

    @cached_property
    def kinds(self) -> list[Kind]:
        """Of all of them, by number."""
        return [kind_of(self._seed, number) for number in range(self._merchants)]

    def active(self) -> int:
        """How many were active at the birth of the world."""
        return sum(map(self._is_active, range(self._merchants)))

    def was_active(self, company_id: str) -> bool:
        number = self.ids.index_of(company_id)
        return number is not None and number < self._merchants and self._is_active(number)

    def _is_active(self, number: int) -> bool:
        kind = self.kinds[number]
        return kind.name != "switched_off" if kind.linked else card_of(self._made(number)).is_active

    def _made(self, number: int) -> Merchant:
        return seeded(self._seed, number, self.ids.at(number), self._born, self._life)
