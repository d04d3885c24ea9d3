"""Who is on a merchant, and until when it is snoozed: what its page says of it, and offers."""

from datetime import datetime
from typing import Any

from syncs.forms.cares import SnoozeForm
from syncs.models import Care, Merchant
from syncs.operations.caring import NOTHING_WRONG
from syncs.views.access import Signed


def context(request: Signed, merchant: Merchant, now: datetime) -> dict[str, Any]:
    """One query."""
    standing = {care.kind: care for care in merchant.cares.standing().select_related("by")}
    wants_care = not merchant.is_archived and merchant.health not in NOTHING_WRONG
    ack = standing.get(Care.Kind.ACK)
    return {
        "ack": ack,
        "is_mine": bool(ack and ack.by_id == request.user.pk),
        "snooze": standing.get(Care.Kind.SNOOZE),
        "may_care": wants_care and request.user.has_perm("syncs.ask_sync"),
        "snooze_form": SnoozeForm(merchant, now),
    }
