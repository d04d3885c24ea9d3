"""The cheap pass over Codat's companies: connections are kept fresh, and no page keeps the next from its turn."""

import pytest
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.errors import Uncertain
from syncs.models import Connection, Merchant
from syncs.operations import importing
from syncs.operations.handing_out import claim_due_merchants
from syncs.operations.importing import import_companies, read_connections
from syncs.operations.merchants import GONE_AT_CODAT, archive
from tests.companies import COMPANIES, Between
from tests.companies import client as client
from tests.companies import sandbox as sandbox
from tests.factories import make_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PAGE_SIZE", 10)


def test_connections_that_changed_make_the_clock_look_at_once(client: CodatClient) -> None:
    import_companies(client)
    Merchant.objects.update(next_refresh_at=None, next_refresh_reason="", version=0)
    link = Connection.objects.filter(status="Linked").order_by("pk")[0]
    Connection.objects.filter(pk=link.pk).update(status="PendingAuth")
    read_connections(client)
    looked_at = Merchant.objects.exclude(next_refresh_at=None).get()
    assert (looked_at.pk, looked_at.next_refresh_reason) == (link.merchant_id, "a connection changed")
    assert looked_at.version == 1
    link.refresh_from_db()
    assert link.status == "Linked"


def test_connections_that_changed_hand_no_merchant_to_a_second_worker(client: CodatClient) -> None:
    import_companies(client)
    now = timezone.now()
    claimed = claim_due_merchants(now, 99)
    Connection.objects.filter(status="Linked").update(status="PendingAuth")
    read_connections(client)
    assert claimed
    assert claim_due_merchants(timezone.now(), 99) == []


def test_connections_that_a_page_leaves_out_stay_as_they_were(client: CodatClient) -> None:
    import_companies(client)
    everybody = {str(merchant.company_id): {"connections": None} for merchant in Merchant.objects.all()}
    known = Connection.objects.filter(gone_at=None).count()
    read_connections(Between(client, changes=everybody))
    assert Connection.objects.filter(gone_at=None).count() == known > 0


def test_reading_connections_registers_archives_and_restores_nobody(client: CodatClient) -> None:
    import_companies(client)
    away = Merchant.objects.order_by("pk")[0]
    archive(away, why=GONE_AT_CODAT, now=importing.timezone.now())
    unknown_there = make_merchant()
    read_connections(client)
    assert Merchant.objects.count() == COMPANIES + 1
    assert set(Merchant.objects.exclude(archived_at=None)) == {away}
    assert unknown_there in Merchant.objects.registered()


@pytest.fixture
def imported(client: CodatClient) -> None:
    """Pages of ten, of which nothing that Codat tells now is known."""
    import_companies(client)
    Merchant.objects.update(codat_name="old")


def silent(*pages: int) -> dict[int, Exception]:
    return {number: Uncertain("Codat did not answer.") for number in pages}


@pytest.mark.usefixtures("imported")
def test_reading_connections_leaves_out_a_page_that_fails_and_goes_on(
    client: CodatClient, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Between(client, errors=silent(2))
    read_connections(watched)
    assert watched.pages_read == [1, 2, 3, 4]
    assert Merchant.objects.exclude(codat_name="old").count() == 30
    assert "page 2 of companies was not read: Codat did not answer." in caplog.text


@pytest.mark.usefixtures("imported")
def test_reading_connections_ends_at_the_third_error_in_a_row(
    client: CodatClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Codat is down then, and each page would wait for it."""
    watched = Between(client, errors=silent(2, 3, 4))
    read_connections(watched)
    assert watched.pages_read == [1, 2, 3, 4]
    assert Merchant.objects.exclude(codat_name="old").count() == 10
    assert "connections were not read to the end: Codat did not answer." in caplog.text


@pytest.mark.usefixtures("imported")
def test_errors_apart_from_each_other_do_not_end_the_reading(
    client: CodatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PAGE_SIZE", 5)
    watched = Between(client, errors=silent(1, 3, 5, 7))
    read_connections(watched)
    assert watched.pages_read == [1, 2, 3, 4, 5, 6, 7, 8]
    assert Merchant.objects.exclude(codat_name="old").count() == 20


@pytest.mark.usefixtures("imported")
def test_reading_connections_ends_after_a_last_page_that_fails(client: CodatClient) -> None:
    watched = Between(client, errors=silent(4))
    read_connections(watched)
    assert watched.pages_read == [1, 2, 3, 4, 5]
    assert Merchant.objects.exclude(codat_name="old").count() == 30
