"""How many companies are active and connected: what Codat counts its quotas by (Codat docs, rate limits)."""

from collections.abc import Callable


class ActiveCompanies:
    """As the seed made them, and who differs since.

    A merchant that runs into its 31st failed day differs once somebody has looked at its history: a hundred
    thousand histories are not folded for one number.
    """

    def __init__(self, seeded: int, is_seeded_active: Callable[[str], bool]) -> None:
        self._seeded = seeded
        self._is_seeded_active = is_seeded_active
        self._more: set[str] = set()
        self._fewer: set[str] = set()

    def __len__(self) -> int:
        return self._seeded + len(self._more) - len(self._fewer)

    def note(self, company_id: str, *, is_active: bool) -> None:
        self._more.discard(company_id)
        self._fewer.discard(company_id)
        if is_active != self._is_seeded_active(company_id):
            (self._more if is_active else self._fewer).add(company_id)
