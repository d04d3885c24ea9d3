"""When switches were turned on which histories depend: what was told of a run stays as it was told."""

from bisect import bisect_right
from datetime import UTC, datetime

from sandbox.store import Store
from sandbox.switches import Switches

_NAME = "turns"
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Turns:
    """A scheduled run is not stored but told from the seed again and again, so these are: what holds from when.

    A folder that is opened again remembers them too; switches other than the last ones hold from now on.
    """

    def __init__(self, store: Store, switches: Switches, now: datetime) -> None:
        self._store = store
        kept = store.noted(_NAME) or [[_BEGINNING.isoformat(), _heeded(switches)]]
        self._moments = [datetime.fromisoformat(moment) for moment, _ in kept]
        self._switches = [switches.changed(heeded) for _, heeded in kept]
        self._keep()
        self.add(switches, now)

    def add(self, switches: Switches, now: datetime) -> None:
        if _heeded(switches) == _heeded(self._switches[-1]):
            return
        self._moments.append(now)
        self._switches.append(switches)
        self._keep()

    def at(self, moment: datetime) -> Switches:
        """The switches that hold for a run of this moment; only those that histories depend on are meant."""
        return self._switches[bisect_right(self._moments, moment) - 1]

    def _keep(self) -> None:
        kept = zip(self._moments, self._switches, strict=True)
        self._store.note(_NAME, [[moment.isoformat(), _heeded(each)] for moment, each in kept])
        self._store.commit()


def _heeded(switches: Switches) -> dict[str, str]:
    return {"commerce_sync_id": switches.commerce_sync_id, "severed_code": switches.severed_code}
