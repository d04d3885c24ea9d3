"""The merchant's page while it stays open: its poller, how old what it shows is, and “Check now”."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from redis import Redis

from syncs.clock import Clock
from syncs.models import Freeze, Merchant
from syncs.operations import freezing, handing_out, heartbeats
from syncs.rules.states import State
from tests.factories import make_merchant, make_request, make_sync
from tests.presses import ticks
from tests.queues import messages
from tests.test_merchant_page import address, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

POLL = {"HX-Request": "true", "HX-Target": "merchant_live"}
TOO_SOON = "“Check now” was pressed less than 10 seconds ago."


def card(html: str, heading: str) -> str:
    """The words of the card with that heading."""
    section = next(part for part in html.split("<section")[1:] if f'id="{heading}"' in part)
    return words(section.partition("</section>")[0])


def test_the_run_that_is_due_and_usually_not_over_yet_is_the_next_one_until_its_result_is_there(
    as_support: Client,
) -> None:
    """It is noon for everybody: the run of eleven usually ends at half past twelve, UTC, which is one here."""
    late = {"time_zone": "Etc/UTC", "sync_hour": 11, "usual_delay_mean": 5400.0}
    yesterdays = make_merchant(**late, last_final_at=datetime(2026, 6, 16, 12, 20, tzinfo=UTC))
    assert "today, about 13:30 for you" in card(page(as_support, yesterdays), "h-connections").casefold()
    todays = make_merchant(**late, last_final_at=datetime(2026, 6, 17, 11, 40, tzinfo=UTC))
    assert "18 jun, about 13:30 for you" in card(page(as_support, todays), "h-connections").casefold()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def versions(answer: Any) -> dict[str, str]:
    """What a page says of itself when it polls."""
    return {"v": answer.context["page_version"], "looks": answer.context["looks_version"]}


@pytest.fixture
def check(as_viewer: Client, django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    def press(merchant: Merchant, headers: dict[str, str] = POLL) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return as_viewer.post(address(merchant, "check/"), headers=headers)

    return press


def looks(broker: Redis) -> list[tuple[object, ...]]:
    return [message for message in messages(broker, "refreshing") if message[0] == "refresh"]


def test_the_poll_costs_nothing_when_nothing_changed(as_viewer: Client) -> None:
    merchant = make_merchant()
    version = versions(as_viewer.get(address(merchant)))
    assert as_viewer.get(address(merchant), version, headers=POLL).status_code == 204
    Merchant.objects.filter(pk=merchant.pk).update(version=merchant.version + 1)
    changed = as_viewer.get(address(merchant), version, headers=POLL)
    assert changed.status_code == 200
    assert b"<html" not in changed.content
    assert b'id="merchant_live"' in changed.content


def test_a_notice_that_comes_while_the_page_is_open_comes_with_the_poll(as_viewer: Client) -> None:
    merchant = make_merchant()
    heartbeats.beat(heartbeats.CLOCK)
    version = versions(as_viewer.get(address(merchant)))
    freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")
    polled = as_viewer.get(address(merchant), version, headers=POLL)
    assert polled.status_code == 200
    assert 'id="banners" aria-label="Notices" hx-swap-oob="true"' in polled.content.decode()
    assert "Sending is frozen." in polled.content.decode()
    freezing.resume(now=timezone.now(), reason="It was a mistake")
    over = as_viewer.get(address(merchant), versions(polled), headers=POLL)
    assert over.status_code == 200
    assert "Sending is frozen." not in over.content.decode()


def test_it_polls_quickly_only_while_something_runs(as_viewer: Client) -> None:
    merchant = make_merchant()
    assert 'hx-trigger="every 15s, wake"' in page(as_viewer, merchant)
    make_request(merchant)
    assert 'hx-trigger="every 2s, wake"' in page(as_viewer, merchant)


def test_it_polls_quickly_until_a_newly_registered_merchant_was_looked_at(as_viewer: Client) -> None:
    merchant = make_merchant(refreshed_at=None)
    assert "Checking…" in page(as_viewer, merchant)
    assert 'hx-trigger="every 2s, wake"' in page(as_viewer, merchant)
    Merchant.objects.update(registered_at=timezone.now() - timedelta(minutes=1))
    assert "Not checked yet" in page(as_viewer, merchant)
    assert 'hx-trigger="every 15s, wake"' in page(as_viewer, merchant)


def test_a_viewer_too_may_check_now_which_looks_at_codat_once_in_ten_seconds(
    check: Callable[..., Any], broker: Redis
) -> None:
    merchant = make_merchant()
    for _ in range(2):
        check(merchant)
        ticks(Clock())
    assert looks(broker) == [("refresh", merchant.pk)]


def test_a_press_within_ten_seconds_of_the_last_one_is_told_so_in_a_sentence(
    as_viewer: Client, check: Callable[..., Any], broker: Redis
) -> None:
    merchant = make_merchant()
    assert TOO_SOON not in check(merchant).text
    again_in_place, again_as_a_page = check(merchant), check(merchant, {})
    for again in (again_in_place, again_as_a_page):
        assert again.status_code == 200
        assert TOO_SOON in card(again.text, "h-connections")
    assert TOO_SOON not in page(as_viewer, merchant)
    poll = re.findall(r'hx-get="([^"]*[?&;]v=[^"]*)"', again_in_place.text)[0].replace("&amp;", "&")
    polled = as_viewer.get(poll, headers=POLL)
    assert polled.status_code == 200
    assert TOO_SOON not in polled.text


def test_a_press_while_the_merchant_is_being_asked_gives_it_to_no_second_worker(
    as_viewer: Client, check: Callable[..., Any], broker: Redis
) -> None:
    merchant = make_merchant(next_refresh_at=timezone.now())
    ticks(Clock())
    check(merchant)
    ticks(Clock())
    assert looks(broker) == [("refresh", merchant.pk)]
    assert "Checking…" in page(as_viewer, merchant)


def test_without_a_queue_a_press_is_due_for_the_clocks_own_hand(
    check: Callable[..., Any], no_broker: None
) -> None:
    merchant = make_merchant(next_refresh_at=timezone.now() + timedelta(hours=1))
    check(merchant)
    assert handing_out.claim_due_merchants(timezone.now(), 1) == [merchant.pk]


def test_after_check_now_the_page_says_checking_until_the_answer_is_in(as_viewer: Client) -> None:
    merchant = make_merchant(refreshed_at=timezone.now() - timedelta(minutes=5))
    as_viewer.post(address(merchant, "check/"))
    response = as_viewer.get(address(merchant))
    assert "Checking…" in response.content.decode()
    Merchant.objects.filter(pk=merchant.pk).update(refreshed_at=timezone.now())
    answered = as_viewer.get(address(merchant), versions(response), headers=POLL)
    assert answered.status_code == 200
    assert "Checking…" not in answered.content.decode()


def test_each_card_tells_when_codat_was_asked_about_what_it_shows(as_viewer: Client) -> None:
    merchant = make_merchant(refreshed_at=timezone.now() - timedelta(minutes=3))
    merchant.connections.update(seen_at=timezone.now() - timedelta(hours=5))
    merchant.connections.filter(side="accounting").update(seen_at=timezone.now() - timedelta(hours=4))
    html = page(as_viewer, merchant)
    assert "Checked 4 h ago" in card(html, "h-connections")
    assert "Syncs checked 3 min ago" in card(html, "h-history")


def test_what_was_never_looked_at_is_not_called_checked(as_viewer: Client) -> None:
    merchant = make_merchant(commerce=None, accounting=None, health="unseen", refreshed_at=None)
    Merchant.objects.update(registered_at=timezone.now() - timedelta(hours=1))
    html = page(as_viewer, merchant)
    assert "Checked" not in card(html, "h-connections")
    assert "Not checked yet" in card(html, "h-history")


def test_a_look_that_found_nothing_new_makes_the_open_page_younger_and_draws_nothing_else(
    as_viewer: Client,
) -> None:
    merchant = make_merchant(refreshed_at=timezone.now() - timedelta(minutes=14))
    shown = versions(as_viewer.get(address(merchant)))
    assert as_viewer.get(address(merchant), shown, headers=POLL).status_code == 204
    reason = "asked again before its next usual time"
    Merchant.objects.filter(pk=merchant.pk).update(refreshed_at=timezone.now(), next_refresh_reason=reason)
    merchant.connections.update(seen_at=timezone.now() - timedelta(hours=5))
    answer = as_viewer.get(address(merchant), shown, headers=POLL)
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#looks", "outerHTML")
    assert "Syncs checked just now" in words(answer.text)
    assert "Checked 5 h ago" in words(answer.text)
    assert reason in words(answer.text).lower()
    assert 'id="merchant_live"' not in answer.text
    assert len(answer.content) < 1500
    following = shown | {"looks": re.findall(r'name="looks" value="([^"]+)"', answer.text)[0]}
    assert as_viewer.get(address(merchant), following, headers=POLL).status_code == 204


def test_an_open_page_grows_older_also_while_no_look_comes(
    as_viewer: Client, moved: time_machine.Traveller
) -> None:
    """Calls are paused, the queue is gone, or nobody asks any more: a day is over all the same."""
    days = {"failed_days": 20, "switches_off_on": date(2026, 6, 20), "health": "failing", "last_code": 5000}
    # Of each merchant all is told anew at a second of its own, which its number decides.
    merchant = make_merchant(pk=1, refreshed_at=timezone.now() - timedelta(hours=2), **days)
    first = as_viewer.get(address(merchant))
    assert "3 days left" in first.text
    version = versions(first)
    moved.shift(timedelta(seconds=50))
    assert as_viewer.get(address(merchant), version, headers=POLL).status_code == 204
    moved.shift(timedelta(hours=11, minutes=30))
    answer = as_viewer.get(address(merchant), version, headers=POLL)
    assert answer.status_code == 200
    assert "2 days left" in answer.text


def test_while_a_request_is_under_way_every_look_is_told_with_all_that_is_said_of_it(
    as_viewer: Client, moved: time_machine.Traveller
) -> None:
    merchant = make_merchant(refreshed_at=timezone.now())
    make_request(merchant, state=State.ACCEPTED, state_since=timezone.now())
    shown = versions(as_viewer.get(address(merchant)))
    moved.shift(timedelta(minutes=3))
    Merchant.objects.filter(pk=merchant.pk).update(refreshed_at=timezone.now())
    answer = as_viewer.get(address(merchant), shown, headers=POLL)
    assert "we do not find it in Codat's list" in words(answer.text).replace("&#x27;", "'")


def test_the_next_scheduled_sync_is_another_one_as_soon_as_it_is_due(
    as_viewer: Client, moved: time_machine.Traveller
) -> None:
    merchant = make_merchant(time_zone="Europe/London", sync_hour=14, refreshed_at=timezone.now())
    first = as_viewer.get(address(merchant))
    assert "Today, about 14:00" in words(first.text)
    until = re.findall(r"until=(\d+)", first.text)[0]
    moved.move_to(datetime.fromtimestamp(int(until), UTC))
    answer = as_viewer.get(address(merchant), versions(first) | {"until": until}, headers=POLL)
    assert "18 Jun, about 14:00" in words(answer.text)


def test_where_nothing_is_written_it_is_drawn_anew_every_ten_minutes(
    as_viewer: Client, moved: time_machine.Traveller
) -> None:
    """Each merchant's in its own second, so that not all open pages are drawn at once."""
    drawn: dict[int, list[int]] = {}
    for merchant in (make_merchant(pk=1), make_merchant(pk=2)):
        shown, drawn[merchant.pk] = versions(as_viewer.get(address(merchant))), []
        for second in range(0, 3600, 15):
            answer = as_viewer.get(address(merchant), shown, headers=POLL)
            if answer.status_code == 200:
                shown = versions(answer)
                drawn[merchant.pk].append(second)
            moved.shift(timedelta(seconds=15))
    first, second = drawn.values()
    assert len(first) == len(second) == 6
    assert not set(first) & set(second)


def test_a_poll_leaves_open_what_somebody_reads(as_viewer: Client) -> None:
    """Rows are opened in place, so the address does not know of them: the poller takes their keys along."""
    merchant = make_merchant()
    read, other = make_sync(merchant), make_sync(merchant)
    opened = as_viewer.get(address(merchant, f"syncs/{read.pk}/"), headers={"HX-Request": "true"}).text
    assert f'name="open" value="{read.pk}"' in opened
    assert 'hx-include="#looks, #history, ' in page(as_viewer, merchant)
    answer = as_viewer.get(address(merchant, f"?open={other.pk}&v=0&open={read.pk}"), headers=POLL)
    assert answer.text.count("What Codat sent") == 2
    assert "open=" not in re.findall(r'hx-get="([^"]*v=[^"]*)"', answer.text)[0]


def test_a_poll_takes_nothing_away_that_somebody_types(as_support: Client) -> None:
    merchant = make_merchant()
    polled = as_support.get(address(merchant, "?v=0"), headers=POLL).text
    for form in ("rerun_form", "note_form"):
        assert re.search(rf'id="{form}"\s+hx-preserve="true"', polled)
    assert "hx-preserve" not in page(as_support, merchant)
    saved = as_support.post(address(merchant, "notes/"), {"note": "Rang"}, headers=POLL).text
    assert "hx-preserve" not in saved
