"""Which companies there are, each with a number: the seed's first, then those made since; deleted ones left out."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator

from sandbox.dice import CompanyIds


class Register:
    def __init__(self, ids: CompanyIds, seeded: int, made: Iterable[str], deleted: Iterable[str]) -> None:
        self._ids, self._seeded = ids, seeded
        self._made = list(made)
        self._numbers = {company_id: seeded + n for n, company_id in enumerate(self._made)}
        self._deleted: list[int] = []
        for company_id in deleted:
            self.remove(company_id)

    def __len__(self) -> int:
        return self._seeded + len(self._made) - len(self._deleted)

    @property
    def end(self) -> int:
        """No number is as high as this one."""
        return self._seeded + len(self._made)

    def id_of(self, number: int) -> str:
        return self._ids.at(number) if number < self._seeded else self._made[number - self._seeded]

    def number_of(self, company_id: str) -> int | None:
        """None for a company that never was or was deleted."""
        number = self._numbers.get(company_id)
        if number is None:
            number = self._ids.index_of(company_id)
            number = number if number is not None and number < self._seeded else None
        return None if number is None or self._is_deleted(number) else number

    def add(self, company_id: str) -> None:
        self._numbers[company_id] = self.end
        self._made.append(company_id)

    def remove(self, company_id: str) -> None:
        number = self.number_of(company_id)
        if number is not None:
            insort(self._deleted, number)

    def page(self, start: int, stop: int) -> Iterator[int]:
        """The numbers of the companies from one place in the list to another, however deep that lies."""
        number = self._number_at(start)
        for _ in range(min(stop, len(self)) - start):
            while self._is_deleted(number):
                number += 1
            yield number
            number += 1

    def _number_at(self, place: int) -> int:
        """Each deleted company below moves a place one number up."""
        low, high = 0, len(self._deleted)
        while low < high:
            middle = (low + high) // 2
            if self._deleted[middle] - middle <= place:
                low = middle + 1
            else:
                high = middle
        return place + low

    def _is_deleted(self, number: int) -> bool:
        at = bisect_right(self._deleted, number)
        return at > 0 and self._deleted[at - 1] == number
