"""Days that were synced between the press and its turn: a sender does not send them a second time."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncs.codat.client import CodatClient
from syncs.codat.schemas import SyncStatus
from syncs.models import Merchant, SyncRequest
from syncs.operations import before_sending
from syncs.operations.sending import send
from syncs.rules.stored_moments import as_stored
from tests.codat.server import Server
from tests.conftest import signed_in
from tests.factories import make_sync, make_user
from tests.presses import NOW, asked, cancelled, is_sent
from tests.presses import now_stands_still as now_stands_still
from tests.presses import request_ as request_
from tests.upstream import posts

BEGAN = as_stored(NOW - timedelta(minutes=5))
pytestmark = pytest.mark.usefixtures("now_stands_still")


def accepting(request: SyncRequest, hours: int = 1) -> SyncRequest:
    """Asked by somebody who knew that the first hours of it are in the books."""
    start = request.window_start
    request.seen_overlap = [[start.isoformat(), (start + timedelta(hours=hours)).isoformat()]]
    request.save()
    return request


def success(request: SyncRequest, *, code: int = 2000, **columns: Any) -> None:
    """Over the first hour of the days asked for, learned of after the press."""
    window = {
        "window_start": request.window_start,
        "window_finish": request.window_start + timedelta(hours=1),
        "final_seen": NOW,
    }
    make_sync(request.merchant, code, NOW - timedelta(minutes=5), **window | columns)


def test_days_that_a_sync_has_covered_since_are_not_sent_again(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    success(request_, window_finish=request_.window_finish)
    assert not is_sent(request_, scripted, told)
    assert cancelled(request_) == f"Too late: a sync of {BEGAN} covered these days."


def test_days_of_which_a_sync_has_written_a_part_are_to_be_looked_at_again(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    success(request_)
    assert not is_sent(request_, scripted, told)
    part = f"a sync of {BEGAN} has written a part of these days. Look again before you ask."
    assert cancelled(request_) == f"Too late: {part}"


def test_the_time_in_that_sentence_is_told_to_each_reader_in_the_readers_zone(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    success(request_)
    assert not is_sent(request_, scripted, told)
    began = NOW - timedelta(minutes=5)
    for zone in ("Asia/Kathmandu", "America/New_York"):
        reader = signed_in(make_user("viewer", time_zone=zone))
        page = reader.get(f"/requests/{request_.pk}/").content.decode()
        assert f"a sync of {began.astimezone(ZoneInfo(zone)):%H:%M} has written" in page


def test_a_sync_that_covered_all_of_it_is_named_before_a_newer_one_that_did_not(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    success(request_, window_finish=request_.window_finish)
    make_sync(
        request_.merchant,
        2000,
        NOW - timedelta(minutes=1),
        window_start=request_.window_start,
        window_finish=request_.window_start + timedelta(hours=1),
        final_seen=NOW,
    )
    assert not is_sent(request_, scripted, told)
    assert f"a sync of {BEGAN} covered" in cancelled(request_)


def test_an_overlap_that_the_person_accepted_is_sent(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    success(accepting(request_))
    assert is_sent(request_, scripted, told)


@pytest.mark.parametrize("seen_ago", [timedelta(0), timedelta(minutes=1), timedelta(days=3)])
def test_whenever_we_learned_of_a_success_that_nobody_was_shown_its_days_are_not_sent_again(
    scripted: Server, told: CodatClient, request_: SyncRequest, seen_ago: timedelta
) -> None:
    success(request_, final_seen=NOW - seen_ago)
    assert not is_sent(request_, scripted, told)
    assert cancelled(request_).startswith("Too late:")


def test_who_accepted_an_overlap_did_not_accept_what_was_synced_after_the_press(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    success(accepting(request_))
    success(request_, window_finish=request_.window_start + timedelta(hours=2))
    assert not is_sent(request_, scripted, told)
    assert cancelled(request_).startswith("Too late:")


def test_days_without_sales_were_synced_too(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    success(request_, code=2040)
    assert not is_sent(request_, scripted, told)
    assert cancelled(request_).startswith("Too late:")


def test_a_success_that_only_touches_the_days_is_no_overlap(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    before = {
        "window_start": request_.window_start - timedelta(days=1),
        "window_finish": request_.window_start,
    }
    success(request_, **before)
    assert is_sent(request_, scripted, told)


@pytest.mark.parametrize(("reached", "sent"), [(timedelta(0), False), (-timedelta(minutes=1), True)])
def test_a_latest_request_that_another_sync_has_overtaken_is_not_sent(
    scripted: Server, told: CodatClient, db: None, reached: timedelta, sent: bool
) -> None:
    request = asked(kind="latest", asked_at=NOW - timedelta(minutes=1))
    finish = request.window_finish + reached
    window = {"window_start": finish - timedelta(days=1), "window_finish": finish, "final_seen": NOW}
    make_sync(request.merchant, 2000, NOW - timedelta(minutes=1), **window)
    assert is_sent(request, scripted, told) is sent


def test_what_is_stored_while_codat_is_looked_at_counts(
    scripted: Server, told: CodatClient, request_: SyncRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers_slowly(*args: Any, **kwargs: Any) -> list[SyncStatus]:
        success(request_, window_finish=request_.window_finish)
        return []

    monkeypatch.setattr(told, "syncs_before_send", answers_slowly)
    make_sync(request_.merchant, 5000, NOW - timedelta(days=9))
    monkeypatch.setattr(before_sending, "_held_back_by", lambda *_: False)
    send(request_.pk, told)
    assert not posts(scripted)
    assert cancelled(request_).endswith("covered these days.")


def test_a_merchant_archived_while_codat_is_looked_at_is_not_sent(
    scripted: Server, told: CodatClient, request_: SyncRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers_slowly(*args: Any, **kwargs: Any) -> list[SyncStatus]:
        Merchant.objects.update(archived_at=NOW, archived_why="gone")
        return []

    monkeypatch.setattr(told, "syncs_before_send", answers_slowly)
    send(request_.pk, told)
    assert not posts(scripted)
    assert "archived" in cancelled(request_)
