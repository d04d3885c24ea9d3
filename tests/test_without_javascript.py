"""Every step is an address of its own: nothing that a plain browser can reach there is a dead end."""

import re
from html import unescape
from urllib.parse import urljoin

import pytest
from django.test import Client

from syncs.models import SyncRequest
from syncs.rules.states import State
from tests.factories import make_merchant, make_request
from tests.test_rerun import days, send
from tests.test_rerun_overlap import synced_yesterday

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.mark.parametrize("step", ["review", "confirm"])
@pytest.mark.parametrize(("kind", "run"), [("range", "historic"), ("latest", "latest")])
def test_a_get_asks_for_nothing_and_leads_back_to_the_merchant(
    as_support: Client, step: str, kind: str, run: str
) -> None:
    merchant = make_merchant()
    response = as_support.get(f"/merchants/{merchant.company_id}/rerun/{kind}/{step}/")
    assert response["Location"] == f"/merchants/{merchant.company_id}/?run={run}#rerun"
    assert not SyncRequest.objects.exists()


@pytest.mark.parametrize(
    ("step", "kind", "wrong"),
    [
        ("review", "range", {}),
        ("review", "latest", {"last_day": ""}),
        ("review", "range", {"reason": ""}),
        ("confirm", "latest", {"reason": ""}),
    ],
)
def test_without_javascript_no_link_of_such_a_page_is_a_dead_end(
    as_support: Client, step: str, kind: str, wrong: dict[str, str]
) -> None:
    merchant = make_merchant()
    synced_yesterday(merchant)
    response = send(as_support, merchant, step, days(merchant) | wrong, kind)
    here = f"/merchants/{merchant.company_id}/rerun/{kind}/{step}/"
    links = {
        urljoin(here, unescape(link)) for link in re.findall(r'<a\b[^>]* ?href="([^#"][^"]*)"', response.text)
    }
    ours = {link for link in links if link.startswith(f"/merchants/{merchant.company_id}/")}
    assert len(ours) > 5
    assert {link: as_support.get(link).status_code for link in ours} == dict.fromkeys(ours, 200)


def test_going_back_keeps_what_was_typed(as_support: Client) -> None:
    merchant = make_merchant()
    data = days(merchant)
    confirm = send(as_support, merchant, "review", data).text
    back = unescape(re.findall(r'href="([^"]*)">Go back', confirm)[0])
    form = as_support.get(back).text
    for typed in (data["first_day"], data["last_day"], "Ticket 4812"):
        assert f'value="{typed}"' in form


def test_a_note_that_will_not_do_leaves_a_way_on(as_support: Client) -> None:
    merchant = make_merchant()
    address = f"/merchants/{merchant.company_id}/notes/"
    assert as_support.post(address, {"note": " "}).status_code == 422
    assert as_support.get(address)["Location"] == f"/merchants/{merchant.company_id}/"


def test_a_verdict_and_a_password_that_will_not_do_leave_a_way_on(as_lead: Client) -> None:
    stuck = make_request(make_merchant(), state=State.NEEDS_REVIEW)
    verdict = f"/requests/{stuck.pk}/verdict/"
    for address, page in ((verdict, f"/requests/{stuck.pk}/"), ("/profile/password/", "/profile/")):
        assert as_lead.post(address).status_code == 422
        assert as_lead.get(address)["Location"] == page
