"""What is told of days that are already synced before a range is sent: the same on the form and the confirm step."""

from datetime import date

import pytest
from django.test import Client

from syncs.models import Merchant
from tests.factories import make_merchant
from tests.test_days_synced_in_part import decided, ran, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]


@pytest.fixture
def merchant() -> Merchant:
    """9 and 10 June are synced, then three days failed; of the 14th and later nothing is known."""
    merchant = make_merchant()
    ran(merchant, 2000, 8, 10, hour=23)
    for finish in (11, 12, 13):
        ran(merchant, 5130, 10, finish, hour=23)
    return decided(merchant)


def confirmed(client: Client, merchant: Merchant, first: int, last: int) -> str:
    """The row about overlap of the confirm step."""
    typed = {"first_day": date(2026, 6, first), "last_day": date(2026, 6, last), "reason": "Ticket 12"}
    html = client.post(f"/merchants/{merchant.company_id}/rerun/range/review/", typed).text
    return html.partition("<dt>Overlap</dt>")[2].partition("</dd>")[0]


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (11, 13, "None, all 3 days failed before"),
        (11, 12, "None, both days failed before"),
        (12, 12, "None, this day failed before"),
        (12, 15, "None, 2 of these 4 days failed before"),
        (14, 15, "None, not synced yet"),
    ],
)
def test_where_nothing_overlaps_it_is_said_what_became_of_these_days(
    as_support: Client, merchant: Merchant, first: int, last: int, told: str
) -> None:
    row = confirmed(as_support, merchant, first, last)
    assert words(row) == told
    assert 'class="pill t-ok"' in row


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (10, 13, "1 of these 4 days is already synced (10 Jun)."),
        (9, 13, "2 of these 5 days are already synced (9 – 10 Jun)."),
        (9, 10, "Both days are already synced."),
        (10, 10, "This day is already synced."),
    ],
)
def test_overlap_has_the_words_of_the_form(
    as_support: Client, merchant: Merchant, first: int, last: int, told: str
) -> None:
    query = {"first_day": f"2026-06-{first:02}", "last_day": f"2026-06-{last:02}"}
    form = as_support.get(f"/merchants/{merchant.company_id}/range/", query, headers={"HX-Request": "true"})
    sentence = f"{told} Codat may stop the run with 5080."
    assert sentence in words(form.text).replace(" .", ".")
    assert words(confirmed(as_support, merchant, first, last)).replace(" .", ".") == sentence
