"""What a process does when it dies: each scene makes a request of its own and is armed for its last part."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.models import Merchant, SyncRequest, User
from syncs.operations import asking, reconciling, sending
from syncs.operations.refresh import refresh
from syncs.rules.salesdays import today
from tests.chaos import points
from tests.chaos.faults import Answer
from tests.chaos.instants import Instants

KINDS = ("latest", "historic")
# Scenes that begin with a request whose answer was lost.
UNCERTAIN = {"look", "last look"}


@dataclass(frozen=True)
class Cell:
    """`scene` is what the process does; `instant` where it dies, "" for one that lives."""

    scene: str
    kind: str
    answer: Answer
    instant: str = ""

    def __str__(self) -> str:
        return f"{self.scene}, {self.kind}, {self.answer}, {self.instant or 'lives'}"


Scene = Callable[[Cell, Merchant, str, Instants], list[str]]


def ways(answers: list[Answer], *, brief: bool = False) -> Iterator[Cell]:
    """Briefly: a way to answer badly is tried on one of the two kinds."""
    for scene in SCENES:
        for number, answer in enumerate(answers if scene == "send" else answers[:1]):
            for kind in (KINDS[number % 2],) if brief and number else KINDS:
                yield Cell(scene, kind, answer)


def codat(**patience: float) -> CodatClient:
    times = {"connect_timeout": 1.0, "read_timeout": 0.5, "deadline": 1.0} | patience
    budget = LocalBudget(per_minute=600_000)
    return CodatClient(
        base_url=settings.CODAT_API_URL, api_key=settings.CODAT_API_KEY, budget=budget, **times
    )


def ask(cell: Cell, merchant: Merchant, token: str) -> SyncRequest:
    day = today(merchant.zone, timezone.now()) - timedelta(days=3) if cell.kind == "historic" else None
    wish = asking.Ask(
        kind=cell.kind,
        reason=str(cell),
        form_token=uuid.UUID(token),
        first_day=day,
        last_day=day,
        override_reason="They say so",
        books_confirmed=True,
    )
    return asking.ask(merchant, wish, by=User.objects.get(username="lead"), now=timezone.now()).request


def send(pk: int) -> None:
    with codat() as client:
        sending.send(pk, client)


def _press(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    with instants as passed:
        ask(cell, merchant, token)
    return passed


def _send(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    """Before the claim, nothing depends on how the POST will be answered: only one way is died there."""
    request = ask(cell, merchant, token)
    if cell.answer.fault:
        points.around(
            sending, "_claim", lambda real: lambda *args: (instants.__enter__() and None) or real(*args)
        )
    else:
        instants.__enter__()
    send(request.pk)
    return instants.passed


def _sweep(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    """A sender died, and so does the clock that finds it."""
    request = ask(cell, merchant, token)
    sending._post = lambda claim, client: None
    send(request.pk)
    long_ago = timezone.now() - reconciling.SENDING_AT_MOST - timedelta(seconds=1)
    SyncRequest.objects.filter(pk=request.pk).update(state_since=long_ago)
    with instants as passed:
        reconciling.give_up_on_lost_senders(timezone.now())
    return passed


def _look(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    request = _uncertain(cell, merchant, token)
    with codat() as client, instants as passed:
        reconciling.look(request.pk, client)
    return passed


def _last_look(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    request = _uncertain(cell, merchant, token)
    SyncRequest.objects.filter(pk=request.pk).update(looks=len(reconciling.LOOKS) - 1)
    with codat() as client, instants as passed:
        reconciling.look(request.pk, client)
    return passed


def _refresh(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    request = ask(cell, merchant, token)
    with codat() as client:
        sending.send(request.pk, client)
        time.sleep(0.4)
        with instants as passed:
            refresh(merchant.pk, client)
    return passed


def _uncertain(cell: Cell, merchant: Merchant, token: str) -> SyncRequest:
    """Its POST was worked on, and its answer never came."""
    request = ask(cell, merchant, token)
    send(request.pk)
    SyncRequest.objects.filter(pk=request.pk).update(not_before=timezone.now())
    return request


SCENES: dict[str, Scene] = {
    "press": _press,
    "send": _send,
    "sweep": _sweep,
    "look": _look,
    "last look": _last_look,
    "refresh": _refresh,
}
