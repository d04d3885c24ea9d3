"""Rows are drawn once for everybody, and yet whoever is on a merchant is told so as to themselves."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Merchant, User
from syncs.operations import caring
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_user
from tests.test_care_page import words
from tests.test_health_page import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved"), pytest.mark.sqlite]


def on_it(by: User, **columns: str) -> Merchant:
    merchant = make_failing_merchant(**columns)
    caring.acknowledge(merchant, by=by, note="", now=timezone.now())
    return merchant


def poll(client: Client) -> str:
    found = re.search(r'id="poll" hx-get="([^"]+)"', page(client))
    assert found
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize("first", ["oneself", "a colleague"])
def test_each_reads_it_in_their_own_words_whoever_looks_first(
    as_support: Client, as_lead: Client, support: User, first: str
) -> None:
    on_it(support)
    page(as_support if first == "oneself" else as_lead)
    mine, theirs = page(as_support), page(as_lead)
    assert "You are on it" in words(mine)
    assert 'title="You are on it"' in mine
    assert "Priya Nair is on it" not in mine
    assert "Priya Nair is on it" in words(theirs)
    assert "You are on it" not in theirs


def test_a_poll_brings_the_row_in_the_same_words(as_support: Client, as_lead: Client, support: User) -> None:
    merchant = make_failing_merchant()
    mine, theirs = poll(as_support), poll(as_lead)
    caring.acknowledge(merchant, by=support, note="", now=timezone.now())
    assert "Priya Nair is on it" in words(as_lead.get(theirs).text)
    assert "You are on it" in words(as_support.get(mine).text)


def test_a_colleague_of_the_same_name_is_not_oneself(as_support: Client, support: User) -> None:
    twin = make_user("support", first_name=support.first_name, last_name=support.last_name)
    on_it(twin)
    assert "You are on it" not in page(as_support)
    assert "You are on it" in page(signed_in(twin))


def test_a_name_with_signs_of_markup_is_found_too() -> None:
    rude = make_user("support", first_name="Al <b>", last_name="O'Hara")
    on_it(rude)
    html = page(signed_in(rude))
    assert "You are on it" in html
    assert "O&#x27;Hara is on it" not in html


def test_what_other_rows_say_stays(as_support: Client, support: User, lead: User) -> None:
    on_it(support, name="Alder")
    on_it(lead, name="Birch")
    told = words(page(as_support))
    assert told.count("You are on it") == 1
    assert f"{lead.display_name} is on it" in told


def test_it_costs_one_query_where_one_is_on_any_and_none_else(
    as_support: Client, support: User, lead: User
) -> None:
    def queries() -> int:
        page(as_support)
        with CaptureQueriesContext(connection) as captured:
            page(as_support)
        return len(captured)

    on_it(lead)
    before = queries()
    on_it(support)
    one = queries()
    for _ in range(5):
        on_it(support)
    assert (one, queries()) == (before + 1, before + 1)
