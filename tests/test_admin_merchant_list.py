"""The list of merchants in the admin: found by name or any id, filtered."""

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_merchant, make_sync

pytestmark = pytest.mark.django_db
LIST = "/admin/syncs/merchant/"


@pytest.mark.parametrize("by", ["name", "company", "sync", "connection"])
def test_a_merchant_is_found_by(as_admin: Client, by: str) -> None:
    wanted, other = make_merchant(name="Harbour & Pine"), make_merchant(name="Old Mill")
    terms = {
        "name": "harbour",
        "company": str(wanted.company_id),
        "sync": make_sync(wanted).sync_id,
        "connection": wanted.connections.all()[0].codat_id,
    }
    page = as_admin.get(LIST, {"q": terms[by]}).text
    assert str(wanted.company_id) in page
    assert str(other.company_id) not in page


def test_the_list_can_be_filtered(as_admin: Client) -> None:
    away = make_merchant(name="Away", archived_at=timezone.now(), archived_why="gone")
    clover = make_merchant(name="Clover shop", commerce="Clover", health="failing")
    plain = make_merchant(name="Plain shop")
    for query, expected in (
        ({"archived": "yes"}, {away}),
        ({"archived": "no"}, {clover, plain}),
        ({"health__exact": "failing"}, {clover}),
        ({"platform": "Clover"}, {clover}),
    ):
        page = as_admin.get(LIST, query).text
        assert {row for row in (away, clover, plain) if str(row.company_id) in page} == expected
