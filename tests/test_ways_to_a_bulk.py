"""From what is told of a bulk, and of each of its requests, there is a way to its results."""

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Activity, Bulk, Merchant, User
from syncs.operations import bulks
from syncs.operations.bulk_plans import Wish
from tests.factories import make_merchant, make_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def bulk(lead: User) -> Bulk:
    for _ in range(2):
        make_merchant()
    keys = list(Merchant.objects.values_list("pk", flat=True))
    wish = Wish("latest", reason="Codat incident")
    return bulks.ask_for_many(keys, wish, by=lead, now=timezone.now(), may_many=True).bulk


def entry(client: Client, verb: str) -> str:
    key = Activity.objects.filter(verb=verb)[0].pk
    return client.get("/activity/").text.split(f'id="entry-{key}"')[1].partition("</tr>")[0]


def test_the_entries_of_the_bulk_itself_lead_to_its_results(
    as_viewer: Client, bulk: Bulk, lead: User
) -> None:
    bulks.stop(bulk, by=lead, now=timezone.now())
    for verb in ("bulk.asked", "bulk.stopped"):
        assert f'<a class="link sm" href="/bulk/{bulk.pk}/">Its results</a>' in entry(as_viewer, verb)


def test_the_entry_of_one_of_its_requests_leads_to_the_request_and_to_the_bulk(
    as_viewer: Client, bulk: Bulk
) -> None:
    html = entry(as_viewer, "request.asked")
    assert 'href="/requests/' in html
    assert f'<a class="link sm" href="/bulk/{bulk.pk}/">one of many</a>' in html


def test_so_does_the_merchants_own_timeline_and_the_requests_page(as_viewer: Client, bulk: Bulk) -> None:
    request = bulk.requests[0]
    for address in (f"/merchants/{request.merchant.company_id}/", f"/requests/{request.pk}/"):
        assert f'href="/bulk/{bulk.pk}/"' in as_viewer.get(address).text


def test_what_belongs_to_no_bulk_leads_to_none(as_viewer: Client) -> None:
    request = make_request(make_merchant())
    for address in (
        "/activity/",
        f"/merchants/{request.merchant.company_id}/",
        f"/requests/{request.pk}/",
    ):
        assert 'href="/bulk/' not in as_viewer.get(address).text
