"""SQLite has one writer at a time: who presses while another writes is told so, where they pressed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import connection
from django.test import Client

from codat_admin import serving
from syncs.forms import written
from syncs.models import Activity, Merchant, SyncRequest
from syncs.rules.salesdays import range_window
from tests.factories import make_merchant
from tests.test_rerun import HTMX, days, send, yesterday
from tests.test_rerun_overlap import synced_yesterday

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sqlite,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has many writers"),
]
SENTENCE = "The database is busy and nothing was saved. Press again in a moment."


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant()


@pytest.fixture
def locked(as_support: Client, merchant: Merchant) -> Iterator[sqlite3.Connection]:
    """By another writer, for longer than a press waits."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        yield writer
    connection.close()


def test_a_press_keeps_the_card_with_what_was_typed(
    as_support: Client, merchant: Merchant, locked: sqlite3.Connection
) -> None:
    typed = days(merchant)
    response = send(as_support, merchant, "confirm", typed, headers=HTMX)
    assert (response.status_code, response["HX-Retarget"]) == (422, "#rerun")
    assert SENTENCE in response.text
    for name, value in typed.items():
        assert f'name="{name}" value="{value}"' in response.text
    assert not SyncRequest.objects.exists()
    assert not Activity.objects.filter(verb="request.asked").exists()


def test_without_javascript_it_is_the_same_page_again(
    as_support: Client, merchant: Merchant, locked: sqlite3.Connection
) -> None:
    response = send(as_support, merchant, "confirm", days(merchant))
    assert response.status_code == 422
    assert SENTENCE in response.text
    assert 'value="Ticket 4812"' in response.text


def test_the_next_press_is_the_first_that_is_saved(
    as_support: Client, merchant: Merchant, locked: sqlite3.Connection
) -> None:
    typed = days(merchant)
    send(as_support, merchant, "confirm", typed, headers=HTMX)
    locked.execute("ROLLBACK")
    answer = send(as_support, merchant, "confirm", typed, headers=HTMX)
    assert "Sent to Codat" in answer.text
    assert "You pressed twice." not in answer.text
    assert SyncRequest.objects.count() == 1


def test_a_word_about_overlap_is_asked_for_again_with_the_numbers_of_now(
    as_support: Client, merchant: Merchant, locked: sqlite3.Connection
) -> None:
    locked.execute("ROLLBACK")
    synced_yesterday(merchant)
    locked.execute("BEGIN IMMEDIATE")
    day = yesterday(merchant)
    accepted = {"seen_overlap": written([range_window(day, day, merchant.zone)])}
    answer = send(as_support, merchant, "confirm", days(merchant) | accepted, headers=HTMX)
    assert SENTENCE in answer.text
    assert "I know 1 day is already synced" in answer.text


def test_the_review_before_it_writes_nothing_and_waits_for_nobody(
    as_support: Client, merchant: Merchant, locked: sqlite3.Connection
) -> None:
    response = send(as_support, merchant, "review", days(merchant), headers=HTMX)
    assert response.status_code == 200
    assert SENTENCE not in response.text


def test_a_page_waits_less_for_the_lock_than_a_worker_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 20)
    serving.wait_less_for_a_lock()
    with closing(connection.copy()) as base, base.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (5000,)
