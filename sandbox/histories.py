"""The folded histories that are kept in memory: those read lately, up to a number of syncs."""

from collections import OrderedDict

from sandbox.timeline import Timeline

SYNCS_KEPT = 100_000
"""A sync takes some 400 bytes."""
_OWN_WEIGHT = 10
"""What a history takes beside its syncs, in syncs."""


class Histories:
    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Timeline, int]] = OrderedDict()
        self.weight = 0

    def find(self, company_id: str) -> Timeline | None:
        kept = self._kept.get(company_id)
        return kept[0] if kept else None

    def keep(self, company_id: str, timeline: Timeline) -> None:
        """As the last that was read; what was not read for longest is dropped to make room."""
        self.drop(company_id)
        weight = timeline.history.length + _OWN_WEIGHT
        self._kept[company_id] = timeline, weight
        self.weight += weight
        while self.weight > SYNCS_KEPT and len(self._kept) > 1:
            self.drop(next(iter(self._kept)))

    def drop(self, company_id: str) -> None:
        _, weight = self._kept.pop(company_id, (None, 0))
        self.weight -= weight

    def clear(self) -> None:
        self._kept.clear()
        self.weight = 0
