"""What is wanted of a merchant while somebody is asking about it: no second worker, and another look afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Merchant
from syncs.operations import checking, merchants
from syncs.operations.handing_out import HANDED_OUT, claim_due_merchants
from syncs.operations.refresh import refresh
from syncs.operations.transitions import move
from syncs.rules.states import State
from tests.codat.examples import no_company
from tests.codat.server import Server, says
from tests.factories import make_merchant, make_request
from tests.looks import row

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
Want = Callable[[Merchant], Any]


@pytest.fixture
def now(moved: Any) -> datetime:
    return timezone.now()


def check(merchant: Merchant) -> None:
    checking.check_now(merchant, timezone.now())


def archive(merchant: Merchant) -> None:
    merchants.archive(merchant, why="Left us", now=timezone.now())


def restore(merchant: Merchant) -> None:
    merchants.restore(merchant, why="Came back", now=timezone.now())


def archive_and_restore(merchant: Merchant) -> None:
    archive(merchant)
    restore(merchant)


def send_without_an_answer(merchant: Merchant) -> None:
    request = make_request(merchant, state=State.SENDING)
    assert move(request, State.UNCERTAIN, now=timezone.now(), what="No answer came")


def archive_while_a_request_is_active(merchant: Merchant) -> None:
    make_request(merchant, state=State.ACCEPTED)
    archive(merchant)


WANTS: dict[str, tuple[Want, str]] = {
    "a press of Check now": (check, "asked for by a person"),
    "restored": (archive_and_restore, "restored"),
    "sent without an answer": (
        send_without_an_answer,
        "looked at again now: a sync may have been started",
    ),
    "archived while a request is active": (archive_while_a_request_is_active, merchants.LEFT_RUNNING),
}


@pytest.fixture(params=WANTS)
def want(request: pytest.FixtureRequest) -> tuple[Want, str]:
    return WANTS[request.param]


def held(now: datetime) -> Merchant:
    merchant = make_merchant(next_refresh_at=now, configured_at=now)
    assert claim_due_merchants(now, 1) == [merchant.pk]
    return merchant


def test_who_is_being_asked_is_handed_to_nobody_else(now: datetime, want: tuple[Want, str]) -> None:
    merchant = held(now)
    want[0](merchant)
    assert claim_due_merchants(now + SECOND, 5, [merchant.pk]) == []
    assert Merchant.objects.get().next_refresh_reason == f"{HANDED_OUT}, and again after that: {want[1]}"


def test_and_asked_again_after_that_look(
    now: datetime, moved: Any, scripted: Server, told: CodatClient, want: tuple[Want, str]
) -> None:
    merchant = held(now)
    want[0](merchant)
    moved.shift(SECOND)
    scripted.answers(says(200, [row(at=now.isoformat())]))
    refresh(merchant.pk, told)
    assert Merchant.objects.get().next_refresh_reason == want[1]
    assert claim_due_merchants(timezone.now(), 5) == [merchant.pk]


def test_also_where_that_look_is_in_vain(
    now: datetime, moved: Any, scripted: Server, told: CodatClient, want: tuple[Want, str]
) -> None:
    merchant = held(now)
    want[0](merchant)
    moved.shift(SECOND)
    scripted.answers(says(400, {"error": "kaputt"}))
    refresh(merchant.pk, told)
    assert claim_due_merchants(timezone.now(), 5) == [merchant.pk]


def test_who_was_archived_is_left_alone_when_that_look_ends(
    now: datetime, scripted: Server, told: CodatClient
) -> None:
    merchant = held(now)
    archive(merchant)
    refresh(merchant.pk, told)
    assert not scripted.requests
    assert (Merchant.objects.get().next_refresh_at, Merchant.objects.get().next_refresh_reason) == (None, "")


def test_and_so_is_who_was_archived_by_it(now: datetime, scripted: Server, told: CodatClient) -> None:
    merchant = held(now)
    scripted.answers(says(404, no_company(merchant.company_id)))
    refresh(merchant.pk, told)
    archived = Merchant.objects.get()
    assert archived.is_archived
    assert (archived.next_refresh_at, archived.next_refresh_reason) == (None, "")


def test_a_look_that_is_asked_for_during_another_reads_the_connections_too(
    now: datetime, moved: Any, scripted: Server, told: CodatClient
) -> None:
    merchant = held(now)
    read = told.syncs

    def slowly(*args: Any) -> Any:
        moved.shift(SECOND)
        check(merchant)
        moved.shift(SECOND)
        return read(*args)

    told.syncs = slowly  # type: ignore[method-assign]
    scripted.answers(says(200, [row(at=now.isoformat())]))
    refresh(merchant.pk, told)
    told.syncs = read  # type: ignore[method-assign]
    assert [request.target.split("?")[0][-11:] for request in scripted.requests] == ["list/status"]
    moved.shift(SECOND)
    assert claim_due_merchants(timezone.now(), 5) == [merchant.pk]
    refresh(merchant.pk, told)
    assert any("connections" in request.target for request in scripted.requests)
