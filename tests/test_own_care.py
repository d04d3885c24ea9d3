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


def test_whoever_has_another_name_since_is_told_so_still(as_support: Client, support: User) -> None:
    on_it(support)
    support.first_name = "Petra"
    support.save()
    assert "You are on it" in words(page(as_support))


def test_a_name_that_is_a_part_of_another_is_not_taken_for_it(as_lead: Client, lead: User) -> None:
    """Nor for the words of a merchant."""
    ann = make_user("support", first_name="Ann", last_name="")
    joanna = make_user("support", first_name="Jo", last_name="Ann")
    on_it(joanna, name="Ann is on it")
    on_it(ann, name="Birch")
    mine = words(page(signed_in(ann)))
    assert "Jo Ann is on it" in mine
    assert mine.count("You are on it") == 1
    assert "Ann is on it" in words(page(as_lead))


def test_a_colleague_of_the_same_name_who_takes_over_is(as_support: Client, support: User) -> None:
    twin = make_user("support", first_name=support.first_name, last_name=support.last_name)
    merchant = on_it(twin)
    assert "You are on it" in page(signed_in(twin))
    standing = merchant.cares.get()
    caring.acknowledge(merchant, by=support, note="", now=timezone.now(), instead_of=standing.pk)
    assert "You are on it" in page(as_support)
    assert "You are on it" not in page(signed_in(twin))


def test_a_name_with_signs_of_markup_stays_one() -> None:
    rude = make_user("support", first_name="Al <b>", last_name="O'Hara")
    on_it(rude)
    html = page(signed_in(rude))
    assert "You are on it" in html
    assert "O&#x27;Hara is on it" not in html
    assert "Al <b>" not in html


def test_what_other_rows_say_stays(as_support: Client, support: User, lead: User) -> None:
    on_it(support, name="Alder")
    on_it(lead, name="Birch")
    told = words(page(as_support))
    assert told.count("You are on it") == 1
    assert f"{lead.display_name} is on it" in told


@pytest.mark.usefixtures("memory")
def test_it_costs_one_query_where_rows_are_drawn_and_none_where_they_are_drawn_already(
    as_support: Client, as_lead: Client, support: User, lead: User
) -> None:
    def queries(client: Client) -> int:
        with CaptureQueriesContext(connection) as captured:
            page(client)
        return len([query for query in captured if '"syncs_care"' in query["sql"]])

    make_failing_merchant()
    assert queries(as_support) == 0
    for by in (support, lead, support):
        on_it(by)
    assert [queries(client) for client in (as_support, as_lead, as_support)] == [1, 0, 0]
