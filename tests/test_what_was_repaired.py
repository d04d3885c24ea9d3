"""A request names the failure that it repairs, and the failure what covers its days since."""

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import SyncRequest
from syncs.rules.states import State
from tests.factories import make_merchant, make_request
from tests.proofs import by_schedule, day, decided, failing, of_merchant, of_request, page, rerun

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_a_request_names_the_failure_that_it_repaired_and_the_failure_names_the_request(
    as_viewer: Client,
) -> None:
    merchant = failing()
    newest = merchant.syncs.newest_first()[0]
    request = rerun(merchant, day(5), day(1))
    html = page(as_viewer, of_request(request))
    assert "<dt>Repairs</dt>" in html
    assert f"/syncs/{newest.pk}/" in html
    assert "and 4 more failures before it" in html
    row = (
        page(as_viewer, f"{of_merchant(request)}").split(f'id="sync-{newest.pk}"')[1].partition("</tbody>")[0]
    )
    assert "16 Jun re-covered by" in row
    assert f'href="/requests/{request.pk}/"' in row
    assert "inferred" in row


def test_a_failure_whose_days_the_schedule_took_along_names_that_sync(as_viewer: Client) -> None:
    merchant = make_merchant()
    by_schedule(merchant, 2, 2000)
    failed, good = by_schedule(merchant, 1), by_schedule(merchant, 0, 2000)
    decided(merchant)
    whole = page(as_viewer, f"/merchants/{merchant.company_id}/")
    address = f"/merchants/{merchant.company_id}/syncs/{failed.pk}/"
    alone = as_viewer.get(address, HTTP_HX_REQUEST="true").content.decode()
    for html in (whole, alone):
        row = html.split(f'id="sync-{failed.pk}"')[1].partition("</tbody>")[0]
        assert "15 Jun re-covered by" in row
        assert f"/syncs/{good.pk}/" in row


def test_a_request_under_way_names_what_it_is_to_repair(as_viewer: Client) -> None:
    merchant = failing()
    decided(merchant)
    older = merchant.syncs.newest_first()[2]
    for kind, wanted, named in (
        ("historic", {"first_day": day(5), "last_day": day(3)}, older),
        ("latest", {}, merchant.syncs.newest_first()[0]),
    ):
        request = make_request(merchant, kind=kind, **wanted)
        html = page(as_viewer, of_request(request))
        assert "<dt>Is to repair</dt>" in html
        assert f"/syncs/{named.pk}/" in html
        SyncRequest.objects.filter(pk=request.pk).update(state=State.CANCELLED, finished_at=timezone.now())
