"""The platforms that lists can be narrowed to: kept in each process, which must not know less than the database."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_connection, make_merchant
from tests.test_health_live import changed, first_page, names, poll_of

pytestmark = pytest.mark.django_db


def in_process(name: str) -> override_settings:
    """Each process of the web has a memory of its own."""
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name}
    return override_settings(CACHES={"default": memory})


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    for name in ("other", "one"):
        with in_process(name):
            cache.clear()
    with in_process("one"), time_machine.travel(timezone.now().replace(second=10), tick=False):
        yield


def offered(html: str) -> set[str]:
    return set(re.findall(r"<option[^>]*>(Shopify|Clover)<", html))


@pytest.mark.parametrize("url", ["/", "/syncs/"])
def test_the_first_platforms_are_offered_at_once(as_viewer: Client, url: str) -> None:
    assert offered(first_page(as_viewer, url)) == set()
    make_merchant(commerce="Shopify")
    assert offered(first_page(as_viewer, url)) == {"Shopify"}


@pytest.mark.parametrize("url", ["/", "/syncs/"])
def test_one_that_came_since_is_found_before_it_is_refused_and_offered_from_then_on(
    as_viewer: Client, url: str
) -> None:
    make_merchant(commerce="Shopify")
    first_page(as_viewer, url)
    make_merchant(name="Tidewater", commerce="Clover")
    html = first_page(as_viewer, f"{url}?commerce=Clover")
    assert "It was ignored." not in html
    assert "<option selected>Clover</option>" in html
    assert offered(first_page(as_viewer, url)) == {"Shopify", "Clover"}


def test_one_that_nobody_is_connected_to_any_more_is_still_refused(as_viewer: Client) -> None:
    make_connection(make_merchant(commerce=None), platform_name="Clover", gone_at=timezone.now())
    assert "“Clover” is not a commerce platform that we know. It was ignored." in first_page(
        as_viewer, "/?commerce=Clover"
    )


def test_a_name_that_is_none_costs_one_look_at_an_index_and_not_the_list(as_viewer: Client) -> None:
    make_merchant()
    first_page(as_viewer)
    with CaptureQueriesContext(connection) as known:
        first_page(as_viewer, "/?commerce=Shopify")
    with CaptureQueriesContext(connection) as unknown:
        first_page(as_viewer, "/?commerce=Banana&code=2000")
    assert len(unknown) == len(known) + 1
    read = [
        int(upto)
        for query in unknown
        for upto in re.findall(r'"syncs_connection"."id" > (\d+)', query["sql"])
    ]
    assert read
    assert min(read) > 0


def test_one_that_nobody_has_any_more_is_offered_for_an_hour_at_most_however_many_connections_come(
    as_viewer: Client,
) -> None:
    gone = make_merchant(commerce="Clover")
    make_merchant(commerce="Shopify")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert offered(first_page(as_viewer)) == {"Shopify", "Clover"}
        gone.connections.update(gone_at=timezone.now())
        for _ in range(2):
            clock.shift(timedelta(minutes=29))
            make_merchant(commerce="Shopify")
            assert offered(first_page(as_viewer)) == {"Shopify", "Clover"}
        clock.shift(timedelta(minutes=2))
        assert offered(first_page(as_viewer)) == {"Shopify"}


def test_a_poll_that_another_process_answers_keeps_the_filter(as_viewer: Client) -> None:
    """One that was started before the platform came, and does not know it."""
    with in_process("other"):
        make_merchant(name="Shop", commerce="Shopify")
        first_page(as_viewer)
    found = make_merchant(name="Tidewater", commerce="Clover")
    poll = poll_of(first_page(as_viewer, "/?commerce=Clover"))
    changed(found, name="Ebbwater")
    with in_process("other"):
        html = as_viewer.get(poll).text
    assert names(html) == ["Ebbwater"]
    assert re.search(r'id="count"[^>]*>\s*1 merchant\s*<', html)
    assert "commerce=Clover" in poll_of(html)


def test_a_poll_keeps_the_filter_also_when_the_last_of_its_merchants_went_elsewhere(
    as_viewer: Client,
) -> None:
    found = make_merchant(name="Tidewater", commerce="Clover")
    make_merchant(name="Shop")
    poll = poll_of(first_page(as_viewer, "/?commerce=Clover"))
    found.connections.filter(side="commerce").update(gone_at=timezone.now())
    changed(found)
    cache.delete("platforms")
    html = as_viewer.get(poll).text
    assert names(html) == ["Tidewater"]
    assert re.search(r'id="count"[^>]*>\s*0 merchants\s*<', html)
    assert "commerce=Clover" in poll_of(html)
