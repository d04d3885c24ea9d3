"""Codat is down for a platform: noticed by the clock, told on every page, gone when it is over."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from syncs.models import Freeze, Outage, User
from syncs.operations import freezing, heartbeats, outages
from tests.factories import make_connection, make_merchant, make_outage, make_sync
from tests.presses import asked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alive")]
CODATS_FAULT, THEIRS = 5000, 5130


@pytest.fixture
def alive() -> Iterator[None]:
    """All parts have just given their sign, so that no other notice stands; and it is noon."""
    with time_machine.travel(datetime.fromisoformat("2026-11-21T12:00+00:00"), tick=False):
        for part in heartbeats.PARTS:
            heartbeats.beat(part)
        yield


def ran(code: int, count: int, *, commerce: str = "Shopify", accounting: str = "Xero", ago: int = 20) -> None:
    for _ in range(count):
        merchant = make_merchant(commerce=commerce, accounting=accounting)
        make_sync(merchant, code, timezone.now() - timedelta(minutes=ago))


def notice(after: int = 0) -> list[Outage]:
    outages.notice(timezone.now() + timedelta(minutes=after))
    return list(Outage.objects.standing().order_by("side", "platform_name"))


def test_many_that_fail_by_codats_fault_are_one_outage_of_their_platform() -> None:
    ran(CODATS_FAULT, 10, accounting="Xero")
    ran(2000, 12, commerce="Square", accounting="Xero")
    ran(2000, 5, accounting="QuickBooks Online", ago=70)
    (outage,) = [each for each in notice() if each.side == "commerce"]
    assert (outage.platform_name, outage.code, outage.failed, outage.ran) == ("Shopify", 5000, 10, 10)
    assert outage.since == timezone.now() - timedelta(minutes=20)


def test_of_whom_another_platform_explains_the_failures_nothing_is_said() -> None:
    """Xero is out, and two thirds of the shops of each commerce platform keep their books there."""
    for commerce in ("Shopify", "Square"):
        ran(CODATS_FAULT, 20, commerce=commerce, accounting="Xero")
        ran(2000, 10, commerce=commerce, accounting="QuickBooks Online")
    assert [each.platform_name for each in notice()] == ["Xero"]


def test_the_few_of_other_platforms_that_all_write_to_the_one_that_is_out_accuse_none_of_these() -> None:
    """Of Xero a few ran well before; of Zettle and of Clover none, and all of them keep their books there."""
    ran(CODATS_FAULT, 26, commerce="Shopify", accounting="Xero")
    ran(2000, 4, commerce="Shopify", accounting="Xero")
    ran(CODATS_FAULT, 11, commerce="Zettle", accounting="Xero")
    ran(CODATS_FAULT, 11, commerce="Clover", accounting="Xero")
    ran(2000, 30, commerce="Shopify", accounting="QuickBooks Online")
    assert [(each.platform_name, each.failed, each.ran) for each in notice()] == [("Xero", 48, 52)]


def test_one_failure_more_among_many_others_does_not_move_the_blame() -> None:
    """All of Clover fail, which write to Xero, and one other shop there."""
    ran(CODATS_FAULT, 20, commerce="Clover", accounting="Xero")
    ran(CODATS_FAULT, 1, commerce="Shopify", accounting="Xero")
    ran(2000, 30, commerce="Shopify", accounting="Xero")
    ran(2000, 10, commerce="Shopify", accounting="QuickBooks Online")
    assert [each.platform_name for each in notice()] == ["Clover"]


def test_where_all_of_codat_is_down_every_platform_is_named() -> None:
    for commerce in ("Shopify", "Square"):
        for accounting in ("Xero", "QuickBooks Online"):
            ran(CODATS_FAULT, 10, commerce=commerce, accounting=accounting)
    assert len(notice()) == 4


def test_two_platforms_that_are_out_by_themselves_are_both_named() -> None:
    ran(CODATS_FAULT, 20, commerce="Shopify", accounting="Xero")
    ran(CODATS_FAULT, 18, commerce="Square", accounting="Xero")
    ran(2000, 2, commerce="Square", accounting="Xero")
    ran(CODATS_FAULT, 12, commerce="Shopify", accounting="QuickBooks Online")
    ran(2000, 30, commerce="Square", accounting="QuickBooks Online")
    assert [each.platform_name for each in notice()] == ["Xero", "Shopify"]


def test_a_merchant_counts_once_and_by_the_connections_that_it_syncs_with() -> None:
    for _ in range(5):
        two_shops = make_merchant()
        make_connection(two_shops, side="commerce", platform_name="Square")
        make_sync(two_shops, CODATS_FAULT, timezone.now() - timedelta(minutes=20))
    for _ in range(4):
        two_codes = make_merchant()
        make_sync(two_codes, 5000, timezone.now() - timedelta(minutes=20))
        make_sync(two_codes, 5120, timezone.now() - timedelta(minutes=10))
    assert notice() == []
    leftover = make_merchant()
    make_connection(leftover, side="accounting", platform_name="QuickBooks Online", status="Unlinked")
    make_sync(leftover, CODATS_FAULT, timezone.now() - timedelta(minutes=20))
    assert [(each.platform_name, each.failed, each.ran, each.code) for each in notice()] == [
        ("Xero", 10, 10, 5000),
        ("Shopify", 10, 10, 5000),
    ]


def test_two_that_are_nearly_alike_do_not_take_turns() -> None:
    ran(CODATS_FAULT, 20)
    ran(2000, 10)
    ran(2000, 1, commerce="Square")
    ran(2000, 2, accounting="QuickBooks Online")
    first = notice()
    ran(2000, 2, commerce="Square")
    second = notice()
    ran(2000, 2, accounting="QuickBooks Online")
    assert [each.pk for each in first] == [each.pk for each in second] == [each.pk for each in notice()]


def test_a_platform_of_which_most_run_well_is_not_out() -> None:
    ran(CODATS_FAULT, 10, accounting="Xero")
    ran(2000, 21, commerce="Square", accounting="Xero")
    assert [each.platform_name for each in notice()] == ["Shopify"]


@pytest.mark.parametrize("code", [THEIRS, 4000, 4040, 5080])
def test_what_the_merchant_or_we_must_mend_is_no_outage(code: int) -> None:
    ran(code, 15)
    assert notice() == []


def test_one_merchant_that_fails_often_is_no_outage() -> None:
    merchant = make_merchant()
    for minutes in range(20):
        make_sync(merchant, CODATS_FAULT, timezone.now() - timedelta(minutes=minutes))
    assert notice() == []


def test_failures_of_yesterday_and_of_a_clock_that_runs_ahead_do_not_count() -> None:
    ran(CODATS_FAULT, 15, ago=24 * 60)
    ran(CODATS_FAULT, 15, ago=-120)
    assert notice() == []


def test_a_connection_that_has_gone_strikes_no_platform() -> None:
    for _ in range(12):
        merchant = make_merchant(commerce=None, accounting=None)
        make_connection(merchant, platform_name="Clover", gone_at=timezone.now())
        make_sync(merchant, CODATS_FAULT, timezone.now() - timedelta(minutes=5))
    assert notice() == []


def test_it_is_noticed_once_and_followed() -> None:
    ran(CODATS_FAULT, 10)
    first = notice()
    ran(CODATS_FAULT, 2, ago=5)
    second = notice()
    assert [each.pk for each in first] == [each.pk for each in second]
    assert [each.failed for each in second] == [12, 12]


def test_nothing_is_written_while_nothing_is_new() -> None:
    ran(CODATS_FAULT, 10)
    notice()
    pulse = heartbeats.signs_and_pulse(timezone.now())[1]
    notice()
    assert heartbeats.signs_and_pulse(timezone.now())[1] == pulse


def test_it_ends_when_none_has_failed_for_half_an_hour_and_may_come_back() -> None:
    ran(CODATS_FAULT, 10)
    assert len(notice()) == 2
    assert notice(after=10) == []
    assert Outage.objects.filter(ended_at=timezone.now() + timedelta(minutes=10)).count() == 2
    ran(CODATS_FAULT, 10, ago=0)
    assert len(notice()) == 2


def test_what_has_ended_does_not_begin_anew_by_the_same_failures() -> None:
    ran(CODATS_FAULT, 10)
    notice()
    for minutes in (10, 11, 12, 39, 41):
        assert notice(after=minutes) == []
    assert Outage.objects.count() == 2


def test_where_some_wait_for_its_end_silence_does_not_end_it_but_one_is_tried() -> None:
    ran(CODATS_FAULT, 10)
    asked(bulk=uuid.uuid4())
    assert [each.is_quiet for each in notice()] == [False, False]
    for minutes in (11, 12, 40):
        assert [each.try_from for each in notice(after=minutes)] == [
            timezone.now() + timedelta(minutes=11)
        ] * 2


def test_the_first_that_runs_well_ends_it_then_however_long_it_ran() -> None:
    ran(CODATS_FAULT, 10)
    asked(bulk=uuid.uuid4())
    notice()
    assert len(notice(after=11)) == 2
    ran(2000, 1, ago=-13)
    Outage.objects.update(try_from=timezone.now() + timedelta(minutes=55))
    assert notice(after=55) == []


def test_a_merchant_that_does_not_sync_by_the_platform_proves_nothing() -> None:
    ran(CODATS_FAULT, 10, accounting="QuickBooks Online")
    ran(2000, 30, commerce="Square", accounting="QuickBooks Online")
    asked(bulk=uuid.uuid4())
    notice()
    elsewhere, severed = make_merchant(commerce="Square"), make_merchant(statuses=("Unlinked", "Linked"))
    make_connection(elsewhere, side="commerce", platform_name="Shopify", status="Unlinked")
    make_sync(elsewhere, 2000, timezone.now() + timedelta(minutes=5))
    make_sync(severed, 4040, timezone.now() + timedelta(minutes=5))
    assert [each.is_quiet for each in notice(after=11)] == [True]


def test_one_that_codat_stopped_as_synced_already_shows_nothing_of_the_platform() -> None:
    """It stops those by itself (5080), whoever asked for them."""
    ran(CODATS_FAULT, 10)
    ran(5080, 25)
    asked(bulk=uuid.uuid4())
    assert [(each.failed, each.ran) for each in notice()] == [(10, 10)] * 2
    ran(5080, 1, ago=-10)
    assert [each.is_quiet for each in notice(after=11)] == [True, True]


def test_where_few_fail_still_it_is_over_and_not_quiet() -> None:
    ran(CODATS_FAULT, 10)
    asked(bulk=uuid.uuid4())
    notice()
    ran(2000, 200)
    assert notice() == []


def test_a_turn_that_nobody_takes_for_half_an_hour_ends_it() -> None:
    """Who waits for something else, too, does not keep all others waiting."""
    ran(CODATS_FAULT, 10)
    asked(bulk=uuid.uuid4())
    notice()
    assert len(notice(after=11)) == len(notice(after=40)) == 2
    assert notice(after=41) == []


def test_but_not_while_sending_is_frozen(lead: User) -> None:
    ran(CODATS_FAULT, 10)
    asked(bulk=uuid.uuid4())
    notice()
    notice(after=11)
    freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), by=lead, reason="We look at something")
    assert len(notice(after=60)) == 2


def test_one_that_fails_by_the_merchants_fault_shows_too_that_codat_works_again() -> None:
    ran(CODATS_FAULT, 10)
    asked(bulk=uuid.uuid4())
    notice()
    ran(THEIRS, 1, ago=-10)
    assert notice(after=11) == []


def test_one_that_fails_again_ends_the_trying() -> None:
    ran(CODATS_FAULT, 10)
    asked(bulk=uuid.uuid4())
    notice()
    assert all(each.is_quiet for each in notice(after=11))
    ran(CODATS_FAULT, 1, ago=-20)
    assert [each.is_quiet for each in notice(after=21)] == [False, False]


@pytest.mark.parametrize(
    "waits",
    ["a press", "one of another platform", "one that is not linked", "one that runs", "one that goes"],
)
def test_who_does_not_wait_for_its_end_keeps_none_standing(waits: str) -> None:
    ran(CODATS_FAULT, 10, accounting="QuickBooks Online")
    ran(2000, 30, commerce="Square", accounting="QuickBooks Online")
    (outage,) = notice()
    if waits == "a press":
        asked()
    elif waits == "one of another platform":
        asked(make_merchant(commerce="Square"), bulk=uuid.uuid4())
    elif waits == "one that is not linked":
        asked(make_merchant(statuses=("Linked", "PendingAuth")), bulk=uuid.uuid4())
    elif waits == "one that runs":
        asked(make_merchant(running_since=timezone.now()), bulk=uuid.uuid4())
    else:
        asked(bulk=uuid.uuid4(), in_spite_of=outage)
    assert notice(after=11) == []


def test_one_with_a_connection_left_over_from_before_waits_too() -> None:
    ran(CODATS_FAULT, 10)
    merchant = make_merchant()
    make_connection(merchant, side="accounting", platform_name="QuickBooks Online", status="Unlinked")
    asked(merchant, bulk=uuid.uuid4())
    notice()
    assert len(notice(after=11)) == 2


def test_while_nobody_knows_the_notice_says_so(as_viewer: Client) -> None:
    ran(CODATS_FAULT, 10)
    asked(bulk=uuid.uuid4())
    notice()
    notice(after=11)
    page = as_viewer.get("/").text
    assert "Codat was down for Xero and Shopify merchants." in page
    assert "nobody knows whether it is over. Of a bulk that waits, one is tried every 5 minutes." in page
    assert "within the last hour" not in page
    assert "Re-runs are held." not in page


def test_a_desk_on_which_nothing_is_wrong_is_asked_two_questions(django_assert_num_queries: object) -> None:
    ran(2000, 5)
    with django_assert_num_queries(2):  # type: ignore[operator]
        outages.notice(timezone.now())


def test_another_clock_that_was_faster_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    ran(CODATS_FAULT, 10)
    (found, *_) = outages.out(outages.routes(timezone.now()), (), timezone.now())
    outages._begin(found)
    outages._begin(found)
    assert Outage.objects.standing().count() == 1


def test_two_cannot_stand_for_one_platform() -> None:
    make_outage()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_outage()


def test_every_page_says_so_with_the_way_to_those_that_failed(as_viewer: Client) -> None:
    ran(CODATS_FAULT, 11, accounting="Xero")
    ran(2000, 40, commerce="Square", accounting="Xero")
    notice()
    for path in ("/", "/requests/", "/syncs/", "/activity/"):
        page = as_viewer.get(path).text
        assert "Codat looks down for Shopify merchants." in page, path
        assert "11 of 11 failed with 5000 within the hour, the first at" in page
        assert "the first at 11:40. Re-runs are held." in page
        assert 'href="/syncs/?code=5000&amp;commerce=Shopify"' in page


def test_several_platforms_are_told_in_one_sentence_with_the_worst(as_viewer: Client) -> None:
    ran(CODATS_FAULT, 10, commerce="Square", accounting="Xero")
    ran(CODATS_FAULT, 15, commerce="Shopify", accounting="Xero")
    ran(CODATS_FAULT, 12, commerce="Clover", accounting="Sage")
    notice()
    page = as_viewer.get("/").text
    assert "Codat looks down for Xero, Sage and Clover merchants." in page
    assert "25 of 25 Xero merchants failed with 5000 within the hour" in page


def test_an_open_list_is_told(as_viewer: Client) -> None:
    ran(CODATS_FAULT, 10)
    page = as_viewer.get("/requests/").text
    live = page.split('hx-get="/requests/live/', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    assert as_viewer.get(f"/requests/live/{live}", headers={"HX-Request": "true"}).status_code == 204
    notice()
    answer = as_viewer.get(f"/requests/live/{live}", headers={"HX-Request": "true"})
    assert "Codat looks down" in answer.text
