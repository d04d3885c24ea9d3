"""Single-key shortcuts: the sheet on every page, switched off and on by its reader."""

import re

import pytest
from django.test import Client

from syncs.models import User
from syncs.rules.states import State
from tests.factories import make_merchant, make_request, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def sheet(html: str) -> str:
    found = re.search(r'<dialog id="keys".*?</dialog>', html, re.DOTALL)
    assert found
    return found[0]


def test_the_sheet_names_every_key_and_that_none_sends(as_support: Client) -> None:
    told = sheet(as_support.get("/requests/").text)
    for key in ("/", "J", "K", "X", "Enter", "L", "R", "C", "Esc", "?", "G"):
        assert f"<kbd>{key}</kbd>" in told
    assert "Nothing is sent before you confirm it." in told


def carried(html: str) -> set[str]:
    """Keys that something on the page is pressed by."""
    return set(re.findall(r'data-key="([^"]+)"', html))


def named(html: str) -> set[str]:
    """Keys that the sheet names, written as what is pressed by them carries them."""
    rows = re.findall(r"<dd>(.*?)</dd>", sheet(html))
    keys = [re.findall(r"<kbd>(.+?)</kbd>", row) for row in rows]
    return {" ".join(each).lower() for each in keys}


def test_the_sheet_and_the_pages_agree_on_every_key(as_support: Client) -> None:
    merchant = make_merchant()
    make_request(merchant, state=State.SUCCEEDED)
    make_sync(merchant)
    paths = ("/", "/requests/", "/syncs/", "/activity/", f"/merchants/{merchant.company_id}/")
    pages = [as_support.get(path).text for path in paths]
    of_the_script = {"j k", "enter", "shift x", "esc", "?"}
    assert set().union(*map(carried, pages)) == named(pages[0]) - of_the_script


def test_a_key_is_carried_by_one_thing_of_a_row_and_by_one_beside_the_rows(as_support: Client) -> None:
    merchant = make_merchant()
    for path in ("/", "/requests/", "/syncs/", f"/merchants/{merchant.company_id}/"):
        html = as_support.get(path).text
        for part in [
            *re.findall(r"<tr\b.*?</tr>", html, re.DOTALL),
            re.sub(r"<tr\b.*?</tr>", "", html, flags=re.DOTALL),
        ]:
            keys = re.findall(r'data-key="([^"]+)"', part)
            assert len(keys) == len(set(keys)), path


def test_who_switched_them_off_is_shown_no_key(as_support: Client) -> None:
    make_merchant()
    assert "<kbd" in re.sub(r"<dialog.*?</dialog>", "", as_support.get("/").text, flags=re.DOTALL)
    as_support.post("/profile/shortcuts/", {"shortcuts": "off"})
    for path in ("/", "/requests/", "/syncs/", "/activity/", "/profile/"):
        assert "<kbd" not in re.sub(r"<dialog.*?</dialog>", "", as_support.get(path).text, flags=re.DOTALL)


def test_who_may_not_ask_is_offered_no_key_for_it(as_viewer: Client) -> None:
    told = sheet(as_viewer.get("/requests/").text)
    for key in ("X", "L", "R"):
        assert f"<kbd>{key}</kbd>" not in told.replace(
            '<kbd>G</kbd><span class="sm">then</span><kbd>R</kbd>', ""
        )
    assert "<kbd>C</kbd>" in told


def test_they_are_on_until_somebody_switches_them_off_and_it_is_so_on_every_page(
    as_support: Client, support: User
) -> None:
    assert "data-on" in sheet(as_support.get("/").text)
    answer = as_support.post("/profile/shortcuts/", {"shortcuts": "off", "next": "/requests/?state=way"})
    assert answer["Location"] == "/requests/?state=way"
    page = as_support.get("/requests/").text
    assert "Single-key shortcuts are off." in page
    assert "data-on" not in sheet(page)
    as_support.post("/profile/shortcuts/", {"shortcuts": "on"})
    assert "data-on" in sheet(as_support.get("/").text)


def test_those_of_others_stay_as_they_are(as_support: Client, viewer: User) -> None:
    as_support.post("/profile/shortcuts/", {"shortcuts": "off"})
    viewer.refresh_from_db()
    assert viewer.shortcuts


@pytest.mark.parametrize("data", [{}, {"shortcuts": "maybe"}, {"shortcuts": ""}])
def test_what_is_neither_changes_nothing(as_support: Client, support: User, data: dict[str, str]) -> None:
    assert as_support.post("/profile/shortcuts/", data).status_code == 302
    support.refresh_from_db()
    assert support.shortcuts


def test_nobody_is_led_out_of_the_house(as_support: Client) -> None:
    answer = as_support.post("/profile/shortcuts/", {"shortcuts": "off", "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_a_page_has_one_field_for_the_search_key(as_support: Client) -> None:
    merchant = make_merchant()
    for path in ("/", "/requests/", "/syncs/", f"/merchants/{merchant.company_id}/"):
        assert as_support.get(path).text.count('data-key="/"') == 1, path


def test_nobody_who_is_not_signed_in_sees_the_sheet(client: Client) -> None:
    assert "<dialog" not in client.get("/sign-in/").text
