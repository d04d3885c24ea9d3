"""What changes on a page is told to who does not see it: by one place that is there before anything is said in it."""

import re

import pytest
from django.test import Client

from syncs.rules.states import State
from tests.factories import make_merchant, make_request

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

SAID = '<p class="sr" id="said" role="status"></p>'
LISTS = ("/", "/syncs/", "/requests/", "/activity/")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_tells_how_many_it_holds(as_support: Client, path: str) -> None:
    make_merchant()
    html = as_support.get(path).text
    assert html.count(SAID) == 1
    assert len(re.findall(r'id="count" data-told>', html)) == 1


@pytest.mark.parametrize("path", LISTS)
def test_nothing_that_is_swapped_speaks_for_itself(as_support: Client, path: str) -> None:
    make_request(make_merchant(), state=State.QUEUED)
    swapped = as_support.get(path, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="results").text
    assert "data-told" in swapped
    assert 'role="status"' not in swapped
    assert "aria-live" not in swapped


def test_each_told_place_has_an_id_by_which_its_words_are_compared(as_support: Client) -> None:
    merchant = make_merchant()
    make_request(merchant, state=State.ACCEPTED)
    for path in (*LISTS, f"/merchants/{merchant.company_id}/"):
        told = re.findall(r"<[a-z]+ [^>]*\bdata-told\b[^>]*>", as_support.get(path).text)
        assert told, path
        ids = [re.search(r' id="([^"]+)"', tag) for tag in told]
        assert len({found[1] for found in ids if found}) == len(told), path


@pytest.mark.parametrize(
    ("state", "step"),
    [(State.QUEUED, "Saved"), (State.SENDING, "Sent to Codat"), (State.ACCEPTED, "Codat is working")],
)
def test_a_request_under_way_tells_its_step_and_no_clock(as_support: Client, state: State, step: str) -> None:
    merchant = make_merchant()
    make_request(merchant, state=state)
    page = as_support.get(f"/merchants/{merchant.company_id}/").text
    told = re.search(r'id="step" data-told>([^<]*)<', page)
    assert told
    assert told[1] == f"Re-run: {step}"
