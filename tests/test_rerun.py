"""Asking for a sync from the merchant's page: review, confirm, the press."""

import json
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Activity, Merchant, SyncRequest, User
from syncs.operations.asking import basis_of
from syncs.rules.salesdays import range_window
from syncs.rules.states import State
from tests.conftest import signed_in
from tests.factories import make_merchant, make_request, make_user

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def yesterday(merchant: Merchant) -> date:
    return timezone.now().astimezone(merchant.zone).date() - timedelta(days=1)


def days(merchant: Merchant, first_ago: int = 3, last_ago: int = 1) -> dict[str, Any]:
    today = yesterday(merchant) + timedelta(days=1)
    return {
        "first_day": str(today - timedelta(days=first_ago)),
        "last_day": str(today - timedelta(days=last_ago)),
        "reason": "Ticket 4812",
        "form_token": str(uuid.uuid4()),
        "basis": basis_of(merchant),
    }


def send(
    client: Client, merchant: Merchant, step: str, data: dict[str, Any], kind: str = "range", **more: Any
) -> Any:
    return client.post(f"/merchants/{merchant.company_id}/rerun/{kind}/{step}/", data, **more)


def test_review_saves_nothing_and_says_what_will_be_sent(as_support: Client) -> None:
    merchant = make_merchant(time_zone="America/New_York")
    response = send(as_support, merchant, "review", days(merchant), headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 200
    assert "Re-run 3 days" in html
    assert "America/New_York" in html
    assert "UTC" in html
    assert not SyncRequest.objects.exists()


def test_confirm_saves_one_request_with_the_exact_body_in_the_merchants_zone(as_support: Client) -> None:
    merchant = make_merchant(time_zone="America/New_York")
    data = days(merchant)
    response = send(as_support, merchant, "confirm", data)
    assert response.status_code == 302
    request = SyncRequest.objects.get()
    window = range_window(
        date.fromisoformat(data["first_day"]), date.fromisoformat(data["last_day"]), merchant.zone
    )
    assert json.loads(request.body) == {
        "dateRange": {
            "start": f"{window.start:%Y-%m-%dT%H:%M:%SZ}",
            "finish": f"{window.finish:%Y-%m-%dT%H:%M:%SZ}",
        }
    }
    assert (request.state, request.asked_by.username, request.reason) == ("queued", "support", "Ticket 4812")
    assert Activity.objects.get(request=request).actor == request.asked_by


def test_a_latest_request_always_says_up_to_when(as_support: Client) -> None:
    merchant = make_merchant()
    data = {"reason": "Owner rang", "form_token": uuid.uuid4(), "basis": basis_of(merchant)}
    send(as_support, merchant, "confirm", data, kind="latest")
    body = json.loads(SyncRequest.objects.get().body)
    assert list(body) == ["syncTo"]
    assert body["syncTo"].endswith("Z")


def test_after_the_press_the_page_shows_the_steps_and_polls(as_support: Client) -> None:
    merchant = make_merchant()
    html = send(as_support, merchant, "confirm", days(merchant), headers=HTMX).content.decode()
    assert "Sent to Codat" in html
    assert 'hx-trigger="every 2s, wake"' in html
    assert "<html" not in html


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (State.QUEUED, "Saved"),
        (State.SENDING, "Sent to Codat"),
        (State.UNCERTAIN, "Sent to Codat"),
        (State.ACCEPTED, "Codat is working"),
    ],
)
def test_the_steps_claim_no_more_than_is_known(as_viewer: Client, state: State, step: str) -> None:
    merchant = make_merchant()
    make_request(merchant, state=state)
    assert f'<li class="now">{step}</li>' in as_viewer.get(f"/merchants/{merchant.company_id}/").text


def test_a_double_click_is_one_request_and_says_so(as_support: Client) -> None:
    merchant = make_merchant()
    data = days(merchant)
    send(as_support, merchant, "confirm", data, headers=HTMX)
    again = send(as_support, merchant, "confirm", data, headers=HTMX)
    assert SyncRequest.objects.count() == 1
    assert "You pressed twice." in again.content.decode()


def test_a_second_person_reads_who_was_first(as_support: Client) -> None:
    merchant = make_merchant()
    make_request(merchant, asked_by=make_user("support", "mei", first_name="Mei", last_name="Tanaka"))
    response = send(as_support, merchant, "confirm", days(merchant), headers=HTMX)
    assert response.status_code == 422
    assert "Mei Tanaka has already asked for a sync of this merchant." in response.content.decode()
    assert SyncRequest.objects.count() == 1


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_who_was_first_in_another_tab_is_not_told_of_as_somebody_else(
    as_support: Client, support: User, headers: dict[str, str]
) -> None:
    merchant = make_merchant()
    send(as_support, merchant, "confirm", days(merchant))
    for step in ("review", "confirm"):
        page = send(as_support, merchant, step, days(merchant), headers=headers).text
        assert "You have already asked for a sync of this merchant." in page
        assert f"{support.display_name} has already" not in page


def test_what_was_typed_is_put_aside_when_somebody_was_faster(as_support: Client) -> None:
    merchant = make_merchant()
    faster = make_request(merchant)
    for step in ("review", "confirm"):
        typed = days(merchant)
        card = send(as_support, merchant, step, typed, headers=HTMX).text
        assert "has already asked for a sync of this merchant." in card
        assert "Your form is put aside; it comes back with what you typed when that is over." in card
        assert card.count('id="h-rerun"') == card.count('id="rerun_form"') == 1
        aside = card.split('<div hidden id="aside">')[1]
        assert "Review re-run" in aside
        for value in typed.values():
            assert f'value="{value}"' in aside or value == typed["basis"]
        assert f'name="aside" value="{faster.pk}"' in aside


def test_what_can_be_mended_at_once_is_not_put_aside(as_support: Client) -> None:
    merchant = make_merchant()
    for wrong in ({"reason": ""}, {"basis": "another zone"}):
        card = send(as_support, merchant, "confirm", days(merchant) | wrong, headers=HTMX).text
        assert "put aside" not in card
        assert card.count('id="rerun_form"') == 1


def test_without_javascript_the_second_person_reads_it_beside_the_first_ones_request(
    as_support: Client,
) -> None:
    merchant = make_merchant()
    make_request(merchant, asked_by=make_user("support", "mei", first_name="Mei", last_name="Tanaka"))
    page = send(as_support, merchant, "confirm", days(merchant)).text
    assert "in progress</h2>" in page
    assert "Nothing was saved.</b> Mei Tanaka has already asked for a sync of this merchant." in page


def test_a_refused_press_changes_only_the_card(as_support: Client) -> None:
    """The confirm step aims at the whole live region, which would be gone, and its poller with it."""
    merchant = make_merchant()
    make_request(merchant)
    response = send(as_support, merchant, "confirm", days(merchant), headers=HTMX)
    assert (response.status_code, response["HX-Retarget"]) == (422, "#rerun")


@pytest.mark.parametrize("step", ["review", "confirm"])
def test_a_viewer_who_posts_is_refused_and_nothing_is_saved(as_viewer: Client, step: str) -> None:
    merchant = make_merchant()
    response = send(as_viewer, merchant, step, days(merchant))
    assert response.status_code == 403
    assert "Your role can view but not run syncs." in response.content.decode()
    assert not SyncRequest.objects.exists()


@pytest.mark.parametrize("role", [None, "viewer"])
def test_only_roles_that_may_ask_can_ask(role: str | None) -> None:
    merchant = make_merchant()
    assert send(signed_in(make_user(role)), merchant, "confirm", days(merchant)).status_code == 403


BAD_DAYS = [
    ({"first_day": "2026-11-10", "last_day": "2026-11-09"}, "The last day is before the first day."),
    ({"first_day": "2026-01-01", "last_day": "2999-01-01"}, "Choose up to yesterday"),
    ({"first_day": "", "last_day": "2026-11-09"}, "Choose a day."),
    ({"first_day": "2024-01-01", "last_day": "2025-11-09"}, "Choose at most 366 at once."),
    ({"first_day": "0001-01-01", "last_day": "0001-01-02"}, "Codat has no sales from before the year 2000."),
    ({"first_day": "yesterday", "last_day": "2026-11-09"}, "This is not a day."),
    ({"first_day": "2026-02-30", "last_day": "2026-03-01"}, "This is not a day."),
    ({"first_day": "9" * 500, "last_day": "\x00"}, "This is not a day."),
    ({"reason": "   "}, "Say why, in a few words."),
    ({"reason": "x" * 501}, "At most 500 letters. These are 501."),
    ({"form_token": "not-a-token"}, "mend below"),
]


@pytest.mark.parametrize("step", ["review", "confirm"])
@pytest.mark.parametrize(("wrong", "sentence"), BAD_DAYS)
def test_bad_input_gets_a_sentence_and_nothing_is_saved(
    as_support: Client, step: str, wrong: dict[str, str], sentence: str
) -> None:
    merchant = make_merchant()
    response = send(as_support, merchant, step, days(merchant) | wrong, headers=HTMX)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert "Nothing was saved." in response.content.decode()
    assert not SyncRequest.objects.exists()


def test_a_day_that_the_merchants_calendar_skipped_is_refused(as_support: Client) -> None:
    merchant = make_merchant(time_zone="Pacific/Apia")
    skipped = days(merchant) | {"first_day": "2011-12-30", "last_day": "2011-12-30"}
    response = send(as_support, merchant, "review", skipped, headers=HTMX)
    assert response.status_code == 422
    assert "its calendar skipped it" in response.content.decode()


def test_the_night_the_clocks_change_is_sent_with_its_own_length(as_support: Client) -> None:
    merchant = make_merchant(time_zone="Europe/London")
    autumn = days(merchant) | {"first_day": "2026-10-25", "last_day": "2026-10-25"}
    send(as_support, merchant, "confirm", autumn)
    assert json.loads(SyncRequest.objects.get().body)["dateRange"] == {
        "start": "2026-10-24T23:00:00Z",
        "finish": "2026-10-26T00:00:00Z",
    }


@pytest.mark.parametrize("first", ["", "x", "9999-12-31", "0001-01-01", "\x00", "2026-11-31", "20261101"])
def test_nonsense_in_the_address_only_leaves_the_preview_out(as_support: Client, first: str) -> None:
    merchant = make_merchant()
    query = {"run": "historic", "first": first, "last": "2026-11-09", "again": first}
    page = as_support.get(f"/merchants/{merchant.company_id}/", query)
    assert page.status_code == 200
    assert 'name="last_day" value="2026-11-09"' in page.text
    assert 'name="first_day" value' not in page.text
    preview = as_support.get(f"/merchants/{merchant.company_id}/range/", {"first_day": first}, headers=HTMX)
    assert preview.status_code == 200


def test_presets_are_days_of_the_merchants_zone(as_support: Client) -> None:
    merchant = make_merchant(time_zone="Pacific/Auckland")
    html = as_support.get(f"/merchants/{merchant.company_id}/").content.decode()
    day = yesterday(merchant)
    assert f"first={day}&amp;last={day}" in html
    assert "Month to date" in html


GUARDED = [
    ({"archived_at": timezone.now()}, "This merchant is archived."),
    ({"running_since": timezone.now()}, "A sync is already running for this merchant."),
    ({"health": "switched_off"}, "This sync is switched off at Codat."),
    ({"statuses": ("Linked", "Deauthorized")}, "Xero is not linked."),
    ({"accounting": None}, "has not linked both platforms yet"),
]


@pytest.mark.parametrize("kind", ["range", "latest"])
@pytest.mark.parametrize(("columns", "sentence"), GUARDED)
def test_what_cannot_have_an_effect_is_refused_with_its_reason(
    as_support: Client, kind: str, columns: dict[str, Any], sentence: str
) -> None:
    merchant = make_merchant(**columns)
    data = days(merchant) if kind == "range" else {"reason": "r", "form_token": uuid.uuid4()}
    response = send(as_support, merchant, "confirm", data, kind=kind, headers=HTMX)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not SyncRequest.objects.exists()


def test_a_kind_that_is_none_is_not_found(as_support: Client) -> None:
    merchant = make_merchant()
    assert send(as_support, merchant, "confirm", days(merchant), kind="everything").status_code == 404


def test_the_button_names_no_number_that_an_edited_day_would_make_wrong(as_support: Client) -> None:
    """The preview follows the days typed; the button stands outside of it."""
    merchant = make_merchant()
    chosen = days(merchant)
    query = {"run": "historic", "first": chosen["first_day"], "last": chosen["last_day"]}
    html = as_support.get(f"/merchants/{merchant.company_id}/", query).content.decode()
    assert ">Review re-run</button>" in html
