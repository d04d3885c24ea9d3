"""Whether Codat accepts our API key: noted where a call is refused with 401, so that pages need not ask anybody.

One 401 is not yet told. What is told has been said twice, some seconds apart, and Codat accepted nothing in between.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from syncs.codat.errors import CodatError, Refused
from syncs.models import Attempt, Heartbeat, Merchant

FIRST, AGAIN = "key refused", "key refused again"
APART = timedelta(seconds=5)
NOT_ACCEPTED = "Codat does not accept our API key."
UNTIL_PUT_RIGHT = "Nothing can be sent or read until an admin puts it right."


def is_about_it(error: CodatError) -> bool:
    return isinstance(error, Refused) and error.http_status == 401


def heard(error: CodatError, now: datetime) -> None:
    """To be told of the error of any call. Writes only when something is new."""
    if is_about_it(error):
        _refused(now)
    elif isinstance(error, Refused):
        accepted()


def accepted() -> None:
    noted = Heartbeat.objects.filter(name__in=(FIRST, AGAIN))
    if noted.exists():
        noted.delete()


def lift_when_accepted(now: datetime) -> None:
    """The clock's part: what was stored since tells of good answers, and those who got them have nothing to note."""
    first = Heartbeat.objects.filter(name=FIRST).first()
    if first and _accepted_since(first.at, now):
        accepted()


def refused_since(seen: Mapping[str, datetime]) -> datetime | None:
    """None when Codat accepts it, as far as we know; `seen` are all heartbeats."""
    return seen[FIRST] if FIRST in seen and AGAIN in seen else None


def is_refused() -> bool:
    return Heartbeat.objects.filter(name=AGAIN).exists()


def _refused(now: datetime) -> None:
    noted = {"at": now, "host": "", "pid": 0}
    first, is_new = Heartbeat.objects.get_or_create(name=FIRST, defaults=noted)
    if is_new:
        return
    if _accepted_since(first.at, now):
        accepted()
        Heartbeat.objects.get_or_create(name=FIRST, defaults=noted)
    elif now - first.at >= APART:
        Heartbeat.objects.get_or_create(name=AGAIN, defaults=noted)


def _accepted_since(moment: datetime, now: datetime) -> bool:
    """A look is dated by its beginning; a POST is sent only after a look that went well."""
    last_sent = Attempt.objects.order_by("-pk").values_list("started_at", flat=True).first()
    sent_since = last_sent is not None and last_sent > moment
    return sent_since or Merchant.objects.looked_at_since(moment, now).exists()
