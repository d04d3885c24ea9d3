from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from syncs.models import Sync
from syncs.models.updating import update_each
from tests.factories import make_cause, make_merchant, make_sync

pytestmark = pytest.mark.django_db


def rows(count: int) -> list[Sync]:
    merchant = make_merchant()
    return [make_sync(merchant) for _ in range(count)]


def test_every_row_gets_values_of_its_own_and_nothing_else_of_it_is_written() -> None:
    one, other = rows(2)
    moments = datetime(2026, 3, 1, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    one.final_seen, other.final_seen = moments
    one.raw, other.raw = {"a": ["ü", None]}, {}
    one.cause, other.cause = make_cause(), None
    one.text = "changed, and not named"
    update_each([one, other], ["final_seen", "raw", "cause"])
    stored = Sync.objects.order_by("pk").values_list("final_seen", "raw", "cause", "text")
    assert list(stored) == [
        (moments[0], {"a": ["ü", None]}, one.cause_id, other.text),
        (moments[1], {}, None, other.text),
    ]


def test_all_rows_are_one_conversation() -> None:
    several = rows(5)
    with CaptureQueriesContext(connection) as asked:
        update_each(several, ["text"])
        update_each([], ["text"])
    assert len(asked) == 1


def test_what_the_database_refuses_is_refused_for_all() -> None:
    one, other = rows(2)
    one.text, other.outcome = "changed", "odd"
    with pytest.raises(IntegrityError), transaction.atomic():
        update_each([one, other], ["text", "outcome"])
    assert not Sync.objects.filter(text="changed").exists()
