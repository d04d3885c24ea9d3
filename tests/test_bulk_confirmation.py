"""The confirmation of a press for many merchants: what is saved, and what is refused."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from time_machine import Traveller

from syncs.models import Bulk, Merchant, SyncRequest, User
from syncs.operations import bulk_plans
from tests.bulk_pages import chosen, confirm, form_of, heading, review, words
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_merchant, make_sync
from tests.presses import press

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_a_viewer_is_refused_with_a_sentence(as_viewer: Client) -> None:
    for path in ("/bulk/", "/bulk/confirm/"):
        response = as_viewer.post(path, chosen(make_merchant()))
        assert response.status_code == 403
        assert "can view but not run syncs" in response.content.decode()


@pytest.mark.parametrize("path", ["/bulk/", "/bulk/confirm/"])
def test_an_address_alone_asks_for_nothing_and_leads_to_the_list(as_support: Client, path: str) -> None:
    response = as_support.get(path)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_all_that_match_are_those_of_the_filter_and_not_those_of_the_page(as_lead: Client) -> None:
    for _ in range(55):
        make_failing_merchant(5000)
    make_failing_merchant(4000)
    make_merchant()
    html = review(as_lead, whom="all", query="health=failing&code=5000")
    assert heading(html) == "Sync latest for 55 merchants?"
    assert "Failing, 5000 Codat server error" in html
    response = confirm(as_lead, html, typed="55")
    assert response.status_code == 302
    bulk = Bulk.objects.get()
    assert bulk.query == "?health=failing&code=5000"
    assert 'href="/?health=failing&amp;code=5000"' in as_lead.get(response["Location"]).content.decode()
    assert set(SyncRequest.objects.values_list("merchant__last_code", flat=True)) == {5000}


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "banana"},
        {"whom": "everybody"},
        {"query": "x" * 3000, "whom": "all"},
        {"form_token": "x"},
        {},
    ],
)
def test_a_form_that_is_none_of_ours_is_refused_and_breaks_nothing(
    as_support: Client, fields: dict[str, str]
) -> None:
    make_merchant()
    for path in ("/bulk/", "/bulk/confirm/"):
        response = as_support.post(path, {"kind": "latest"} | fields if fields else {})
        assert response.status_code == 422
    assert not SyncRequest.objects.exists()


def test_more_than_anybody_can_look_at_is_refused_with_the_bound(
    as_lead: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("operations.bulk_plans", "views.bulk_review", "forms.bulks"):
        monkeypatch.setattr(f"syncs.{module}.MOST", 2)
    picks = [make_merchant() for _ in range(3)]
    response = as_lead.post("/bulk/", {"kind": "latest", "whom": "all"})
    assert response.status_code == 422
    assert "are asked for at once" in words(response)
    assert bulk_plans.MOST == 2
    html = review(as_lead, picks[0])
    assert confirm(as_lead, html, whom="all").status_code == 422
    assert not SyncRequest.objects.exists()


def test_confirming_saves_a_request_for_each_and_leads_to_its_progress(as_support: Client) -> None:
    one, two = make_merchant(), make_merchant()
    response = confirm(as_support, review(as_support, one, two))
    bulk = Bulk.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/bulk/{bulk.pk}/")
    assert set(bulk.requests.values_list("merchant", flat=True)) == {one.pk, two.pk}
    assert bulk.reason == "Codat incident"


def test_the_page_that_follows_tells_the_script_once_that_the_selection_was_used(as_support: Client) -> None:
    response = confirm(as_support, review(as_support, make_merchant()))
    told = [b"data-selection-used" in as_support.get(response["Location"]).content for _ in range(2)]
    assert told == [True, False]


def test_pressed_twice_it_is_one_bulk_and_says_so(as_support: Client) -> None:
    html = review(as_support, make_merchant())
    first, again = confirm(as_support, html), confirm(as_support, html)
    assert again["Location"] == first["Location"]
    assert "Nothing was sent twice." in as_support.get(again["Location"]).content.decode()
    assert SyncRequest.objects.count() == 1


def test_without_a_reason_nothing_is_saved(as_support: Client) -> None:
    response = confirm(as_support, review(as_support, make_merchant()), reason=" ")
    assert response.status_code == 422
    assert "Say why, in a few words." in words(response)
    assert not Bulk.objects.exists()


class TestMany:
    @pytest.fixture
    def many(self) -> list[Merchant]:
        return [make_merchant() for _ in range(26)]

    def test_the_number_is_typed(self, as_lead: Client, many: list[Merchant]) -> None:
        html = review(as_lead, *many)
        assert 'name="typed"' in html
        for typed in ("", "25", "twenty-six", "26.0"):
            response = confirm(as_lead, html, typed=typed)
            assert response.status_code == 422
            assert "This runs for 26 merchants. Type 26 to confirm." in words(response)
        assert not Bulk.objects.exists()
        assert confirm(as_lead, html, typed=" 26 ").status_code == 302

    def test_it_is_for_leads_only_and_support_is_told_before_typing(
        self, as_support: Client, as_lead: Client, many: list[Merchant]
    ) -> None:
        html = review(as_support, *many)
        assert "leads only" in html
        assert 'name="reason"' not in html
        response = confirm(as_support, html, typed="26")
        assert response.status_code == 422
        assert "leads only" in words(response)
        assert not Bulk.objects.exists()

    def test_25_need_no_typing_and_no_lead(self, as_support: Client, many: list[Merchant]) -> None:
        html = review(as_support, *many[:25])
        assert 'name="typed"' not in html
        assert confirm(as_support, html).status_code == 302


class TestChanges:
    def test_a_list_that_changed_is_shown_again_with_both_numbers(
        self, as_support: Client, lead: User
    ) -> None:
        one, two = make_merchant(), make_merchant()
        html = review(as_support, one, two)
        press(one, lead, timezone.now())
        response = confirm(as_support, html)
        assert response.status_code == 422
        assert "The list changed while you looked. 2 became 1." in words(response)
        assert 'value="Codat incident"' in response.content.decode()
        assert not Bulk.objects.exists()

    def test_told_once_who_drops_out_next_is_left_out_and_listed(
        self, as_support: Client, lead: User
    ) -> None:
        one, two, three = make_merchant(), make_merchant(), make_merchant()
        html = review(as_support, one, two, three)
        press(one, lead, timezone.now())
        html = confirm(as_support, html).content.decode()
        press(two, lead, timezone.now())
        assert confirm(as_support, html).status_code == 302
        bulk = Bulk.objects.get()
        assert [request.merchant for request in bulk.requests] == [three]
        assert set(bulk.not_asked.values_list("merchant", "kind")) == {(one.pk, "asked"), (two.pk, "asked")}

    def test_nobody_is_added_whom_the_person_did_not_see(self, as_support: Client) -> None:
        make_failing_merchant(5000)
        html = review(as_support, whom="all", query="code=5000")
        make_failing_merchant(5000)
        response = confirm(as_support, html)
        assert "1 became 2." in words(response)
        make_failing_merchant(5000)
        assert confirm(as_support, response.content.decode()).status_code == 302
        assert Bulk.objects.get().requests.count() == 2


class TestDays:
    def test_a_re_run_asks_for_its_days_first(self, as_support: Client) -> None:
        html = review(as_support, make_merchant(), kind="historic")
        assert heading(html) == "Re-run days of 1 merchant?"
        assert 'name="first_day"' in html
        assert 'name="reason"' not in html
        response = confirm(as_support, html)
        assert response.status_code == 422
        assert "Choose a day." in words(response)

    @pytest.mark.parametrize(
        ("first", "last", "sentence"),
        [
            ("2026-01-06", "2026-01-05", "The last day is before the first day."),
            ("2024-01-01", "2026-01-05", "days are too many"),
            ("1999-01-01", "1999-01-05", "before the year 2000"),
            ("2999-01-01", "2999-01-05", "in the future"),
            ("2026-13-01", "2026-01-05", "This is not a day."),
            ("2026-01-05", "", "Choose a day."),
        ],
    )
    def test_days_that_cannot_be_are_refused_beside_their_field(
        self, as_support: Client, first: str, last: str, sentence: str
    ) -> None:
        fields = chosen(make_merchant()) | {"kind": "historic", "first_day": first, "last_day": last}
        response = as_support.post("/bulk/", fields)
        assert response.status_code == 422
        assert sentence in words(response)

    def test_a_preset_fills_in_the_days_up_to_yesterday(self, as_support: Client) -> None:
        html = review(as_support, make_merchant(), kind="historic", preset="7")
        today = timezone.localdate()
        assert f'value="{today - timedelta(days=7)}"' in html
        assert f'value="{today - timedelta(days=1)}"' in html
        assert heading(review(as_support, make_merchant(), kind="historic", preset="8")).startswith(
            "Re-run days"
        )

    def test_a_preset_ends_with_the_newest_day_that_is_over_for_all_of_them(
        self, lead: User, moved: Traveller
    ) -> None:
        moved.move_to(datetime(2026, 11, 22, 20, tzinfo=UTC))
        User.objects.update(time_zone="Pacific/Auckland")
        zones = ("America/Los_Angeles", "Pacific/Auckland", "")
        some = [make_merchant(time_zone=zone) for zone in zones]
        html = review(signed_in(lead), *some, kind="historic", preset="7")
        assert heading(html) == "Re-run 15 – 21 Nov for 3 merchants?"
        assert "Up to Sat 21 Nov 2026, the newest day that is over for all of them." in html
        html = review(signed_in(lead), whom="all", kind="historic", preset="1")
        assert heading(html) == "Re-run 21 Nov for 3 merchants?"
        assert "the newest day" not in review(signed_in(lead), *some, kind="historic")

    def test_days_that_were_changed_after_the_look_are_looked_at_again(self, as_support: Client) -> None:
        fields = {"kind": "historic", "first_day": "2026-01-05", "last_day": "2026-01-06"}
        html = review(as_support, make_merchant(), **fields)
        assert heading(html) == "Re-run 5 – 6 Jan for 1 merchant?"
        response = confirm(as_support, html, first_day="2026-01-01", last_day="2026-01-06")
        assert response.status_code == 422
        assert "not of the same days" in words(response)
        assert not Bulk.objects.exists()
        assert confirm(as_support, html, first_day="2026-01-05", last_day="2026-01-06").status_code == 302
        request = SyncRequest.objects.get()
        assert (request.first_day, request.last_day) == (date(2026, 1, 5), date(2026, 1, 6))

    def test_merchants_with_synced_days_are_taken_in_and_left_out_again_by_a_button(
        self, as_support: Client
    ) -> None:
        merchant, other = make_merchant(), make_merchant()
        make_sync(
            merchant,
            window_start="2026-01-05T00:00:00Z",
            window_finish="2026-01-06T00:00:00Z",
            window_known="answered",
        )
        fields = {"kind": "historic", "first_day": "2026-01-05", "last_day": "2026-01-06"}
        html = review(as_support, merchant, other, **fields)
        assert "1 already synced in part." in html
        both = review(as_support, **form_of(html) | fields | {"change": "accept_overlap"})
        assert heading(both) == "Re-run 5 – 6 Jan for 2 merchants?"
        assert "Leave out the 1 with synced days" in both
        one = review(as_support, **form_of(both) | fields | {"change": "refuse_overlap"})
        assert heading(one) == "Re-run 5 – 6 Jan for 1 of 2 merchants?"


def test_those_that_may_be_half_written_are_left_out_by_a_button_and_the_reason_is_kept(
    as_support: Client,
) -> None:
    risky, fine = make_failing_merchant(5000, last_pushed=True), make_merchant()
    html = review(as_support, risky, fine)
    assert "Leave out the 1 perhaps half-written<" in html
    again = review(as_support, **form_of(html) | {"change": "spare_written", "reason": "Ticket 12"})
    assert heading(again) == "Sync latest for 1 of 2 merchants?"
    assert 'value="Ticket 12"' in again
    assert confirm(as_support, again).status_code == 302
    assert [request.merchant for request in Bulk.objects.get().requests] == [fine]


@pytest.mark.parametrize("shown", ["", "{pk}", "{pk}.00000000", "x.y,,.", "{pk}." + "9" * 5000])
@pytest.mark.parametrize("told", ["", "on"])
def test_a_form_that_was_made_up_asks_for_nothing(as_support: Client, shown: str, told: str) -> None:
    merchant = make_merchant()
    html = review(as_support, merchant)
    response = confirm(as_support, html, shown=shown.format(pk=merchant.pk), told=told)
    assert response.status_code == 422
    assert not Bulk.objects.exists()


def test_who_was_told_once_keeps_that_over_a_mistyped_form(as_support: Client, lead: User) -> None:
    one, two = make_merchant(), make_merchant()
    html = review(as_support, one, two)
    press(one, lead, timezone.now())
    html = confirm(as_support, html).content.decode()
    assert 'name="told" value="on"' in confirm(as_support, html, reason="").content.decode()


def test_a_colleague_cannot_send_my_form(as_support: Client, lead: User) -> None:
    html = review(as_support, make_merchant())
    confirm(as_support, html)
    response = confirm(signed_in(lead), html)
    assert response.status_code == 422
    assert "used already" in words(response)
    assert uuid.UUID(form_of(html)["form_token"]) == Bulk.objects.get().form_token
