"""Of a few that are selected in the list, the bar says how many a latest sync would run for, before the review."""

import re
from typing import Any

import pytest
from django.test import Client

from syncs.models import Merchant, SyncRequest
from syncs.views import bulk_review
from tests.factories import make_failing_merchant, make_merchant, make_outage, make_request

pytestmark = pytest.mark.django_db


def forecast(client: Client, *merchants: Merchant, **asked: Any) -> str:
    picked = ",".join(str(merchant.pk) for merchant in merchants)
    answer = client.post(
        "/bulk/forecast/", {"kind": "latest", "whom": "", "query": "", "picked": picked} | asked
    )
    assert answer.status_code == 200
    return answer.text


def words(html: str) -> str:
    return html.partition("<span")[0].strip()


def button(html: str) -> str:
    return re.findall(r'id="latest-for" hx-swap-oob="true">([^<]*)<', html)[0]


def test_it_says_how_many_can_run_and_what_the_others_need_first(as_support: Client) -> None:
    unlinked = [make_merchant(statuses=("Linked", "PendingAuth")) for _ in range(2)]
    told = forecast(as_support, make_merchant(), make_merchant(), make_failing_merchant(), *unlinked)
    assert words(told) == "2 can run · 2 need the merchant first · 1 must be fixed first"
    assert button(told) == " for 2"


def test_where_all_can_run_that_is_all_it_says(as_support: Client) -> None:
    assert words(forecast(as_support, make_merchant())) == "1 can run"


def test_where_none_can_the_button_promises_nothing(as_support: Client) -> None:
    merchant = make_merchant()
    make_request(merchant)
    told = forecast(as_support, merchant, make_merchant(health="switched_off", enabled=False))
    assert words(told).startswith("0 can run · ")
    assert "1 is asked for already" in told
    assert "1 needs the merchant first" in told
    assert button(told) == ""


def test_an_outage_and_a_running_sync_are_told(as_support: Client) -> None:
    running = make_merchant(accounting="QuickBooks Online", running_since=make_merchant().refreshed_at)
    make_outage("Xero", side="accounting")
    told_of = words(forecast(as_support, make_merchant(), make_merchant(), running))
    assert told_of == "0 can run · 2 are held in an outage · 1 runs now"


def test_of_a_list_that_is_meant_as_a_whole_too(as_support: Client) -> None:
    make_merchant()
    make_failing_merchant()
    assert (
        words(forecast(as_support, whom="all", query="health=failing")) == "0 can run · 1 must be fixed first"
    )


def test_of_more_than_a_few_nothing_is_said(as_support: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_review, "FORETOLD", 1)
    told = forecast(as_support, make_merchant(), make_merchant())
    assert (words(told), button(told)) == ("", "")


@pytest.mark.parametrize(
    "asked",
    [
        {"picked": ""},
        {"picked": "x,-1,9999999999999999999999"},
        {"kind": "x"},
        {"whom": "x"},
        {"picked": "\0"},
    ],
)
def test_nobody_and_nonsense_say_nothing(as_support: Client, asked: dict[str, str]) -> None:
    merchant = make_merchant()
    assert words(forecast(as_support, **{"picked": str(merchant.pk)} | asked)) == ""


def test_a_filter_that_is_not_known_any_more_says_nothing(as_support: Client) -> None:
    make_merchant()
    assert words(forecast(as_support, whom="all", query="health=banana")) == ""


def test_it_is_for_those_who_may_ask(as_viewer: Client, as_support: Client) -> None:
    assert as_viewer.post("/bulk/forecast/", {"kind": "latest"}).status_code == 403
    assert as_support.get("/bulk/forecast/").status_code == 405


def test_nothing_is_saved_by_it(as_support: Client) -> None:
    forecast(as_support, make_merchant())
    assert not SyncRequest.objects.exists()
