"""What every page tells of the whole house, read as columns of one row: a poll about one merchant, or about one
request, has all that its page hangs on from a single query.

Those of lists read the pulse instead, of which there is one for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from syncs.models import AlertRule, Freeze, Heartbeat, Outage
from syncs.models.gathered import gathered
from syncs.operations.heartbeats import Signs

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Surroundings:
    """Rows as the database has them, to be compared; what they say is read where a page is drawn."""

    seen: Mapping[str, datetime]
    stops: Sequence[Any]
    outages: Sequence[Any]
    undelivered: Sequence[Any]
    """Alert rules whose messages fail."""

    def signs(self, now: datetime) -> Signs:
        return Signs(self.seen, now, bool(self.stops), bool(self.outages))


def read_with(rows: QuerySet[M]) -> QuerySet[M]:
    failing = AlertRule.objects.active().filter(failing_since__isnull=False)
    outage = ("pk", "platform_name", "code", "since", "failed", "ran", "try_from")
    told: dict[str, Any] = {
        "house_seen": gathered(Heartbeat.objects.all(), "name", "at"),
        "house_stops": gathered(Freeze.objects.standing(), "pk"),
        "house_outages": gathered(Outage.objects.standing(), *outage),
        "house_undelivered": gathered(failing, "pk", "name", "failing_since", "problem"),
    }
    read: QuerySet[M] = rows.annotate(**told)
    return read


def of(row: Model) -> Surroundings:
    """Of one that was read with them."""
    seen, *others = (
        sorted(getattr(row, f"house_{name}") or []) for name in ("seen", "stops", "outages", "undelivered")
    )
    return Surroundings({name: _moment(at) for name, at in seen}, *others)


def _moment(text: str) -> datetime:
    """SQLite keeps moments as texts without a zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
