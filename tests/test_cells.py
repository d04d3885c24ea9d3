"""The cells of a row of Sync health: what stands in them is escaped, and what many rows share is drawn once."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.safestring import SafeString

from syncs.models import Merchant
from syncs.presentation import Look
from syncs.views import cells
from syncs.views.cells import cells_of
from syncs.views.merchant_rows import FuseCell, rows_of
from tests.factories import make_cause, make_failing_merchant, make_merchant, make_request

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

NASTY = '"><script>alert(1)</script>&'
ESCAPED = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;"


def drawn(merchant: Merchant, *, may_ask: bool = True) -> str:
    (row,) = rows_of([Merchant.objects.get(pk=merchant.pk)], timezone.now())
    return "".join(cells_of(row, may_ask=may_ask))


def nasty(**columns: object) -> Merchant:
    return make_merchant(name=NASTY, on_it=NASTY, commerce=NASTY, accounting=NASTY, **columns)


@pytest.mark.parametrize("may_ask", [True, False])
@pytest.mark.parametrize(
    "columns",
    [
        {"health": "failing", "last_code": 5130, "last_message": NASTY},
        {"health": "failing", "last_code": 5080, "last_message": NASTY},
        {"health": "needs_reconnect", "last_code": 4040, "link_url": f"https://link.example.com/{NASTY}"},
        {"health": "needs_reconnect", "last_code": 4260},
        {"health": "switched_off"},
        {"health": "unseen", "refreshed_at": None},
        {"archived_at": timezone.now(), "archived_why": NASTY},
        {"running_since": timezone.now() - timedelta(minutes=3), "running_code": 1000},
    ],
)
def test_whatever_stands_in_a_row_is_escaped(columns: dict[str, object], *, may_ask: bool) -> None:
    html = drawn(nasty(**columns), may_ask=may_ask)
    assert "<script" not in html
    assert ESCAPED in html


def test_the_name_of_who_waits_is_escaped_too() -> None:
    merchant = nasty()
    make_request(merchant)
    html = drawn(merchant)
    assert "<script" not in html
    assert f"A sync of {ESCAPED} is on its way" in html


def test_who_may_not_ask_gets_one_cell_less_and_no_box() -> None:
    merchant = make_failing_merchant()
    with_box, without = (re.findall("<td.*?</td>", drawn(merchant, may_ask=may)) for may in (True, False))
    assert len(with_box) == len(without) + 1
    assert 'type="checkbox"' in with_box[0]
    assert 'type="checkbox"' not in "".join(without)


def test_what_two_rows_share_is_drawn_once() -> None:
    make_cause(5130, "shared")
    cells.result.cache_clear()
    for _ in range(2):
        drawn(make_failing_merchant(5130, "The account is archived"))
    assert cells.result.cache_info().misses == 1
    assert cells.result.cache_info().hits == 1


def test_a_text_that_is_safe_is_not_taken_for_its_twin_that_is_not() -> None:
    assert "<i>Xero</i>" in cells.platforms(SafeString("<i>Xero</i>"), "")
    assert "&lt;i&gt;Xero" in cells.platforms("<i>Xero</i>", "")


def test_only_so_many_kinds_of_cells_are_kept() -> None:
    for cell in (cells.platforms, cells.result, cells.days, cells.fuse):
        assert cell.cache_info().maxsize == 5000


@pytest.mark.parametrize(
    ("fuse", "told"),
    [
        (FuseCell("3 days left", "bad", "90%", 28, is_urgent=True), "<b><svg"),
        (FuseCell("2 days left", "bad", "90%", 28, is_urgent=True), "28 of 31</span>"),
        (
            FuseCell("2 days left", "bad", "90%", 28, is_urgent=True, is_yesterday_open=True),
            ', 1 open<span class="sr">: yesterday has no result yet</span>',
        ),
        (
            FuseCell("20 days left", "mute", "35%", 11, is_urgent=False),
            'num"><span>20 days left</span>',
        ),
        (
            FuseCell("Not counting", "hold", "35%", 11, is_urgent=False, is_counting=False),
            "has stopped trying",
        ),
        (None, "No countdown"),
    ],
)
def test_a_fuse_says_how_much_of_it_is_left(fuse: FuseCell | None, told: str) -> None:
    assert told in cells.fuse(fuse)


def test_what_moves_stands_beside_the_result_and_its_why_under_both() -> None:
    html = cells.result(
        Look("bad", "bad", "Failing", 5130), Look("run", "run", "Running", spins=True), "Why & so"
    )
    assert html.index("Failing") < html.index("Running") < html.index("Why &amp; so")
