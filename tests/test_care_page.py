"""Care on the merchant's page and in the health list: who may press what, what is refused, what is shown."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Care, Merchant, User
from syncs.operations import caring
from tests.conftest import NOON, signed_in
from tests.factories import make_failing_merchant, make_merchant, make_user
from tests.test_exports import lines
from tests.test_health_page import names, page, tile

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved"), pytest.mark.sqlite]
HTMX = {"HX-Request": "true", "HX-Target": "merchant_live"}


def at(merchant: Merchant, what: str = "") -> str:
    return f"/merchants/{merchant.company_id}/{what}"


def words(html: str) -> str:
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", html, flags=re.DOTALL).split())


def put_aside(merchant: Merchant, by: User) -> Care:
    return caring.snooze(
        merchant, by=by, note="On holiday", until=NOON + timedelta(days=3), now=timezone.now()
    )


def test_one_press_says_who_is_on_it(as_support: Client, as_viewer: Client) -> None:
    merchant = make_failing_merchant()
    answer = as_support.post(at(merchant, "on-it/"), headers=HTMX)
    assert "You are on it" in words(answer.text)
    assert "Priya Nair is on it" in words(as_viewer.get(at(merchant)).text)
    assert "Priya Nair is on it" in words(page(as_viewer))


def test_without_javascript_the_press_leads_back_to_the_page(as_support: Client) -> None:
    merchant = make_failing_merchant()
    assert as_support.post(at(merchant, "on-it/"))["Location"] == at(merchant)
    assert "Done" in words(as_support.get(at(merchant)).text)


def test_a_colleague_is_offered_to_take_over_and_an_old_page_is_told_first(
    as_support: Client, lead: User
) -> None:
    merchant = make_failing_merchant()
    as_support.post(at(merchant, "on-it/"))
    mei = signed_in(lead)
    answer = mei.post(at(merchant, "on-it/"), headers=HTMX)
    assert answer.status_code == 422
    assert "Priya Nair is on it already." in answer.text
    offered = re.search(r'name="instead_of" value="(\d+)"', answer.text)
    assert offered
    mei.post(at(merchant, "on-it/"), {"instead_of": offered[1]})
    assert Merchant.objects.get().on_it == "Mei Tanaka"


@pytest.mark.parametrize("sent", [{"instead_of": "x"}, {"instead_of": "9" * 30}, {"note": "n" * 501}])
def test_what_makes_no_sense_is_refused_in_the_page(as_support: Client, sent: dict[str, str]) -> None:
    merchant = make_failing_merchant()
    answer = as_support.post(at(merchant, "on-it/"), sent)
    assert answer.status_code == 422
    assert not Care.objects.exists()


def test_snoozing_takes_it_off_the_list_and_counts_it_beside(as_support: Client) -> None:
    make_failing_merchant(name="Harbour & Pine")
    merchant = make_failing_merchant(name="Tidewater Surf")
    sent = {"snooze-length": "3", "snooze-note": "Owner is on holiday"}
    assert as_support.post(at(merchant, "snooze/"), sent).status_code == 302
    for url in ("/", "/?health=failing", "/?commerce=Shopify"):
        html = page(as_support, url)
        assert names(html) == ["Harbour &amp; Pine"], url
        assert re.search(r'id="count"[^>]*>\s*1 merchant<', " ".join(html.split()).replace(" <", "<")), url
        assert tile(html, "failing") == 2
    assert "1 snoozed" in words(page(as_support))
    only = page(as_support, "/?snoozed=only")
    assert names(only) == ["Tidewater Surf"]
    assert "Snoozed until 20 Jun" in words(only)


def test_a_search_finds_the_snoozed_too(as_support: Client, support: User) -> None:
    put_aside(make_failing_merchant(name="Tidewater Surf"), support)
    assert names(page(as_support, "/?q=tide")) == ["Tidewater Surf"]
    assert names(page(as_support, "/?snoozed=shown")) == ["Tidewater Surf"]


def test_where_all_the_rest_is_snoozed_the_list_does_not_say_that_nothing_fails(
    as_support: Client, support: User
) -> None:
    put_aside(make_failing_merchant(), support)
    html = words(page(as_support, "/?health=failing"))
    assert "The rest is snoozed." in html
    assert "0 merchants" in html


def test_a_short_fuse_stands_in_its_list_also_while_it_is_snoozed(as_support: Client, support: User) -> None:
    merchant = make_failing_merchant(name="Soon", switches_off_on=NOON.date() + timedelta(days=12))
    put_aside(merchant, support)
    assert names(page(as_support, "/?health=soon")) == ["Soon"]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"length": "3", "note": ""}, "Say why, in a few words."),
        ({"length": "3", "note": "x" * 501}, "At most 500 letters. These are 501."),
        ({"length": "", "note": "Holiday"}, "Choose how long."),
        ({"length": "400", "note": "Holiday"}, "400 is not one of the available choices"),
        ({"day": "2026-06-17", "note": "Holiday"}, "Choose a day from tomorrow up to 17 Jul."),
        ({"day": "2026-07-18", "note": "Holiday"}, "Choose a day from tomorrow up to 17 Jul."),
        ({"day": "soon", "note": "Holiday"}, "This is not a day."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_snooze_without_sense_is_told_under_its_field(
    as_support: Client, sent: dict[str, str], sentence: str, headers: Any
) -> None:
    merchant = make_failing_merchant()
    named = {f"snooze-{name}": value for name, value in sent.items()}
    answer = as_support.post(at(merchant, "snooze/"), named, headers=headers)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{sent.get("note", "")}"' in answer.text or not sent["note"]


def test_the_browser_cuts_nothing_off_a_reason(as_support: Client) -> None:
    form = as_support.get(at(make_failing_merchant())).text.partition('id="snooze"')[2]
    field = re.search(r'<input[^>]*name="snooze-note"[^>]*>', form)
    assert field
    assert "maxlength" not in field[0]
    assert not Care.objects.exists()


def test_a_day_ends_it_at_the_readers_midnight(as_support: Client, support: User) -> None:
    support.time_zone = "Asia/Tokyo"
    support.save()
    merchant = make_failing_merchant()
    as_support.post(at(merchant, "snooze/"), {"snooze-day": "2026-06-20", "snooze-note": "Holiday"})
    assert Merchant.objects.get().snoozed_until.isoformat() == "2026-06-19T15:00:00+00:00"


def test_a_snooze_until_seven_days_are_left_is_offered_with_its_day(as_support: Client) -> None:
    merchant = make_failing_merchant(switches_off_on=NOON.date() + timedelta(days=11))
    assert "Until 7 days are left, 21 Jun" in as_support.get(at(merchant)).text
    as_support.post(at(merchant, "snooze/"), {"snooze-length": "fuse", "snooze-note": "Waits for us"})
    assert Merchant.objects.get().snoozed_until.isoformat() == "2026-06-20T23:00:00+00:00"


def test_the_end_is_pressed_once_and_an_old_page_is_told(as_support: Client, support: User) -> None:
    care = put_aside(make_failing_merchant(), support)
    url = at(care.merchant, f"care/{care.pk}/end/")
    assert as_support.post(url).status_code == 302
    assert Merchant.objects.get().snoozed_until is None
    again = as_support.post(url)
    assert again.status_code == 422
    assert "It had ended already." in again.text


def test_the_care_of_another_merchant_is_not_ended_from_here(as_support: Client, support: User) -> None:
    care, other = put_aside(make_failing_merchant(), support), make_failing_merchant()
    assert as_support.post(at(other, f"care/{care.pk}/end/")).status_code == 404


@pytest.mark.parametrize("what", ["on-it/", "snooze/", "care/{pk}/end/"])
def test_viewers_see_and_do_not_press(as_viewer: Client, support: User, what: str) -> None:
    care = put_aside(make_failing_merchant(), support)
    html = as_viewer.get(at(care.merchant)).text
    assert "Snoozed until" in html
    assert "End snooze" not in html
    assert as_viewer.post(at(care.merchant, what.format(pk=care.pk))).status_code == 403
    assert as_viewer.get(at(care.merchant, what.format(pk=care.pk))).status_code == 302


def test_a_healthy_merchant_offers_no_care(as_support: Client) -> None:
    assert 'id="care"' not in as_support.get(at(make_merchant())).text


def test_an_open_list_hears_that_somebody_is_on_it(as_viewer: Client, support: User) -> None:
    merchant = make_failing_merchant()
    poll = re.search(r'id="poll" hx-get="([^"]+)"', page(as_viewer))
    assert poll
    caring.acknowledge(merchant, by=support, note="", now=timezone.now())
    assert "Priya Nair is on it" in words(as_viewer.get(poll[1].replace("&amp;", "&")).text)


def test_a_name_is_no_markup(as_viewer: Client) -> None:
    rude = make_user("support", first_name="<b>Al", last_name="Ng")
    caring.acknowledge(make_failing_merchant(), by=rude, note="<i>", now=timezone.now())
    assert "<b>Al" not in page(as_viewer)
    assert (
        "<i>" not in as_viewer.get(at(Merchant.objects.get())).text.split('id="care"')[1].split("</div>")[0]
    )


def test_a_file_of_the_list_names_who_is_on_it_and_leaves_out_who_is_snoozed(
    as_viewer: Client, support: User
) -> None:
    caring.acknowledge(make_failing_merchant(name="Osprey"), by=support, note="", now=timezone.now())
    put_aside(make_failing_merchant(name="Wren"), support)
    [osprey] = lines(as_viewer, "/health.csv")
    assert (osprey["Merchant"], osprey["On it"]) == ("Osprey", "Priya Nair")
    [wren] = lines(as_viewer, "/health.csv?snoozed=only")
    assert (wren["Merchant"], wren["On it"]) == ("Wren", "")
    assert next(value for name, value in wren.items() if name.startswith("Snoozed until")).startswith(
        "2026-06-20"
    )
