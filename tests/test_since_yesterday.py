"""The tile of those that fail says how many more they are than when yesterday ended."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from syncs.models import FailingTally, Merchant
from syncs.operations import tallies
from tests.conftest import NOON
from tests.factories import make_failing_merchant, make_merchant
from tests.test_health_page import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved")]


def said(client: Client) -> str:
    tile = page(client).split('id="tile-failing"')[1].split("</button>")[0]
    return re.sub(r"<[^b/][^>]*>|</span>|\s+", " ", tile.split('class="sm muted">')[1]).strip()


def yesterday_ended_with(failing: int) -> None:
    FailingTally.objects.create(day=NOON.date() - timedelta(days=1), failing=failing, counted_at=NOON)


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (1, 3, "<b>2 more</b> than yesterday"),
        (4, 3, "1 fewer than yesterday"),
        (3, 3, "as many as yesterday"),
        (2, 0, "2 fewer than yesterday"),
        (0, 0, "none"),
    ],
)
def test_it_says_how_many_more_or_fewer(as_viewer: Client, before: int, now: int, words: str) -> None:
    yesterday_ended_with(before)
    make_merchant()
    for _ in range(now):
        make_failing_merchant()
    assert said(as_viewer) == words


def test_where_the_clock_did_not_count_yesterday_it_tells_their_share(as_viewer: Client) -> None:
    make_failing_merchant()
    make_merchant()
    FailingTally.objects.create(day=NOON.date() - timedelta(days=2), failing=9, counted_at=NOON)
    assert said(as_viewer) == "50.0% of merchants"


def test_the_clock_keeps_what_a_day_ended_with(as_viewer: Client, moved: time_machine.Traveller) -> None:
    make_failing_merchant()
    make_failing_merchant(archived_at=NOON)
    tallies.keep(timezone.now())
    moved.move_to(NOON.replace(hour=23, minute=59))
    make_failing_merchant()
    tallies.keep(timezone.now())
    moved.shift(timedelta(minutes=2))
    for _ in range(3):
        make_failing_merchant()
    tallies.keep(timezone.now())
    assert dict(FailingTally.objects.values_list("day", "failing")) == {
        NOON.date(): 2,
        NOON.date() + timedelta(days=1): 5,
    }


def test_old_counts_go(moved: time_machine.Traveller) -> None:
    tallies.keep(timezone.now())
    moved.shift(timedelta(days=31))
    tallies.keep(timezone.now())
    assert FailingTally.objects.count() == 1


def test_the_loud_words_of_the_other_tile_stay(as_viewer: Client) -> None:
    make_failing_merchant(switches_off_on=NOON.date() + timedelta(days=2))
    assert "<b>1 within 3 days</b>" in page(as_viewer).split('id="tile-soon"')[1]
    Merchant.objects.update(switches_off_on=NOON.date() + timedelta(days=9))
    assert "within 14 days" in page(as_viewer).split('id="tile-soon"')[1]
