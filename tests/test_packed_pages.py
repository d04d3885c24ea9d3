"""Pages go out packed, without a proxy's help, to whoever can unpack them."""

import gzip
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.factories import make_failing_merchant
from tests.test_health_live import first_page, poll_of

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

PACKED = {"Accept-Encoding": "gzip, deflate, br"}
# What a reader on a slow line is promised (docs/performance.md, F1).
MOST = 30_000


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """A digest holds the minute: a test must not fall over the edge of one."""
    with time_machine.travel(timezone.now().replace(second=10), tick=False):
        yield


def test_a_whole_page_of_merchants_is_packed_and_small(as_support: Client) -> None:
    for _ in range(50):
        make_failing_merchant()
    answer = as_support.get("/", headers=PACKED)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert len(answer.content) < MOST < len(gzip.decompress(answer.content))
    assert gzip.decompress(answer.content).count(b'class="name"') == 50


def test_so_is_what_a_filter_brings_but_not_a_poll_without_news(as_support: Client) -> None:
    make_failing_merchant()
    answer = as_support.get("/?health=failing", headers=PACKED | {"HX-Request": "true"})
    assert answer.headers["Content-Encoding"] == "gzip"
    nothing = as_support.get(poll_of(gzip.decompress(answer.content).decode()), headers=PACKED)
    assert nothing.status_code == 204
    assert "Content-Encoding" not in nothing.headers


def test_who_cannot_unpack_gets_the_page_as_it_is(as_support: Client) -> None:
    make_failing_merchant()
    assert "Content-Encoding" not in as_support.get("/").headers
    assert "<html" in first_page(as_support)


def test_how_long_a_packed_page_is_tells_a_stranger_nothing(as_support: Client) -> None:
    """Who can have somebody else's browser ask again and again must not guess a secret from the length (BREACH)."""
    lengths = [len(as_support.get("/profile/", headers=PACKED).content) for _ in range(20)]
    assert max(lengths) - min(lengths) > 30
