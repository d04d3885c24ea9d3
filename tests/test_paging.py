import base64
import json
from datetime import date, timedelta
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from syncs.filters import SORTS
from syncs.models import Merchant, Sync, SyncRequest
from syncs.paging import Order, cursor, page
from syncs.rules.health import Health
from tests.factories import make_merchant, make_request, make_sync
from tests.test_health_page import names

pytestmark = pytest.mark.django_db

START = timezone.now() - timedelta(days=100)


def make_many() -> None:
    """Eleven, with equal values, empty ones and names in no order."""
    for n in range(11):
        make_merchant(
            commerce=None,
            accounting=None,
            name=f"M{(7 * n) % 11:02}",
            silent_since=START + timedelta(hours=n // 3),
            switches_off_on=date(2026, 12, 1 + n // 2) if n % 3 else None,
            health=sorted(Health)[n % 4],
        )


ORDERS = {
    **SORTS,
    "worst last": Order("silent_since", descending=True, group="severity"),
    "newest": Order("silent_since", descending=True),
    "fuse down": Order("switches_off_on", True, True),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_walking_forth_and_back_shows_every_row_once_and_in_order(order: Order) -> None:
    make_many()
    whole = page(Merchant.objects.all(), order, size=99).rows
    walked, before, after = [], [], ""
    while True:
        found = page(Merchant.objects.all(), order, after=after, size=4)
        walked.append(found.rows)
        before.append(found.before)
        after = found.after
        if not after:
            break
    assert [len(rows) for rows in walked] == [4, 4, 3]
    assert [row for rows in walked for row in rows] == whole
    assert before[0] == ""
    for n in (1, 2):
        assert page(Merchant.objects.all(), order, before=before[n], size=4).rows == walked[n - 1]


def test_empty_values_come_last_in_both_directions() -> None:
    make_many()
    for descending in (False, True):
        rows = page(Merchant.objects.all(), Order("switches_off_on", descending, nullable=True)).rows
        assert [row.switches_off_on is None for row in rows] == [False] * 7 + [True] * 4


@pytest.mark.parametrize("name", ["success", "name", "fuse"])
def test_the_other_way_round_is_the_same_list_from_its_end(name: str) -> None:
    """But for those with an empty column, who stand last in both."""
    make_many()
    column = SORTS[name].column
    there, back = (
        [row for row in page(Merchant.objects.all(), SORTS[way]).rows if getattr(row, column) is not None]
        for way in (name, f"-{name}")
    )
    assert there == back[::-1]


def test_only_a_page_that_holds_filled_and_empty_ones_asks_twice(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_many()
    for size, queries in ((3, 1), (7, 2), (99, 2)):
        with django_assert_num_queries(queries):
            page(Merchant.objects.all(), SORTS["-fuse"], size=size)


def test_only_a_page_that_reaches_beyond_its_group_asks_twice(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_many()
    order = SORTS["success"]
    rows = page(Merchant.objects.all(), order, size=99).rows
    of_the_last = [row for row in rows if row.severity == rows[-1].severity]
    assert len(of_the_last) >= 3
    for last, queries in ((of_the_last[0], 1), (of_the_last[-2], 2)):
        with django_assert_num_queries(queries):
            page(Merchant.objects.all(), order, after=cursor(last, order), size=1)


def test_going_back_past_the_start_gives_a_whole_first_page() -> None:
    make_many()
    rows = page(Merchant.objects.all(), SORTS["name"], size=99).rows
    back = page(Merchant.objects.all(), SORTS["name"], before=cursor(rows[2], SORTS["name"]), size=4)
    assert back.rows == rows[:4]
    assert back.before == ""


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_past_the_end_stand_the_last_rows_that_there_are_and_the_way_back(order: Order) -> None:
    """Whoever stood on the last page saw its rows go: what there is must be shown, and not that there is nothing."""
    make_many()
    whole = page(Merchant.objects.all(), order, size=99).rows
    last = cursor(whole[7], order)
    kept = Merchant.objects.filter(pk__in=[row.pk for row in whole[:8]])
    found = page(kept, order, after=last, size=4)
    assert found.rows == whole[4:8]
    assert page(kept, order, before=found.before, size=4).rows == whole[:4]
    few = page(kept.filter(pk__in=[row.pk for row in whole[:2]]), order, after=last, size=4)
    assert (few.rows, few.before, few.after) == (whole[:2], "", "")


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


NONSENSE = [
    "x",
    "%%%",
    "é",
    "\0",
    encoded([]),
    encoded(["2026-01-01T00:00:00", 1]),
    encoded(["2026-01-01T00:00:00", 1, 0]) + "~",
    encoded([None, 1, 0]),
    encoded([5, 1, 0]),
    encoded([["a"], 1, 0]),
    encoded(["2026-01-01T00:00:00Z", "1", 0]),
    encoded(["2026-01-01T00:00:00Z", 2**70, 0]),
    encoded(["2026-01-01T00:00:00Z", True, 0]),
    encoded(["2026-01-01T00:00:00Z", 1, None]),
    encoded(["2026-01-01T00:00:00Z", 1, 2**70]),
    encoded(["0001-01-01T00:00:00+14:00", 1, 0]),
    encoded({"a": 1}),
    encoded(["a\0b", 1, 0]),
    encoded(["\ud800", 1, 0]),
    "W" * 100_000,
    base64.urlsafe_b64encode(b"[" * 1400).decode(),
]


@pytest.mark.parametrize("text", NONSENSE, ids=range(len(NONSENSE)))
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("way", ["after", "before"])
def test_a_cursor_that_makes_no_sense_gives_a_page_all_the_same(text: str, order: Order, way: str) -> None:
    make_merchant(commerce=None, accounting=None)
    page(Merchant.objects.all(), order, **{way: text})


@pytest.mark.parametrize("text", NONSENSE, ids=range(len(NONSENSE)))
def test_nor_does_it_break_the_health_page(as_viewer: Client, text: str) -> None:
    assert as_viewer.get("/", {"after": text, "before": text}).status_code == 200


@pytest.mark.parametrize(
    "letter", ["x", "商", "🦉", '"', "\x01"], ids=["Latin", "Chinese", "owls", "quotes", "control"]
)
def test_names_as_long_as_may_be_are_paged_in_any_script(as_viewer: Client, letter: str) -> None:
    longest = [f"{letter * 252}{n:03}" for n in range(110)]
    Merchant.objects.bulk_create(Merchant(company_id=uuid4(), name=name) for name in longest)
    names = dict(Merchant.objects.values_list("pk", "name"))
    seen, url = [], "/?sort=name"
    for _ in range(4):
        response = as_viewer.get(url)
        seen += [names[row.shown.pk] for row in response.context["rows"]]
        url = response.context["next_url"]
        if not url:
            break
    assert seen == longest


def test_filters_and_sort_survive_the_pages_of_the_health_page(as_viewer: Client) -> None:
    for n in range(120):
        make_merchant(name=f"Shop {n:03}", commerce=None, accounting=None)
    make_merchant(name="Other")
    seen, url = [], "/?q=shop&sort=name"
    for _ in range(3):
        html = as_viewer.get(url).content.decode()
        seen += names(html)
        follow = [link.split('"')[0] for link in html.split('href="') if 'rel="next"' in link[:400]]
        if follow:
            url = follow[0].replace("&amp;", "&")
            assert {"q": ["shop"], "sort": ["name"]}.items() <= parse_qs(urlsplit(url).query).items()
    assert seen == [f"Shop {n:03}" for n in range(120)]


@pytest.mark.parametrize("address", ["/?health=failing", "/?commerce=Shopify", "/?q=shop&sort=name", "/"])
def test_who_stands_on_a_page_whose_rows_have_gone_sees_those_that_there_are(
    as_viewer: Client, address: str
) -> None:
    for n in range(51):
        since = START + timedelta(hours=n)
        make_merchant(name=f"Shop {n:02}", health="failing", last_code=5000, silent_since=since)
    second = as_viewer.get(address).context["next_url"]
    assert names(as_viewer.get(second).text) == ["Shop 50"]
    Merchant.objects.filter(name="Shop 50").update(archived_at=timezone.now())
    html = as_viewer.get(second).text
    assert names(html) == [f"Shop {n:02}" for n in range(50)]
    assert "1–50 of 50" in html


@pytest.mark.parametrize("address", ["/requests/?state=way", "/syncs/"])
def test_so_does_who_looks_at_requests_or_at_all_syncs(as_viewer: Client, address: str) -> None:
    merchants = [make_merchant(commerce=None, accounting=None) for _ in range(51)]
    for n, merchant in enumerate(merchants):
        at = START - timedelta(minutes=n)
        make_request(merchant, asked_at=at)
        make_sync(merchant, started_at=at)
    second = urljoin(address, as_viewer.get(address).context["older_url"])
    assert as_viewer.get(second).text.count("<tr id=") == 1
    SyncRequest.objects.filter(merchant=merchants[-1]).update(state="cancelled", finished_at=START)
    Sync.objects.filter(merchant=merchants[-1]).delete()
    assert as_viewer.get(second).text.count("<tr id=") == 50
