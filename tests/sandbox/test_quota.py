from datetime import UTC, datetime

import pytest

from sandbox.exchange import Refusal
from sandbox.quota import Quota

EVENING = datetime(2026, 11, 20, 23, 59, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 21, 0, 0, 1, tzinfo=UTC)


def spend_all(quota: Quota) -> None:
    for _ in range(2000):
        quota.spend(EVENING)


def test_a_day_has_a_thousand_and_a_thousand_for_each_active_company() -> None:
    quota = Quota(1, enforced=True)
    quota.spend(EVENING)
    assert quota.headers() == {
        "X-Rate-Limit-Limit": "2000",
        "X-Rate-Limit-Remaining": "1999",
        "X-Rate-Limit-Reset": "2026-11-21T00:00:00Z",
    }


def test_a_spent_quota_says_how_long_to_wait_and_comes_back_at_midnight_utc() -> None:
    quota = Quota(1, enforced=True)
    spend_all(quota)
    with pytest.raises(Refusal) as refused:
        quota.spend(EVENING)
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "31"})
    quota.spend(MORNING)
    assert quota.headers()["X-Rate-Limit-Remaining"] == "1999"


def test_by_default_it_is_only_counted() -> None:
    quota = Quota(1, enforced=False)
    spend_all(quota)
    quota.spend(EVENING)
    assert quota.headers()["X-Rate-Limit-Remaining"] == "0"
