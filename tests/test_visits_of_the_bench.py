"""The two kinds of looks that F1 and F2 measure: the first at a page, for whom all is drawn, and those after it."""

from collections.abc import Iterator

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django.utils.safestring import SafeString

from bench import visits
from syncs.models import User
from syncs.views import drawn_rows
from syncs.views.cells import cells_of
from syncs.views.merchant_rows import MerchantRow
from tests.factories import make_merchant

pytestmark = pytest.mark.usefixtures("memory")


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """Nothing grows old by itself."""
    with time_machine.travel(timezone.now().replace(second=10), tick=False):
        yield


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The merchant of each row that was drawn."""
    names: list[str] = []

    def noted(row: MerchantRow, *, may_ask: bool) -> list[SafeString]:
        names.append(row.merchant.name)
        return cells_of(row, may_ask=may_ask)

    monkeypatch.setattr(drawn_rows, "cells_of", noted)
    return names


@pytest.mark.django_db
@pytest.mark.sqlite
def test_the_first_look_draws_every_row_each_time_and_another_draws_none(
    client: Client, viewer: User, drawn: list[str]
) -> None:
    client.force_login(viewer)
    for _ in range(3):
        make_merchant()
    both = visits.both_visits(client, "/")
    every_row_of_every_look = 3 * (visits.WARM + visits.ROUNDS + 1)
    name, first = next(both)
    assert (name, first.status, len(drawn)) == ("drawn anew", 200, every_row_of_every_look)
    name, again = next(both)
    assert (name, again.status, len(drawn)) == ("again", 200, every_row_of_every_look)


def test_what_all_pages_share_is_not_forgotten() -> None:
    cache.set_many({"rows": 1, "causes": 1, "counts": 1})
    visits.forget_what_was_drawn()
    assert (cache.get("rows"), cache.get("causes"), cache.get("counts")) == (None, None, 1)
    assert cache.get("platforms") is None
