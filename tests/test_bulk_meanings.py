"""What became of each merchant of a bulk, in words that its pill does not say."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from syncs.models import SyncRequest
from syncs.rules.states import State
from syncs.views import bulk_meanings
from tests.conftest import NOON
from tests.factories import make_merchant, make_outage, make_request, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]
ARCHIVED = "Account 090 is not in an Active state. (Archived)"
LATER = NOON - timedelta(minutes=1)


def asked(code: int, message: str = "", *, before: int = 2000, **columns: Any) -> SyncRequest:
    """Of a merchant whose last result before was that one."""
    merchant = make_merchant()
    make_sync(merchant, before, NOON - timedelta(days=1), message=message if before == code else "")
    sync = make_sync(merchant, code, LATER, message=message, **columns)
    state = State.FAILED if code >= 4000 else State.SUCCEEDED
    return make_request(merchant, state=state, sync=sync, finished_at=NOON)


def told(request: SyncRequest) -> str:
    return bulk_meanings.of_each([request])[request.pk]


def test_an_error_that_was_not_there_before_is_new_and_says_whose_turn_it_is() -> None:
    assert told(asked(5130, ARCHIVED, data_pushed=False)) == (
        "New, the merchant must act: Xero is refusing the sales because account 090 is archived."
    )


def test_the_same_as_before_is_told_as_such() -> None:
    assert told(asked(5130, ARCHIVED, before=5130)).startswith("As before, the merchant must act: ")


def test_what_only_says_the_pill_again_gives_way_to_whether_a_re_run_helps() -> None:
    assert told(asked(5000, data_pushed=False)) == "New, Codat must act. Re-run now? Yes, try now."


def test_while_an_outage_stands_nobody_is_told_to_try() -> None:
    request = asked(5000, data_pushed=False)
    make_outage("Xero", side="accounting")
    assert told(request) == "New, Codat must act. Re-run now? Not before the outage is over."


def test_that_some_sales_may_be_written_is_told() -> None:
    assert told(asked(5000, data_pushed=True)).endswith("Some sales may be written.")


@pytest.mark.parametrize(
    ("code", "days", "words"),
    [
        (2000, 1, "Synced 1 day."),
        (2000, 12, "Synced 12 days."),
        (2040, 2, "No sales on 2 days."),
        (2000, 0, "It ran to its end."),
        (2040, 0, "There were no sales to write."),
    ],
)
def test_a_success_says_how_many_days_it_covered(code: int, days: int, words: str) -> None:
    request = asked(code)
    for back in range(1, days + 1):
        day = datetime.date(NOON - timedelta(days=back))
        request.merchant.days.create(day=day, outcome="synced", covered_by=request.sync)
    assert told(request) == words


def test_of_what_has_not_ended_nothing_is_said_here(django_assert_num_queries: Any) -> None:
    waits = make_request(make_merchant())
    with django_assert_num_queries(0):
        assert bulk_meanings.of_each([waits]) == {}


def test_it_takes_no_more_queries_for_many(django_assert_num_queries: Any) -> None:
    requests = [asked(5130, ARCHIVED), asked(5000), asked(2000), asked(2040)]
    for count in (2, 4):
        found = SyncRequest.objects.select_related("merchant", "sync").filter(
            pk__in=[request.pk for request in [requests[0], requests[2], *requests[1::2]][:count]]
        )
        listed = list(found)
        # Of the failures before, the days, the platforms, the playbook and the outages.
        with django_assert_num_queries(5):
            bulk_meanings.of_each(listed)
