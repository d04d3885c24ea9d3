from django.db import transaction
from django.db.models import F

from syncs.models import Activity, Merchant, User
from syncs.operations import log


def add(merchant: Merchant, text: str, *, by: User) -> Activity:
    with transaction.atomic():
        Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1)
        return log.record("note.added", "Added a note", actor=by, merchant=merchant, reason=text)
