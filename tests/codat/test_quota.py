"""Headers whose formats Codat does not state: every likely one is read, and lies do no harm."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.codat.errors import Later
from syncs.codat.quota import Quota, next_midnight, retry_after

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
EPOCH = int(MIDNIGHT.timestamp())
# Read by their first digits they would say that the day is as good as spent.
ODD_COUNTS = [
    "99,993,000",
    "1.09e5",
    "1e5",
    "99 993 000",
    "12.5",
    "4200,",
    "٣",
    "²",
    "--3",
    "-",
    "-1,000",
    "0x10",
]


@pytest.mark.parametrize(
    "spelled",
    [
        *(str(EPOCH), f"{EPOCH}.0", str(EPOCH * 1000), "14400", "2026-11-22T00:00:00Z", "2026-11-22"),
        *(
            format_datetime(MIDNIGHT, usegmt=True),
            "2026-11-22T00:00:00.0000000",
            " 2026-11-21T19:00:00-05:00",
        ),
    ],
)
def test_a_reset_in_any_form(spelled: str) -> None:
    assert Quota.from_headers({"X-Rate-Limit-Reset": spelled}, NOW).resets_at == MIDNIGHT


@pytest.mark.parametrize(
    "lie",
    ["", "soon", "0", "-5", "1", "2026-11-21", "2036-11-22", "9" * 400, "23:59:99", "nan", "1e5", "inf"],
)
def test_a_reset_that_cannot_be_is_not_believed(lie: str) -> None:
    found = Quota.from_headers({"X-Rate-Limit-Reset": lie}, NOW).resets_at
    assert found is None or found == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("limit", "remaining", "read"),
    [
        ("12000", "11993", (12000, 11993)),
        ("1000", "5000", (1000, 1000)),
        ("1000", "-3", (1000, 0)),
        ("", "x", (None, None)),
        (None, None, (None, None)),
        ("9" * 50, "7", (None, 7)),
        (" 12000 ", "0", (12000, 0)),
        *((odd, odd, (None, None)) for odd in ODD_COUNTS),
    ],
)
def test_counts(limit: str | None, remaining: str | None, read: tuple[int | None, int | None]) -> None:
    given_headers = {"X-Rate-Limit-Limit": limit, "X-Rate-Limit-Remaining": remaining}
    quota = Quota.from_headers(
        {name: value for name, value in given_headers.items() if value is not None}, NOW
    )
    assert (quota.limit, quota.remaining) == read
    assert quota.is_silent is (read == (None, None))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("7", 7), ("7.5", 7.5), ("0", 1), ("-5", 1), ("9" * 400, 3600), ("86400", 3600)),
        *((format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90), ("2026-11-21T20:01:30Z", 90)),
        *(
            (format_datetime(NOW - timedelta(days=9), usegmt=True), 1),
            ("Wed, 21 Oct 9999 07:28:00 GMT", 3600),
        ),
        *(("soon", 60), ("Wed, 99 Oct", 60), ("", None), ("  ", None)),
    ],
)
def test_how_long_to_wait(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, NOW) == seconds
    assert retry_after({}, NOW) is None


@given(st.text(), st.text(), st.text())
def test_no_header_makes_the_reader_raise(limit: str, reset: str, wait: str) -> None:
    headers = {"X-Rate-Limit-Limit": limit, "X-Rate-Limit-Reset": reset, "Retry-After": wait}
    quota = Quota.from_headers(headers, NOW)
    assert quota.resets_at is None or NOW < quota.resets_at <= NOW + timedelta(days=2)
    seconds = retry_after(headers, NOW)
    assert seconds is None or 1 <= seconds <= 3600


@given(st.floats())
def test_later_never_asks_for_a_wait_without_sense(seconds: float) -> None:
    assert 1 <= Later("x", retry_after=seconds).retry_after <= 3600


def test_the_quota_starts_anew_at_midnight_in_utc() -> None:
    assert next_midnight(NOW) == MIDNIGHT
    assert next_midnight(MIDNIGHT) == MIDNIGHT + timedelta(days=1)
