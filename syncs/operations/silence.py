"""Whether Codat answers at all: noted where looks at two merchants brought no answer, so that no page has to ask.

One look is not yet told, nor one merchant whose looks fail. What is told has been seen twice, a while apart, and nobody
was looked at in between.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from syncs.codat.errors import CodatError
from syncs.models import Heartbeat, Merchant
from syncs.operations import handing_out

FIRST, AGAIN = "no answer", "no answer again"
APART = timedelta(seconds=30)
WHETHER_IT_ANSWERS = "asked whether Codat answers for others"
AN_ERROR_OF_CODATS = 500


def heard(error: CodatError, merchant: Merchant, now: datetime) -> None:
    """To be told of the error of any look. Writes only when something is new."""
    if error.is_ours or (error.http_status or AN_ERROR_OF_CODATS) < AN_ERROR_OF_CODATS:
        return
    lift_when_answered(now)
    noted = {"at": now, "host": f"merchant {merchant.pk}", "pid": 0}
    first, is_new = Heartbeat.objects.get_or_create(name=FIRST, defaults=noted)
    if is_new:
        _ask_another(merchant, now + APART)
    elif now - first.at >= APART and first.host != noted["host"]:
        Heartbeat.objects.get_or_create(name=AGAIN, defaults=noted)


def _ask_another(merchant: Merchant, at: datetime) -> None:
    """Where few are asked, it would take long to learn whether it is this merchant or all of them."""
    others = Merchant.objects.registered().exclude(pk=merchant.pk).exclude(refreshed_at=None)
    if other := others.filter(next_refresh_at__gt=at).order_by("next_refresh_at", "pk").first():
        Merchant.objects.filter(pk=other.pk).update(**handing_out.first_in_line(at, WHETHER_IT_ANSWERS))


def lift_when_answered(now: datetime) -> None:
    """The clock's part, too: who gets a good answer has nothing to note."""
    first = Heartbeat.objects.filter(name=FIRST).first()
    if first and Merchant.objects.looked_at_since(first.at, now).exists():
        Heartbeat.objects.filter(name__in=(FIRST, AGAIN)).delete()


def since(seen: Mapping[str, datetime]) -> datetime | None:
    """None while Codat answers, as far as we know; `seen` are all heartbeats."""
    return seen[FIRST] if FIRST in seen and AGAIN in seen else None
