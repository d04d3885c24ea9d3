import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.filters import SORT_WORDS
from syncs.models import SavedView
from syncs.operations import counting, heartbeats
from syncs.rules.states import State
from tests.factories import (
    make_connection,
    make_failing_merchant,
    make_merchant,
    make_request,
    make_sync,
)

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def names(html: str) -> list[str]:
    return re.findall(r'class="name"[^>]*>([^<]*)<', html)


def page(client: Client, url: str = "/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def tile(html: str, value: str) -> int:
    found = re.search(rf'id="tile-{value}".*?big num">([\d,]+)<', html, re.DOTALL)
    assert found
    return int(found[1].replace(",", ""))


def test_a_stranger_is_sent_to_sign_in() -> None:
    response = Client().get("/")
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


def test_the_merchant_longest_without_a_success_stands_first(as_viewer: Client) -> None:
    make_merchant(name="Fine")
    make_failing_merchant(name="Bad", silent_since=timezone.now() - timedelta(days=3))
    make_failing_merchant(name="Worst", silent_since=timezone.now() - timedelta(days=9))
    assert names(page(as_viewer)) == ["Worst", "Bad", "Fine"]


def test_who_fails_stands_before_who_never_began_and_whom_nobody_has_looked_at_yet(as_viewer: Client) -> None:
    long_ago = timezone.now() - timedelta(days=400)
    make_merchant(name="Not linked", health="never_synced", silent_since=long_ago)
    make_merchant(name="New", health="unseen", silent_since=long_ago)
    make_merchant(name="Cut off", health="needs_reconnect", silent_since=timezone.now() - timedelta(days=2))
    make_failing_merchant(name="Failing", silent_since=timezone.now() - timedelta(days=1))
    assert names(page(as_viewer)) == ["Cut off", "Failing", "Not linked", "New"]


def test_the_four_healths_and_the_unseen_add_up_to_all(as_viewer: Client) -> None:
    make_merchant()
    make_failing_merchant()
    make_merchant(health="needs_reconnect")
    make_merchant(health="never_synced")
    make_merchant(health="unseen")
    make_merchant(health="switched_off")
    make_merchant(archived_at=timezone.now())
    html = page(as_viewer)
    parts = [tile(html, value) for value in ("healthy", "failing", "needs_reconnect", "never_synced")]
    assert parts == [1, 1, 1, 1]
    assert tile(html, "all") == sum(parts) + 1
    assert "with 1 not looked at yet" in html
    assert "1 switched off" in html
    assert "1 archived" in html
    assert len(names(html)) == 5


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        ("healthy", ["Fine", "Running"]),
        ("failing", ["Failing", "Soon"]),
        ("running", ["Running"]),
        ("soon", ["Soon"]),
        ("switched_off", ["Off"]),
        ("archived", ["Gone"]),
        ("unseen", []),
    ],
)
def test_each_tile_and_link_lists_its_own(as_viewer: Client, scope: str, shown: list[str]) -> None:
    today = timezone.now().date()
    make_merchant(name="Fine")
    make_merchant(name="Running", running_since=timezone.now(), running_code=1000)
    make_failing_merchant(name="Failing", switches_off_on=today + timedelta(days=15))
    make_failing_merchant(name="Soon", switches_off_on=today + timedelta(days=14))
    make_merchant(name="Off", health="switched_off", switches_off_on=today)
    make_merchant(name="Gone", archived_at=timezone.now(), running_since=timezone.now())
    html = page(as_viewer, f"/?health={scope}")
    assert sorted(names(html)) == shown
    count = re.search(r'id="count"[^>]*>\s*(\d+) merchant', html)
    assert count
    assert int(count[1]) == len(shown)


def test_a_pressed_tile_says_so_and_keeps_the_other_filters(as_viewer: Client) -> None:
    make_failing_merchant()
    html = page(as_viewer, "/?health=failing&code=5130&sort=name")
    pressed = re.findall(r'value="(\w*)" aria-pressed="true"', html)
    assert pressed == ["failing"]
    tiles = html[html.index('id="tiles"') : html.index('id="results"')]
    assert 'name="code" value="5130"' in tiles
    assert 'name="sort" value="name"' in tiles
    assert "/?health=failing&amp;code=5130&amp;sort=fuse" in html


def head_of(html: str, word: str) -> tuple[str, str, str]:
    """How a column's head says that the list is sorted by it, where a press leads to, and the arrow."""
    [cell] = [cell for cell in re.findall(r"<th\b.*?</th>", html, re.DOTALL) if f">{word}" in cell]
    said, link, arrow = (
        re.search(pattern, cell) for pattern in (r'aria-sort="(\w+)"', r'href="(.*?)"', r"#i-(\w+)")
    )
    return said[1] if said else "", link[1] if link else "", arrow[1] if arrow else ""


@pytest.mark.parametrize("column", ["Merchant", "Last success", "Switches off in"])
def test_a_second_press_on_a_columns_head_turns_the_list_round(as_viewer: Client, column: str) -> None:
    for n in range(3):
        day = timezone.now() - timedelta(days=n)
        make_failing_merchant(name=f"M{n}", silent_since=day, switches_off_on=day.date(), failed_days=3)
    said, url, _ = head_of(page(as_viewer, "/?sort=fuse" if column != "Switches off in" else "/"), column)
    assert said == ""
    once = page(as_viewer, url)
    said, url, arrow = head_of(once, column)
    assert (said, arrow) == ("ascending", "up")
    twice = page(as_viewer, url)
    assert names(twice) == names(once)[::-1]
    said, url, arrow = head_of(twice, column)
    assert (said, arrow) == ("descending", "down")
    assert names(page(as_viewer, url)) == names(once)


def test_a_list_that_was_turned_round_stays_so_in_its_file_its_views_and_its_polls(
    as_viewer: Client,
) -> None:
    for name in "BAC":
        make_merchant(name=name)
    html = page(as_viewer, "/?sort=-name")
    assert "Merchants, by name, from the end" in html
    assert "/health.csv?sort=-name" in html
    file = b"".join(as_viewer.get("/health.csv?sort=-name")).decode()
    assert [line[0] for line in file.splitlines()[1:]] == ["C", "B", "A"]
    as_viewer.post("/views/", {"page": "health", "query": "sort=-name", "name": "Backwards"})
    assert SavedView.objects.get().query == "sort=-name&cols=all"
    assert "sort=-name" in re.findall(r'hx-get="(/health/live/.*?)"', html)[0]


def test_code_and_platforms_filter_together(as_viewer: Client) -> None:
    make_failing_merchant(5130, name="Right", commerce="Clover", accounting="Xero")
    make_failing_merchant(4000, name="Other code", commerce="Clover", accounting="Xero")
    make_failing_merchant(5130, name="Other shop", commerce="Shopify", accounting="Xero")
    make_failing_merchant(5130, name="Other books", commerce="Clover", accounting="QuickBooks")
    assert names(page(as_viewer, "/?code=5130&commerce=Clover&accounting=Xero")) == ["Right"]


def test_two_connections_of_one_platform_do_not_show_a_merchant_twice(as_viewer: Client) -> None:
    make_connection(make_merchant(commerce="Clover"), platform_name="Clover")
    assert len(names(page(as_viewer, "/?commerce=Clover"))) == 1


@pytest.mark.parametrize("name", ["health", "code", "commerce", "accounting", "sort"])
@pytest.mark.parametrize("value", ["banana", "99999", "²²²²", "'; --", "<script>"])
def test_an_unknown_value_is_ignored_with_a_note(as_viewer: Client, name: str, value: str) -> None:
    make_merchant(name="Still here")
    response = as_viewer.get("/", {name: value})
    html = response.content.decode()
    assert response.status_code == 200
    assert names(html) == ["Still here"]
    assert "It was ignored." in html
    assert "<script>" not in html


def test_part_of_a_name_finds_a_merchant_whatever_the_case(as_viewer: Client) -> None:
    make_merchant(name="Harbour & Pine")
    make_merchant(name="Tidewater Surf")
    assert names(page(as_viewer, "/?q=HARBOUR")) == ["Harbour &amp; Pine"]


def test_a_name_is_looked_for_among_the_switched_off_too(as_viewer: Client) -> None:
    make_merchant(name="Harbour", health="switched_off")
    assert names(page(as_viewer, "/?q=harb")) == ["Harbour"]


def test_any_exact_id_goes_straight_to_its_merchant(as_viewer: Client) -> None:
    merchant = make_merchant(archived_at=timezone.now())
    sync = make_sync(merchant, sync_id="odd-sync-id", commerce_sync_id=str(uuid4()))
    ids = [merchant.company_id, str(merchant.company_id).upper(), sync.sync_id, sync.commerce_sync_id]
    ids += merchant.connections.values_list("codat_id", flat=True)
    for text in ids:
        response = as_viewer.get("/", {"q": f"  {text} "})
        assert response.status_code == 302, text
        assert response["Location"] == f"/merchants/{merchant.company_id}/"


@pytest.mark.parametrize("written", ["{}", "{{{}}}", "urn:uuid:{}"])
@pytest.mark.parametrize("dashes", ["-", ""])
def test_an_id_may_be_written_in_any_of_its_ways(as_viewer: Client, written: str, dashes: str) -> None:
    merchant = make_merchant()
    sync = make_sync(merchant, commerce_sync_id=str(uuid4()))
    for found in (merchant.company_id, sync.sync_id, sync.commerce_sync_id, merchant.commerce.codat_id):
        text = written.format(str(found).replace("-", dashes))
        response = as_viewer.get("/", {"q": text})
        assert response.headers.get("Location") == f"/merchants/{merchant.company_id}/", text


def test_for_htmx_an_exact_id_takes_the_whole_page_along(as_viewer: Client) -> None:
    merchant = make_merchant()
    response = as_viewer.get("/", {"q": str(merchant.company_id)}, headers=HTMX)
    assert response["HX-Redirect"] == f"/merchants/{merchant.company_id}/"


def test_an_id_that_two_merchants_share_lists_them_both(as_viewer: Client) -> None:
    for name in ("One", "Two"):
        make_sync(make_merchant(name=name), sync_id="shared")
    make_merchant(name="Other")
    assert sorted(names(page(as_viewer, "/?q=shared"))) == ["One", "Two"]


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "a\0b", "🦉", "%", "_", "'", '"', "\\", "𝕏", "\ud800", "\u202e", "<b>", "  "]
)
def test_odd_input_finds_nothing_and_breaks_nothing(as_viewer: Client, text: str) -> None:
    make_merchant(name="Plain name")
    response = as_viewer.get("/", {"q": text.encode("utf-8", "surrogatepass")})
    assert response.status_code == 200
    assert "<b>”" not in response.content.decode()


def test_a_percent_sign_is_a_percent_sign(as_viewer: Client) -> None:
    make_merchant(name="100% Wool")
    make_merchant(name="1000 Wools")
    assert names(page(as_viewer, "/?q=100%25")) == ["100% Wool"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("/", "No merchants yet."),
        ("/?health=failing", "Nothing is failing."),
        ("/?q=harbor", "No merchant matches “harbor”."),
        ("/?code=5130", "No merchant fits these filters."),
    ],
)
def test_an_empty_list_says_what_that_means(as_viewer: Client, url: str, sentence: str) -> None:
    assert sentence in page(as_viewer, url)


def test_htmx_gets_the_list_and_the_tiles_and_a_clean_address(as_viewer: Client) -> None:
    make_merchant()
    response = as_viewer.get("/?q=&code=&health=healthy&sort=success", headers=HTMX)
    html = response.content.decode()
    assert "<html" not in html
    assert 'id="results"' in html
    assert 'hx-swap-oob="true"' in html
    assert response["HX-Push-Url"] == "/?health=healthy"
    assert "HX-Request" in response["Vary"]


def test_the_number_of_queries_does_not_grow_with_the_merchants(as_support: Client) -> None:
    def queries() -> int:
        counting.keep(timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page(as_support)
        return len(captured)

    for _ in range(5):
        make_request(make_failing_merchant(), state=State.ACCEPTED)
    few = queries()
    for _ in range(55):
        make_request(make_failing_merchant(), state=State.ACCEPTED)
    assert queries() == few
    assert few <= 14


def test_a_silent_worker_is_told_on_every_page_and_a_living_house_says_nothing(as_viewer: Client) -> None:
    assert "No worker has reported yet" in page(as_viewer)
    for part in (*heartbeats.PARTS, heartbeats.QUEUE_TAKES):
        heartbeats.beat(part, host="here", pid=1)
    assert 'class="banner ' not in page(as_viewer).split('id="trouble"')[0]


def test_why_syncs_fail_tells_how_many_it_leaves_out(as_viewer: Client) -> None:
    for code in (4000, 4200, 5000, 5080, 5120):
        make_failing_merchant(code=code)
        make_failing_merchant(code=code)
    assert "other code" not in page(as_viewer)
    make_failing_merchant(code=5130)
    cache.clear()
    assert "and 1 with 1 other code</li>" in page(as_viewer)
    make_failing_merchant(code=5999)
    cache.clear()
    assert "and 2 with 2 other codes</li>" in page(as_viewer)


class TestOrder:
    """Where the heads of the columns are hidden, the toolbar says the order and changes it."""

    def test_the_toolbar_offers_every_order_in_the_words_of_the_list(self, as_viewer: Client) -> None:
        make_merchant()
        toolbar = page(as_viewer, "/?sort=-name").partition('id="filters"')[2].partition("</form>")[0]
        offered = toolbar.partition('id="sort"')[2].partition("</select>")[0]
        assert re.findall(r'<option value="(.*?)" (?:selected)?>(.*?)</option>', offered) == list(
            SORT_WORDS.items()
        )
        assert '<option value="-name" selected>' in offered
        # Once only: what the select says is what is sent.
        assert toolbar.count('name="sort"') == 1

    def test_a_new_order_is_told_to_who_does_not_see_it(self, as_viewer: Client) -> None:
        make_merchant()
        told = as_viewer.get("/?sort=-fuse", headers={"HX-Request": "true"}).text
        assert 'id="order-words" data-told>Sorted: latest switched off first</span>' in told

    def test_on_paper_the_list_says_its_filters_its_order_and_its_moment(self, as_viewer: Client) -> None:
        make_merchant()
        html = page(as_viewer, "/?health=healthy&q=merchant&sort=name")
        assert '<p class="printed">Healthy, “merchant”; by name</p>' in html
        assert '<p class="printed">All merchants; longest without a success first</p>' in page(as_viewer)
        assert re.search(
            r'<p class="printed" id="as-of">As of \d+ \w{3} \d{4}, \d\d:\d\d, Europe/London</p>', html
        )


def test_a_key_of_a_row_asks_for_a_row_first(as_support: Client, as_viewer: Client) -> None:
    make_merchant()
    hint = 'hidden data-why-not="l r">Choose a row first: J and K move.</p>'
    assert hint in page(as_support)
    assert hint not in page(as_viewer)
