"""What a poll of any page costs that brings nothing."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.browser import poll_of
from syncs.models import Delivery, Freeze, ImportRun, Merchant
from syncs.operations import bulks, deliveries, freezing, heartbeats
from syncs.operations.bulk_plans import Wish
from syncs.rules.states import State
from tests.alerting import make_rule
from tests.factories import (
    make_attempt,
    make_failing_merchant,
    make_merchant,
    make_outage,
    make_request,
    make_sync,
    make_user,
)


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """A digest holds the minute: a test must not fall over the edge of one."""
    with time_machine.travel(timezone.now().replace(second=10), tick=False):
        yield


def a_list(path: str) -> Callable[[], str]:
    def made() -> str:
        make_failing_merchant()
        make_request(make_merchant())
        return path

    return made


def a_bulk() -> str:
    keys = [make_merchant().pk for _ in range(3)]
    wish, by = Wish("latest", reason="Many"), make_user("lead")
    return f"/bulk/{bulks.ask_for_many(keys, wish, by=by, now=timezone.now(), may_many=True).bulk.pk}/"


def a_merchant() -> str:
    return _page_of(make_failing_merchant())


def a_merchant_whose(state: State) -> Callable[[], str]:
    return lambda: _page_of(a_request_that_was_tried(state))


def a_request(state: State) -> Callable[[], str]:
    def made() -> str:
        return f"/requests/{a_request_that_was_tried(state).requests.get().pk}/"

    return made


def a_request_that_was_tried(state: State) -> Merchant:
    merchant = make_failing_merchant()
    request = make_request(merchant, state=state)
    for outcome in ("later", "uncertain"):
        make_attempt(request, outcome=outcome, finished_at=timezone.now())
    make_sync(merchant, 2000, timezone.now())
    return merchant


def an_import() -> str:
    now = timezone.now()
    return f"/admin/syncs/merchant/import/{ImportRun.objects.create(started_at=now, heard_at=now).pk}/"


def a_test_of_a_rule() -> str:
    rule = make_rule("failing")
    deliveries.make_test(rule, by=make_user("admin"), now=timezone.now())
    return f"/admin/syncs/alertrule/{rule.pk}/change/"


def _page_of(merchant: Merchant) -> str:
    return f"/merchants/{merchant.company_id}/"


POLLERS = {
    "syncs/health.html": [a_list("/"), a_list("/?health=failing")],
    "syncs/requests.html": [a_list("/requests/")],
    "components/as_of.html": [a_list("/syncs/"), a_list("/syncs/?result=failed"), a_list("/activity/")],
    "syncs/bulk.html": [a_bulk],
    "syncs/merchant.html": [
        a_merchant,
        a_merchant_whose(State.SENDING),
        a_merchant_whose(State.NEEDS_REVIEW),
    ],
    "syncs/request.html": [
        a_request(State.QUEUED),
        a_request(State.ACCEPTED),
        a_request(State.UNCERTAIN),
        a_request(State.NEEDS_REVIEW),
    ],
    "admin/syncs/merchant/import.html": [an_import],
    "admin/syncs/alertrule/test.html": [a_test_of_a_rule],
}
EACH = [
    pytest.param(made, id=f"{template} {n}")
    for template, pages in POLLERS.items()
    for n, made in enumerate(pages)
]
OF_ONE = [*POLLERS["syncs/merchant.html"], *POLLERS["syncs/request.html"]]
# The last two are the admins'; the page of a request that waits for a person does not poll for a lead, who may
# write there.
FOR_LEADS = EACH[:-3]
FOR_ADMINS = EACH[-2:]


def test_these_are_all_that_poll() -> None:
    templates = Path(settings.BASE_DIR) / "templates"
    polling = {
        str(path.relative_to(templates))
        for path in templates.rglob("*.html")
        if re.search(r'hx-trigger="[^"]*\bevery\b', path.read_text())
    }
    assert polling == set(POLLERS)


def messages_fail() -> None:
    def refuses(_: Delivery) -> None:
        raise deliveries.NotDelivered("The webhook answered 500.")

    test = deliveries.make_test(make_rule("failing"), by=make_user("lead"), now=timezone.now())
    deliveries.deliver(test.pk, refuses)


def told_nothing(client: Client, path: str) -> int:
    """How many queries a poll takes that brings nothing, sign-in included."""
    poll = poll_of(client.get(path).text)
    assert poll
    with CaptureQueriesContext(connection) as captured:
        assert client.get(poll.path, headers=poll.headers).status_code == 204
    return len(captured)


@pytest.mark.django_db
@pytest.mark.parametrize("made", EACH)
def test_with_nothing_new_each_takes_three_queries_sign_in_included(
    as_viewer: Client, as_admin: Client, made: Callable[[], str]
) -> None:
    heartbeats.beat(heartbeats.CLOCK)
    path = made()
    assert told_nothing(as_admin if path.startswith("/admin/") else as_viewer, path) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("made", OF_ONE)
def test_also_where_nothing_ever_gave_a_sign(as_viewer: Client, made: Callable[[], str]) -> None:
    assert told_nothing(as_viewer, made()) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("made", FOR_LEADS)
def test_also_while_sending_is_frozen_and_codat_is_down_and_messages_fail(
    as_lead: Client, made: Callable[[], str]
) -> None:
    path = made()
    all_goes_wrong()
    assert told_nothing(as_lead, path) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("made", FOR_ADMINS)
def test_those_of_the_admin_too(as_admin: Client, made: Callable[[], str]) -> None:
    path = made()
    all_goes_wrong()
    assert told_nothing(as_admin, path) == 3


def all_goes_wrong() -> None:
    make_outage()
    freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")
    messages_fail()
