"""What the clock and the workers do with what the dead have left, minute by minute, until nothing is left to do."""

import sys
from collections.abc import Callable

from django.db import connections
from django.utils import timezone

from syncs.models import SyncRequest
from syncs.operations import reconciling, sending
from syncs.operations.refresh import refresh
from tests.chaos.scenes import codat
from tests.chaos.times import Times
from tests.chaos.worlds import at_once

# The clock's next minutes.
LATER = (6, 1, 2, 5, 10, 15, 20, 35, 70)
HANDS = 2
UNDER_WAY = ("queued", "sending", "uncertain", "accepted")
# Of so many that are uncertain, one lives through all its looks, if it is to be brief: they are all alike.
ONE_OF = 4


def live_on(times: Times, *, brief: bool = False) -> None:
    for minutes in LATER:
        if not SyncRequest.objects.filter(state__in=UNDER_WAY).exists():
            break
        times.on(minutes * 60)
        _all_hands(_minutes)
        if brief and minutes == LATER[0]:
            _skip_looks()
    times.on(25 * 3600)
    reconciling.put_overdue_before_a_person(timezone.now())


def _minutes(share: int) -> None:
    now = timezone.now()
    if share == 0:
        _as_a_task(reconciling.give_up_on_lost_senders, now)
    with codat(read_timeout=1.0) as client:
        for pk in _mine(reconciling.ready_to_send(now, limit=10_000), share):
            _as_a_task(sending.send, pk, client)
        for pk in _mine(reconciling.due_for_a_look(now, limit=10_000), share):
            _as_a_task(reconciling.look, pk, client)
        running = SyncRequest.objects.filter(state__in=["accepted", "queued"])
        for pk in _mine(list(running.values_list("merchant_id", flat=True)), share):
            _as_a_task(refresh, pk, client)


def _skip_looks() -> None:
    uncertain = SyncRequest.objects.filter(state="uncertain", looks__lt=len(reconciling.LOOKS) - 1)
    for pk in uncertain.values_list("pk", flat=True):
        if pk % ONE_OF:
            SyncRequest.objects.filter(pk=pk).update(looks=len(reconciling.LOOKS) - 1)


def _mine(pks: list[int], share: int) -> list[int]:
    return [pk for pk in pks if pk % HANDS == share]


def _all_hands(work: Callable[[int], None]) -> None:
    connections.close_all()
    at_once(work, HANDS)


def _as_a_task(work: Callable[..., object], *args: object) -> None:
    """What breaks, breaks alone; what it left undone is for the judge to see."""
    try:
        work(*args)
    except Exception as error:
        print(f"{work.__name__} broke: {type(error).__name__}: {error}", file=sys.stderr)
