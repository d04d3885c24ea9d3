"""Syncs of the schedule with the same result are one row of the history, until somebody wants to see them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Merchant, Sync
from syncs.rules.states import State
from tests.factories import make_merchant, make_request, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

ARCHIVED = "Account 090 is archived"


def history(client: Client, merchant: Merchant, query: str = "", **headers: str) -> str:
    html = client.get(f"/merchants/{merchant.company_id}/{query}", **headers).content.decode()
    return html[html.index('id="history"') :].partition("</section>")[0]


def ran(
    merchant: Merchant, days_ago: int, code: int = 5130, message: str = ARCHIVED, **columns: object
) -> Sync:
    at = timezone.now() - timedelta(days=days_ago, hours=9)
    by = {"initiator": "schedule", "sync_id": f"sync-{days_ago}"} | columns
    return make_sync(merchant, code, at, message if code >= 4000 else "", **by)


def shown(html: str) -> list[int]:
    return [day for day in range(40) if f'aria-label="Details of the sync sync-{day}"' in html]


def failing(days: int = 8) -> Merchant:
    """Eight failures by the schedule, and a success before them."""
    merchant = make_merchant()
    ran(merchant, days, 2000)
    for day in range(days):
        ran(merchant, day)
    return merchant


def test_the_newest_and_the_first_failure_stand_and_what_lies_between_is_told_in_a_row(
    as_viewer: Client,
) -> None:
    html = history(as_viewer, failing())
    assert shown(html) == [0, 7, 8]
    assert "6 more by schedule with the same result, 11 – 16 Jun" in html
    assert "9 syncs" in html


def test_show_them_shows_them_all_without_javascript_and_hide_them_folds_them_again(
    as_viewer: Client,
) -> None:
    merchant = failing()
    fold = merchant.syncs.get(sync_id="sync-6").pk
    html = history(as_viewer, merchant, f"?unfold={fold}")
    assert shown(html) == list(range(9))
    assert "Hide them" in html
    assert 'aria-expanded="true"' in html
    assert shown(history(as_viewer, merchant, f"?unfold={fold}&fold={fold}")) == [0, 7, 8]


def test_htmx_gets_the_history_alone(as_viewer: Client) -> None:
    merchant = failing()
    fold = merchant.syncs.get(sync_id="sync-6").pk
    response = as_viewer.get(
        f"/merchants/{merchant.company_id}/?unfold={fold}", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="history"
    )
    html = response.content.decode()
    assert html.strip().startswith('<section class="card" aria-labelledby="h-history"')
    assert html.strip().endswith("</section>")
    assert shown(html) == list(range(9))


def unfold(html: str) -> str:
    """As the page itself asks for it."""
    (asked,) = re.findall(r'hx-get="[^"]*(\?unfold=\d+)"', html)
    return asked


def test_a_fold_stays_open_when_a_newer_sync_joins_it(as_viewer: Client) -> None:
    merchant = failing()
    opened = unfold(history(as_viewer, merchant))
    make_sync(merchant, 5130, timezone.now(), ARCHIVED, initiator="schedule", sync_id="sync-30")
    assert shown(history(as_viewer, merchant, opened)) == [*range(9), 30]


def test_also_where_the_page_is_full_and_its_oldest_leaves_for_the_next(as_viewer: Client) -> None:
    merchant = failing(days=33)
    opened = unfold(history(as_viewer, merchant))
    assert shown(history(as_viewer, merchant, opened)) == list(range(25))
    make_sync(merchant, 5130, timezone.now(), ARCHIVED, initiator="schedule", sync_id="sync-39")
    assert shown(history(as_viewer, merchant, opened)) == [*range(24), 39]


def test_what_a_person_asked_for_is_never_hidden(as_viewer: Client) -> None:
    merchant = failing()
    mine = ran(merchant, 4, sync_id="sync-20", initiator="ours")
    make_request(merchant, state=State.FAILED, sync=mine)
    elsewhere = ran(merchant, 4, sync_id="sync-21", initiator="unknown")
    html = history(as_viewer, merchant)
    assert {20, 21} <= set(shown(html))
    assert elsewhere.sync_id in html


def test_another_code_or_another_cause_is_never_hidden(as_viewer: Client) -> None:
    merchant = failing()
    merchant.syncs.filter(sync_id="sync-3").update(cause=ran(merchant, 30, message="Tax is missing").cause)
    merchant.syncs.filter(sync_id="sync-5").update(code=5000)
    assert {3, 5} <= set(shown(history(as_viewer, merchant)))


def test_a_sync_that_is_open_stays_open(as_viewer: Client) -> None:
    merchant = failing()
    key = merchant.syncs.get(sync_id="sync-4").pk
    html = history(as_viewer, merchant, f"?open={key}")
    assert 4 in shown(html)
    assert "What Codat sent" in html


def test_good_days_are_folded_too_and_two_are_not(as_viewer: Client) -> None:
    merchant = make_merchant()
    for day in range(6):
        ran(merchant, day, 2000)
    assert "5 more by schedule with the same result" in history(as_viewer, merchant)
    merchant.syncs.filter(sync_id__in=["sync-3", "sync-4", "sync-5"]).delete()
    assert shown(history(as_viewer, merchant)) == [0, 1, 2]


def test_among_the_failed_alone_nothing_is_folded_since_a_success_may_lie_between(as_viewer: Client) -> None:
    assert shown(history(as_viewer, failing(), "?show=failed")) == list(range(8))


def test_pages_go_on_by_key_and_a_first_failure_at_the_end_of_a_page_is_not_lost(as_viewer: Client) -> None:
    merchant = failing(days=25)
    address = f"/merchants/{merchant.company_id}/"
    first = as_viewer.get(address).context["history"]
    assert shown(history(as_viewer, merchant)) == [0, 24]
    older = as_viewer.get(first.older_url).context["history"]
    assert [row.sync.sync_id for row in older.rows] == ["sync-25"]


def test_an_unfolded_page_keeps_its_place(as_viewer: Client) -> None:
    merchant = failing(days=33)
    first = as_viewer.get(f"/merchants/{merchant.company_id}/").context["history"]
    html = as_viewer.get(first.older_url).content.decode()
    after = first.older_url.partition("?")[2].partition("#")[0]
    assert f"?{after}&amp;unfold=" in html


def test_nonsense_unfolds_nothing(as_viewer: Client) -> None:
    assert shown(history(as_viewer, failing(), "?unfold=x&unfold=-1&fold=%00")) == [0, 7, 8]


def test_folding_asks_the_database_nothing(as_viewer: Client) -> None:
    few, many = failing(3), failing(20)
    counts = []
    for merchant in (few, many):
        with CaptureQueriesContext(connection) as captured:
            history(as_viewer, merchant)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_address_of_a_sync_leads_to_the_page_of_the_history_that_shows_it(as_viewer: Client) -> None:
    merchant = failing(days=33)
    for name in ("sync-0", "sync-24", "sync-25", "sync-33"):
        sync = merchant.syncs.get(sync_id=name)
        answer = as_viewer.get(f"/merchants/{merchant.company_id}/syncs/{sync.pk}/")
        assert answer["Location"].endswith(f"open={sync.pk}#sync-{sync.pk}")
        html = as_viewer.get(answer["Location"]).content.decode()
        assert f'id="sync-{sync.pk}"' in html
        assert "What Codat sent" in html
