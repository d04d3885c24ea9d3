"""What admins write into the playbook."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from syncs.models import PlaybookEntry, User
from syncs.operations import diagnosing, log


def save(entry: PlaybookEntry, changed: Sequence[str], *, by: User) -> None:
    """`changed` names the columns; nothing is written, nor told in the activity, where there are none."""
    before = PlaybookEntry.objects.filter(pk=entry.pk).first()
    if before and not changed:
        return
    entry.edited_by, entry.edited_at = by, timezone.now()
    with transaction.atomic():
        entry.save()
        if before is None:
            log.record("playbook.added", f"Wrote the playbook entry {entry.slug}", actor=by, after=entry.lead)
        else:
            what = f"Changed the playbook entry {entry.slug}: {', '.join(changed)}"
            log.record(
                "playbook.changed", what, actor=by, before=_told(before, changed), after=_told(entry, changed)
            )
        transaction.on_commit(diagnosing.forget)


def free_place() -> int:
    """Behind all entries for a message, and before those for a mere code."""
    rows = PlaybookEntry.objects.all()
    last = rows.exclude(pattern="").aggregate(found=Max("place"))["found"] or 0
    first = rows.filter(pattern="", place__gt=last).aggregate(found=Min("place"))["found"]
    return last + 10 if first is None else max(last + 1, (last + first) // 2)


def _told(entry: PlaybookEntry, columns: Sequence[str]) -> str:
    return "; ".join(str(getattr(entry, name)) for name in columns)
