"""By the last success: who never had one stands with those whose success is longest ago, whenever it was added."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_failing_merchant, make_merchant
from tests.test_health_page import names, page

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OLDEST_FIRST = ["Never, added long ago", "Never, added lately", "21 days ago", "Yesterday"]


@pytest.fixture(autouse=True)
def failing(db: None) -> None:
    now = timezone.now()
    for name, ago in (("Yesterday", 1), ("21 days ago", 21)):
        make_failing_merchant(name=name, last_success_at=now - ago * DAY, silent_since=now - ago * DAY)
    for name, ago in (("Never, added lately", 0), ("Never, added long ago", 9)):
        make_failing_merchant(name=name, last_success_at=None, silent_since=now - ago * DAY)


@pytest.mark.parametrize("scope", ["", "failing"])
def test_who_never_had_one_stands_first_and_the_other_way_round_last(as_viewer: Client, scope: str) -> None:
    assert names(page(as_viewer, f"/?health={scope}")) == OLDEST_FIRST
    assert names(page(as_viewer, f"/?health={scope}&sort=-success")) == OLDEST_FIRST[::-1]


def test_who_was_never_synced_fails_nothing_yet_and_stands_behind_who_does(as_viewer: Client) -> None:
    make_merchant(name="Not linked yet", health="never_synced", last_success_at=None)
    make_merchant(name="Fine")
    assert names(page(as_viewer)) == [*OLDEST_FIRST, "Not linked yet", "Fine"]
