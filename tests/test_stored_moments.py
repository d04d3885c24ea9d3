"""Moments in sentences that were stored are told to each reader in the reader's zone, wherever they are read."""

import csv
from datetime import UTC, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from syncs import moments
from syncs.models import Merchant, SyncRequest, User
from syncs.operations import caring, log
from syncs.rules.states import State
from syncs.rules.stored_moments import STORED, as_stored, daily_as_stored
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_request, make_user

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
BEGAN = datetime(2026, 11, 23, 14, 54, tzinfo=UTC)
MARK = as_stored(BEGAN)
FINISHED = f"Finished: synced up to {MARK}"
# 14:54 in UTC is 20:39 in Nepal, and on the next day in New Zealand.
ZONES = [
    ("Europe/London", "14:54"),
    ("Asia/Kathmandu", "20:39"),
    ("Pacific/Auckland", "03:54"),
    ("America/Los_Angeles", "06:54"),
]


@pytest.fixture(autouse=True)
def now() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def local(zone: str) -> datetime:
    return NOW.astimezone(ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "moment", "words"),
    [
        ("Europe/London", BEGAN, "at 14:54, up to 14:54"),
        ("Europe/London", BEGAN.replace(day=24), "on 24 Nov at 14:54, up to 24 Nov, 14:54"),
        ("America/Los_Angeles", BEGAN.replace(day=24, hour=3), "at 19:54, up to 19:54"),
        ("Asia/Tokyo", BEGAN.replace(year=2025), "on 23 Nov 2025 at 23:54, up to 23 Nov 2025, 23:54"),
    ],
)
def test_a_moment_is_told_with_its_day_where_that_is_not_the_readers_today(
    zone: str, moment: datetime, words: str
) -> None:
    stored = f"Begun at {as_stored(moment)}, up to {as_stored(moment)}."
    assert moments.told(stored, local(zone)) == f"Begun {words}."


def test_what_is_read_on_other_days_names_today_too() -> None:
    told = moments.told(f"{FINISHED}, begun at {MARK}", local("Asia/Tokyo"), names_today=True)
    assert told.endswith("up to 23 Nov 2026, 23:54, begun on 23 Nov 2026 at 23:54")


@pytest.mark.parametrize(
    "text",
    [
        "Finished: synced up to 23 Nov 2026, 14:54 UTC",
        "asked again at 16:07 (America/Los_Angeles): its syncs usually end 02:10-02:50",
        "{2026-02-31T25:00:00Z} is no moment, {first_day} and {} are none",
        "",
    ],
)
def test_what_holds_no_such_moment_is_told_as_it_was_stored(text: str) -> None:
    assert moments.told(text, local("Asia/Tokyo")) == text


@given(
    moment=st.datetimes(timezones=st.just(UTC)),
    zone=st.sampled_from(["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu", "Europe/London"]),
    names_today=st.booleans(),
)
@example(moment=datetime(1, 1, 1, tzinfo=UTC), zone="Etc/GMT+12", names_today=False)
@example(moment=datetime.max.replace(tzinfo=UTC), zone="Pacific/Kiritimati", names_today=True)
def test_any_moment_that_was_stored_can_be_told_to_everybody(
    moment: datetime, zone: str, names_today: bool
) -> None:
    for stored in (as_stored(moment), daily_as_stored(moment, moment)):
        words = moments.told(stored, local(zone), names_today=names_today)
        assert words.isprintable()
        assert ":" in words


@given(st.from_regex(STORED) | st.text(st.sampled_from("{}/-:TZ0129٢" + MARK[0])))
def test_whatever_looks_like_a_moment_can_be_told(text: str) -> None:
    assert MARK[0] not in moments.told(text, local("Europe/London"))


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_failing_merchant(
        time_zone="America/Los_Angeles", next_refresh_reason=f"asked again at {MARK}: its last sync failed"
    )


def in_each_state(merchant: Merchant) -> dict[State, SyncRequest]:
    """One that ended, and one that a person has to decide, with an entry of each in the log."""
    finished = make_request(merchant, state=State.SUCCEEDED, result=FINISHED, kind="latest")
    review = make_request(
        make_failing_merchant(), state=State.NEEDS_REVIEW, waiting_for=f"A sync began at {MARK}."
    )
    waits = make_request(make_failing_merchant(), waiting_for=f"A sync runs since about {MARK}.")
    for request in (finished, review, waits):
        log.record("request.succeeded", FINISHED, request=request, at=NOW)
    return {State.SUCCEEDED: finished, State.NEEDS_REVIEW: review, State.QUEUED: waits}


@pytest.mark.parametrize(("zone", "clock"), ZONES)
def test_no_page_tells_it_in_any_other_zone(merchant: Merchant, zone: str, clock: str) -> None:
    found = in_each_state(merchant)
    lead, admin = (signed_in(make_user(role, time_zone=zone)) for role in ("lead", "admin"))
    pages = [
        "/requests/",
        "/requests/review/",
        "/activity/",
        *(f"/requests/{request.pk}/" for request in found.values()),
        *(f"/merchants/{found[state].merchant.company_id}/" for state in (State.SUCCEEDED, State.QUEUED)),
    ]
    for client, path in [
        *((lead, path) for path in pages),
        (admin, f"/admin/syncs/merchant/{merchant.pk}/change/"),
    ]:
        response = client.get(path)
        assert response.status_code == 200, path
        html = response.content.decode()
        assert "{2026-" not in html, path
        assert clock in html, path


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.NEEDS_REVIEW])
def test_the_admin_tells_it_in_the_readers_zone_too(merchant: Merchant, state: State) -> None:
    request = in_each_state(merchant)[state]
    entry = request.activity.get(verb="request.succeeded")
    admin = signed_in(make_user("admin", time_zone="Asia/Kathmandu"))
    rows = "/admin/syncs"
    for path in (
        f"{rows}/syncrequest/",
        f"{rows}/syncrequest/{request.pk}/change/",
        f"{rows}/activity/",
        f"{rows}/activity/{entry.pk}/change/",
    ):
        html = admin.get(path).content.decode()
        assert "{2026-" not in html, path
        assert "20:39" in html, path


@pytest.mark.parametrize("list_", ["requests", "activity"])
def test_a_file_tells_it_with_its_day_in_the_zone_of_its_reader(merchant: Merchant, list_: str) -> None:
    in_each_state(merchant)
    reader = signed_in(make_user(time_zone="Asia/Tokyo"))
    told = rows_of(reader, f"/{list_}.csv")
    assert any("Finished: synced up to 23 Nov 2026, 23:54" in row for row in told)
    assert not any("{2026-" in cell for row in told for cell in row)


def test_the_end_of_a_snooze_is_told_to_a_colleague_elsewhere_in_the_colleagues_zone(
    merchant: Merchant, support: User
) -> None:
    until = datetime(2026, 11, 24, 14, 54, tzinfo=UTC)
    caring.snooze(merchant, by=support, note="They call back", until=until, now=NOW)
    for zone, words in [("Europe/London", "24 Nov, 14:54"), ("Pacific/Auckland", "25 Nov, 03:54")]:
        page = signed_in(make_user(time_zone=zone)).get("/activity/").content.decode()
        assert f"Snoozed it until {words}" in page


def rows_of(client: Client, path: str) -> list[list[str]]:
    text = b"".join(client.get(path).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(StringIO(text)))
