"""What Codat lists just before a POST: a sync that runs, news that nobody has read, or what cannot be so."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from syncs.codat.client import CodatClient
from syncs.models import Merchant, SyncRequest
from syncs.operations import before_sending
from syncs.rules.stored_moments import as_stored
from tests.codat.server import Server
from tests.factories import make_sync
from tests.presses import NOW, asked, held_back, is_sent, stored
from tests.presses import now_stands_still as now_stands_still
from tests.presses import request_ as request_

pytestmark = pytest.mark.usefixtures("now_stands_still")


def sync_at_codat(merchant: Merchant, code: int, began: Any, name: str = "a-sync") -> dict[str, Any]:
    when = began.isoformat() if began else None
    return {"companyId": str(merchant.company_id), "syncId": name, "syncStatusCode": code, "syncUtc": when}


@pytest.mark.parametrize(("ago", "sent"), [(timedelta(hours=1), False), (timedelta(days=2), True)])
def test_a_sync_of_no_known_state_may_be_running_for_a_day(
    scripted: Server, told: CodatClient, request_: SyncRequest, ago: timedelta, sent: bool
) -> None:
    began = f"{NOW - ago:%Y-%m-%dT%H:%M:%SZ}"
    row = {"syncId": "a", "syncStatus": "Started", "syncStatusCode": None, "syncUtc": began}
    assert is_sent(request_, scripted, told, [row]) is sent
    if not sent:
        assert held_back(request_).startswith("Codat lists a sync without a state that we know")


def test_one_that_somebody_was_first_to_hold_back_is_not_sent_either(
    scripted: Server, told: CodatClient, request_: SyncRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before_sending, "hold_back", lambda *_, **__: False)
    assert not is_sent(request_, scripted, told, [sync_at_codat(request_.merchant, 1000, NOW)])


def test_a_failure_that_codat_now_calls_a_success_is_read_first(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    failed = make_sync(request_.merchant, 5130, NOW - timedelta(hours=3))
    row = {
        "syncId": failed.sync_id,
        "syncStatusCode": 2000,
        "syncUtc": f"{failed.started_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    assert not is_sent(request_, scripted, told, [row])
    assert "have not read yet" in held_back(request_)


@pytest.mark.parametrize("began", [timedelta(seconds=1), timedelta(hours=1), timedelta(days=3), None])
def test_a_success_that_nobody_has_read_yet_is_read_first_whenever_it_ran(
    scripted: Server, told: CodatClient, request_: SyncRequest, began: timedelta | None
) -> None:
    listed = [sync_at_codat(request_.merchant, 2000, began and NOW - began)]
    assert not is_sent(request_, scripted, told, listed)
    assert "read first" in held_back(request_)
    assert Merchant.objects.get().next_refresh_at == NOW


def test_what_is_stored_needs_no_second_reading(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    listed = [
        sync_at_codat(request_.merchant, code, NOW - timedelta(hours=1), f"of {code}")
        for code in (2000, 2040)
    ]
    for sync in listed:
        make_sync(request_.merchant, sync["syncStatusCode"], NOW - timedelta(hours=1), sync_id=sync["syncId"])
    assert is_sent(request_, scripted, told, listed)


def test_a_failure_that_nobody_has_read_yet_wrote_nothing(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    assert is_sent(
        request_, scripted, told, [sync_at_codat(request_.merchant, 5130, NOW - timedelta(hours=1))]
    )


@pytest.mark.parametrize("told_as", [None, "2126-11-20T03:00:00Z"])
@pytest.mark.parametrize("code", [1000, None])
@pytest.mark.parametrize(("known_for", "sent"), [(timedelta(hours=23), False), (timedelta(hours=25), True)])
def test_without_a_date_that_can_be_its_age_counts_from_when_we_first_saw_it(  # noqa: PLR0917
    scripted: Server,
    told: CodatClient,
    request_: SyncRequest,
    told_as: str | None,
    code: int | None,
    known_for: timedelta,
    sent: bool,
) -> None:
    make_sync(request_.merchant, code, NOW - known_for, sync_id="a-sync")
    row = sync_at_codat(request_.merchant, code, None) | {"syncUtc": told_as}
    assert is_sent(request_, scripted, told, [row]) is sent


@pytest.mark.parametrize("began", [NOW - timedelta(minutes=4), None])
@pytest.mark.parametrize("code", [1000, 1010])
def test_while_a_sync_runs_at_codat_the_request_waits(
    scripted: Server, told: CodatClient, request_: SyncRequest, code: int, began: Any
) -> None:
    listed = [
        sync_at_codat(request_.merchant, 5080, NOW - timedelta(minutes=3), "newer"),
        sync_at_codat(request_.merchant, code, began),
    ]
    assert not is_sent(request_, scripted, told, listed)
    since = f"has been running at Codat since about {as_stored(began)}" if began else "is running at Codat"
    assert held_back(request_) == f"A sync {since}."
    assert stored(request_).not_before == NOW + timedelta(seconds=30)
    assert stored(request_).merchant.next_refresh_at == NOW, "its page shows that sync"


def test_a_run_that_codat_lost_days_ago_blocks_nobody(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    assert is_sent(
        request_, scripted, told, [sync_at_codat(request_.merchant, 1010, NOW - timedelta(days=2))]
    )


def test_one_success_that_we_know_does_not_vouch_for_another(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    known = make_sync(request_.merchant, 2000, NOW - timedelta(days=9))
    rows = [
        sync_at_codat(request_.merchant, 2000, known.started_at, known.sync_id),
        sync_at_codat(request_.merchant, 2000, NOW - timedelta(hours=1), "news"),
    ]
    assert not is_sent(request_, scripted, told, rows)
    assert "have not read yet" in held_back(request_)


@pytest.mark.parametrize(("columns", "seconds"), [({}, 5), ({"bulk": uuid4(), "priority": -1}, 30)])
def test_a_part_of_a_bulk_waits_longer_for_news_that_its_own_bulk_keeps_from_being_read(
    scripted: Server, told: CodatClient, db: None, columns: dict[str, Any], seconds: int
) -> None:
    request = asked(**columns)
    assert not is_sent(request, scripted, told, [sync_at_codat(request.merchant, 2000, NOW)])
    assert stored(request).not_before == NOW + timedelta(seconds=seconds)
