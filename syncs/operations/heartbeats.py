"""Signs of life. Kept in the database, so that they can be read when the queue is down."""

from datetime import datetime, timedelta

from django.utils import timezone

from syncs.models import Heartbeat

# A part that was silent for so long counts as gone.
SILENT = timedelta(seconds=60)
PARTS = ("clock", "worker sending", "worker refreshing")


def beat(name: str, *, host: str, pid: int) -> None:
    Heartbeat.objects.update_or_create(
        name=name, defaults={"at": timezone.now(), "host": host[:100], "pid": pid}
    )


def silent_since(now: datetime) -> dict[str, datetime | None]:
    """The parts that have not been heard of lately, with their last sign of life (None: never)."""
    seen = dict(Heartbeat.objects.values_list("name", "at"))
    return {name: seen.get(name) for name in PARTS if name not in seen or now - seen[name] > SILENT}
