"""What bench/browser.py reads from a page is how that page really polls."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from bench.browser import Poll, poll_of
from syncs.models import User
from syncs.rules.states import State
from tests.factories import make_merchant, make_request


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """A digest holds the minute: a test must not fall over the edge of one."""
    with time_machine.travel(timezone.now().replace(second=10), tick=False):
        yield


@pytest.fixture
def desk(client: Client, support: User) -> Client:
    client.force_login(support)
    return client


def polled(desk: Client, path: str) -> Poll:
    found = poll_of(desk.get(path).content.decode())
    assert found
    assert desk.get(found.path, headers=found.headers).status_code == 204
    return found


@pytest.mark.django_db
def test_lists_and_merchants_say_how_they_poll_and_a_poll_at_once_has_no_news(desk: Client) -> None:
    merchant = make_merchant()
    assert polled(desk, "/?health=failing").every == 15
    assert polled(desk, "/requests/").target == "rows"
    page = polled(desk, f"/merchants/{merchant.company_id}/")
    assert (page.every, page.target) == (15, "merchant_live")
    assert "&form_token=" in page.path


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "every", "is_waited_for"), [(State.QUEUED, 2, True), (State.NEEDS_REVIEW, 15, False)]
)
def test_a_page_is_waited_for_while_its_request_is_on_its_way_and_not_while_a_person_has_to_decide(
    desk: Client, state: State, every: int, *, is_waited_for: bool
) -> None:
    request = make_request(make_merchant(), state=state)
    for path in (f"/merchants/{request.merchant.company_id}/", f"/requests/{request.pk}/"):
        page = poll_of(desk.get(path).text)
        assert page
        assert (page.every, page.is_waited_for) == (every, is_waited_for)
    for path in ("/", "/requests/"):
        page = poll_of(desk.get(path).text)
        assert page
        assert (page.every, page.is_waited_for) == (5 if is_waited_for else 15, False)


def test_a_page_that_does_not_poll_says_so() -> None:
    assert poll_of('<div hx-get="/" hx-trigger="change"></div>') is None
