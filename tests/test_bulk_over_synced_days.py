"""A run for many over days that are in the books already is accepted by a tick of its own, as in a single press."""

import pytest
from django.test import Client

from syncs.models import Bulk, Merchant, SyncRequest
from tests.bulk_pages import confirm, form_of, review, words
from tests.factories import make_merchant, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

DAYS = {"kind": "historic", "first_day": "2026-01-05", "last_day": "2026-01-06"}
TICK = "I know 1 merchant runs over days that are already synced"


def synced(merchant: Merchant, start: str, finish: str) -> None:
    window = {"window_start": f"{start}T00:00:00Z", "window_finish": f"{finish}T00:00:00Z"}
    make_sync(merchant, **window, window_known="answered")


@pytest.fixture
def html(as_support: Client) -> str:
    """The review of two that can run, one of them over a day that is synced."""
    merchant, other = make_merchant(), make_merchant()
    synced(merchant, "2026-01-05", "2026-01-06")
    html = review(as_support, merchant, other, **DAYS)
    assert 'name="seen_overlap"' not in html
    return review(as_support, **form_of(html) | DAYS | {"change": "accept_overlap"})


def test_the_box_says_what_is_accepted_and_is_not_ticked_beforehand(html: str) -> None:
    assert TICK in html
    assert "checked" not in html[html.index('name="seen_overlap"') :][:80]


@pytest.mark.parametrize("sent", [{}, {"seen_overlap": ""}, {"seen_overlap": "", "told": "on"}])
def test_without_the_tick_nothing_is_saved_and_the_box_says_so(
    as_support: Client, html: str, sent: dict[str, str]
) -> None:
    response = confirm(as_support, html, **DAYS | sent)
    assert response.status_code == 422
    assert "1 thing to mend below." in words(response)
    assert "Tick this, or leave out those with synced days." in words(response)
    assert 'aria-describedby="id_seen_overlap_error"' in response.text
    assert 'value="Codat incident"' in response.text
    assert not Bulk.objects.exists()
    assert not SyncRequest.objects.exists()


def test_all_that_is_missing_is_said_at_once_and_a_tick_is_kept(as_support: Client, html: str) -> None:
    response = confirm(as_support, html, **DAYS, reason="")
    assert "2 things to mend below." in words(response)
    response = confirm(as_support, html, **DAYS, reason="", seen_overlap="on")
    assert "1 thing to mend below." in words(response)
    assert "checked" in response.text[response.text.index('name="seen_overlap"') :][:80]


def test_with_the_tick_both_are_saved_with_what_was_accepted(as_support: Client, html: str) -> None:
    assert confirm(as_support, html, **DAYS, seen_overlap="on").status_code == 302
    accepted = [bool(request.seen_overlap) for request in SyncRequest.objects.order_by("merchant")]
    assert accepted == [True, False]


def test_a_tick_is_for_what_was_shown_and_not_for_what_was_synced_since(
    as_support: Client, html: str
) -> None:
    synced(Merchant.objects.latest("pk"), "2026-01-06", "2026-01-07")
    response = confirm(as_support, html, **DAYS, seen_overlap="on")
    assert response.status_code == 422
    assert "I know 2 merchants run over days that are already synced" in response.text
    assert "checked" not in response.text[response.text.index('name="seen_overlap"') :][:80]
    assert not Bulk.objects.exists()
