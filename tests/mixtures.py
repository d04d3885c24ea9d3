"""Many presses while faults of all kinds strike at random, and the truth that the sandbox alone knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import time_machine
from django.utils import timezone

from sandbox.testing import Sandbox
from syncs.codat.client import CodatClient
from syncs.models import SyncRequest
from syncs.operations import freezing, reconciling
from syncs.operations.refresh import refresh
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.presses import stored
from tests.upstream import client_of

POSTS = r"/sync/commerce/(latest|historic)$"
READS = r"/status$"
OF_POSTS: list[tuple[str, dict[str, Any]]] = [
    ("slow", {"seconds": 3}),
    ("drop_after", {}),
    ("drop_after", {"how": "reset"}),
    ("drop_before", {}),
    ("reset_midway", {}),
    ("half_close", {}),
    ("short_body", {}),
    ("drip", {}),
    ("500_after", {}),
    ("500", {}),
    ("503", {}),
    ("503", {"applied": True}),
    ("408", {"applied": True}),
    ("409", {}),
    ("html", {"applied": True}),
    ("empty", {"status": 200, "applied": True}),
    ("redirect", {}),
    ("truncated_json", {}),
    ("wrong_company", {}),
    ("no_id", {}),
    ("list_for_object", {}),
    ("overlap", {}),
    ("404", {}),
    ("odd_dates", {"form": "nonsense"}),
    ("nulls", {}),
]
OF_READS: list[tuple[str, dict[str, Any]]] = [
    ("lag", {"seconds": [0, 60]}),
    ("500", {}),
    ("html", {"status": 200}),
    ("drop_before", {}),
    ("truncated_json", {}),
    ("wrong_company", {}),
    ("no_id", {}),
    ("text_for_code", {}),
    ("list_for_object", {"form": "empty"}),
    ("object_for_list", {}),
    ("nulls", {}),
    ("odd_dates", {"form": "date_only"}),
    ("backwards", {}),
    ("stuck", {}),
    ("empty", {"status": 200}),
    ("404", {}),
]
KNOWN_NOT_APPLIED = {State.REJECTED, State.NOT_RUN, State.CANCELLED, State.QUEUED}
ENDED = {State.SUCCEEDED, State.SUCCEEDED_EMPTY, State.FAILED}


def set_all(codat: Sandbox, dice: Random, *, reads: float) -> None:
    """`reads` is how often each fault of a read strikes; about half of the POSTs meet one."""
    for fault, args in OF_READS:
        codat.fault(fault, args, method="GET", path_regex=READS, probability=reads)
    for fault, args in dice.sample(OF_POSTS, len(OF_POSTS)):
        codat.fault(fault, args, method="POST", path_regex=POSTS, probability=0.03)
    codat.fault("foreign_sync", method="POST", path_regex=POSTS, probability=0.1)
    codat.fault("foreign_sync", method="GET", path_regex=READS, probability=0.02)


@dataclass
class Times:
    """The desk's clock and Codat's, moved together."""

    codat: Sandbox
    ahead: timedelta = timedelta(0)

    @contextmanager
    def later(self, span: timedelta) -> Iterator[datetime]:
        self.ahead += span
        self.codat.move_clock(ahead=self.ahead.total_seconds())
        with time_machine.travel(datetime.now().astimezone() + self.ahead):
            yield timezone.now()


def send_anyway(pk: int, client: CodatClient) -> None:
    """Sending that stopped by itself is resumed by a person at once: each press is to meet its faults."""
    freezing.resume(now=timezone.now(), reason="Each press is to meet its faults")
    send(pk, client)


def live_on(requests: list[SyncRequest], times: Times, client: CodatClient) -> None:
    """What the clock and the workers do in the hour after."""
    for minutes in (1, 1, 3, 5, 10, 10, 35):
        with times.later(timedelta(minutes=minutes)) as now:
            freezing.resume(now=now, reason="Each press is to meet its faults")
            for pk in reconciling.ready_to_send(now, limit=1000):
                send_anyway(pk, client)
            for request in requests:
                refresh(request.merchant_id, client)
            for pk in reconciling.due_for_a_look(now, limit=1000):
                reconciling.look(pk, client)
            reconciling.put_overdue_before_a_person(now)


def untruths(requests: list[SyncRequest], codat: Sandbox) -> list[str]:
    """What the desk believes of these requests and the sandbox knows to be otherwise."""
    lines = [line for line in codat.ledger() if line["idempotency_key"]]
    found = []
    for request in map(stored, requests):
        applied = [
            line
            for line in lines
            if line["idempotency_key"] == str(request.idempotency_key) and line["applied"]
        ]
        found += [f"{request.pk} {request.state}: {lie}" for lie in _lies(request, applied)]
    return found


def _lies(request: SyncRequest, applied: list[dict[str, Any]]) -> Iterator[str]:
    state = State(request.state)
    if len(applied) > 1:
        yield f"applied {len(applied)} times"
    if applied and state in KNOWN_NOT_APPLIED:
        yield "said not to have run, and ran"
    if state not in ENDED:
        return
    if not applied:
        yield "said to have ended, and never began"
    elif not request.sync or request.sync.sync_id != applied[0]["sync_id"]:
        yield "took somebody else's sync for its own"
    elif request.sync.code != applied[0]["sync"]["outcome"][0]:
        yield f"ended in {applied[0]['sync']['outcome'][0]}, and told as {request.sync.code}"


@contextmanager
def impatient(codat: Sandbox) -> Iterator[CodatClient]:
    with client_of(codat.url, connect_timeout=1, read_timeout=0.4, deadline=0.8, backoff=0.01) as client:
        yield client
