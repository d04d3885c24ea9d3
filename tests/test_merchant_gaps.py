"""Days that are not in the books and that no later sync goes back for, on the merchant's page."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from syncs.models import Merchant
from tests.factories import make_failing_merchant, make_merchant, make_request, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]

TODAY = date(2026, 6, 17)
RECENT = ("w", 2)


def with_days(merchant: Merchant, *runs: tuple[str, int]) -> Merchant:
    """Its days up to yesterday, oldest first: so many of a letter. w is covered, f failed, n quiet, g never ran."""
    letters = "".join(letter * count for letter, count in runs)
    outcomes = {"w": "synced", "f": "failed", "n": "empty", "g": "not_run", "r": "running"}
    sync = make_sync(merchant)
    for n, letter in enumerate(letters):
        day = TODAY - timedelta(days=len(letters) - n)
        covered = sync if letter in "wn" else None
        merchant.days.create(day=day, outcome=outcomes[letter], covered_by=covered)
    return merchant


def page(client: Client, merchant: Merchant, query: str = "") -> str:
    return client.get(f"/merchants/{merchant.company_id}/{query}").content.decode()


def link(first: date, last: date) -> str:
    return f"?run=historic&amp;first={first}&amp;last={last}#rerun"


def test_a_healthy_merchant_with_days_left_behind_is_not_told_to_have_nothing_wrong(
    as_support: Client,
) -> None:
    html = page(as_support, with_days(make_merchant(), ("w", 3), ("f", 10), RECENT))
    assert "10 days are not in the books: 5 – 14 Jun." in html
    assert "no later sync goes back for" in html
    assert "Nothing. The last sync succeeded." not in html
    assert "The sales are in the books." not in html
    assert "Who must act" in html
    assert link(date(2026, 6, 5), date(2026, 6, 14)) in html
    assert "Healthy" in html[html.index("<h1>") : html.index("Company ID")]


def test_one_day_is_told_as_one(as_support: Client) -> None:
    html = page(as_support, with_days(make_merchant(), ("w", 3), ("f", 1), RECENT))
    assert "1 day is not in the books: 14 Jun." in html
    assert "goes back for this day:" in html


@pytest.mark.parametrize(
    "runs",
    [
        [("w", 9)],
        [("n", 9), ("w", 1)],
        [("w", 3), ("r", 1), ("w", 1)],
        [("g", 5), ("w", 3)],
        [],
    ],
)
def test_with_every_day_covered_quiet_or_running_nothing_is_wrong(
    as_support: Client, runs: list[tuple[str, int]]
) -> None:
    html = page(as_support, with_days(make_merchant(), *runs))
    assert "Nothing. The last sync succeeded." in html
    assert "not in the books" not in html
    assert "Missing days" not in html


def test_a_failing_merchant_is_told_of_them_only_when_they_lie_before_its_newest_success(
    as_support: Client,
) -> None:
    merchant = with_days(make_failing_merchant(5990), ("w", 1), ("f", 4), ("w", 2), ("f", 3))
    html = page(as_support, merchant)
    assert "What to do" in html
    assert "4 days are not in the books: 8 – 11 Jun." in html
    assert "not in the books" not in page(as_support, with_days(make_failing_merchant(), ("w", 4), ("f", 3)))


def test_days_that_failed_after_the_newest_success_are_told_to_wait_for_the_next_one(
    as_support: Client,
) -> None:
    html = page(as_support, with_days(make_merchant(), ("w", 3), ("f", 2), ("g", 1)))
    assert "Nothing. The last sync succeeded." in html
    assert (
        "The sales of 14 – 16 Jun are not in the books yet: the next daily or latest sync covers them."
        in html
    )
    assert "The sales are in the books." not in html


def test_of_several_stretches_the_first_three_are_named_each_with_its_link(as_support: Client) -> None:
    one = [("f", 1), ("w", 1)]
    html = page(as_support, with_days(make_merchant(), ("w", 1), *one, ("f", 2), ("w", 1), *one, *one, *one))
    assert "6 days are not in the books: 6 Jun, 8 – 9 Jun, 11 Jun and 2 more stretches." in html
    assert "Fill the form with 8 – 9 Jun" in html
    assert html.count("Fill the form") == 3


def test_days_before_the_start_date_are_left_as_the_merchant_wanted(as_support: Client) -> None:
    merchant = make_merchant(start_date=TODAY - timedelta(days=2))
    assert "not in the books" not in page(as_support, with_days(merchant, ("w", 3), ("f", 9), RECENT))


@pytest.mark.parametrize(("role", "offered"), [("support", True), ("viewer", False)])
def test_who_may_not_ask_reads_of_them_without_a_link(
    as_support: Client, as_viewer: Client, role: str, offered: bool
) -> None:
    client = as_support if role == "support" else as_viewer
    html = page(client, with_days(make_merchant(), ("w", 3), ("f", 9), RECENT))
    assert "9 days are not in the books" in html
    assert ("Fill the form" in html) == offered


def test_while_something_is_under_way_no_link_leads_to_a_form_that_is_not_there(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 3), ("f", 9), RECENT)
    make_request(merchant)
    html = page(as_support, merchant)
    assert "9 days are not in the books" in html
    assert "Fill the form" not in html


def test_what_is_offered_fits_the_form(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 1), ("f", 400), RECENT)
    [offer] = as_support.get(f"/merchants/{merchant.company_id}/").context["missing"].stretches
    data = {"first_day": str(offer.first), "last_day": str(offer.last), "reason": "Ticket 4812"}
    address = f"/merchants/{merchant.company_id}/rerun/range/review/"
    assert as_support.post(address, data).status_code == 200


def presets(client: Client, merchant: Merchant) -> dict[str, tuple[date, date]]:
    offered: list[Any] = client.get(f"/merchants/{merchant.company_id}/").context["presets"]
    return {preset.word: (preset.first, preset.last) for preset in offered}


def test_the_form_offers_the_oldest_missing_days_beside_those_since_the_last_success(
    as_support: Client,
) -> None:
    merchant = with_days(make_merchant(), ("w", 1), ("f", 4), ("w", 1), ("f", 2), ("w", 2), ("f", 1))
    offered = presets(as_support, merchant)
    assert offered["Missing days"] == (date(2026, 6, 7), date(2026, 6, 10))
    assert offered["Since last success"] == (date(2026, 6, 16), date(2026, 6, 16))


def test_without_missing_days_none_are_offered(as_support: Client) -> None:
    assert "Missing days" not in presets(as_support, with_days(make_merchant(), ("w", 4), ("f", 2)))


def test_who_may_choose_days_hears_a_grid_and_who_may_not_a_table(
    as_support: Client, as_viewer: Client
) -> None:
    merchant = with_days(make_merchant(), ("w", 3))
    chosen = page(
        as_support,
        merchant,
        f"?run=historic&first={TODAY - timedelta(days=2)}&last={TODAY - timedelta(days=1)}",
    )
    assert 'class="cov" role="grid" aria-multiselectable="true"' in chosen
    assert chosen.count('role="gridcell" aria-selected="true"') == 2
    assert 'class="cov" role="table" aria-label' in page(as_viewer, merchant)
