"""Companies are imported from a real sandbox process; what Codat would rarely do goes through a proxy client."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sandbox.testing import Sandbox
from syncs.codat.client import CodatClient
from syncs.codat.errors import Later, Uncertain
from syncs.codat.pages import Page
from syncs.codat.schemas import Company
from syncs.models import Activity, Connection, ImportRun, Merchant
from syncs.operations import importing, merchants
from syncs.operations.importing import import_companies
from tests.companies import COMPANIES, Between
from tests.companies import client as client
from tests.companies import sandbox as sandbox
from tests.factories import make_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PAGE_SIZE", 10)


def register_state() -> list[tuple[Any, ...]]:
    """All that an import decides, in an order that does not depend on how often it was begun."""
    rows = Merchant.objects.order_by("company_id").prefetch_related("connections")
    return [
        (
            *(
                row.company_id,
                row.name,
                row.codat_name,
                row.tags,
                row.link_url,
                row.archived_at,
                row.silent_since,
            ),
            *sorted((link.codat_id, link.side, link.status) for link in row.connections.all()),
        )
        for row in rows
    ]


def test_every_company_becomes_a_merchant_with_what_codat_tells(
    client: CodatClient, sandbox: Sandbox
) -> None:
    run = import_companies(client)
    told = {item["company_id"]: item["name"] for item in sandbox.merchants()}
    assert (run.state, run.added, run.seen, run.total, run.pages) == (
        "done",
        COMPANIES,
        COMPANIES,
        COMPANIES,
        4,
    )
    assert {str(row.company_id): row.name for row in Merchant.objects.all()} == told
    merchant = Merchant.objects.order_by("pk")[0]
    company = client.company(merchant.company_id)
    assert merchant.codat_name == company.name
    assert merchant.link_url == company.redirect
    assert merchant.silent_since == company.created
    assert merchant.next_refresh_at is not None
    assert {row.codat_id for row in merchant.connections.all()} == {link.id for link in company.connections}


def test_progress_is_told_after_every_page(client: CodatClient) -> None:
    said: list[tuple[int, int]] = []
    import_companies(client, on_page=lambda run: said.append((run.pages, run.seen)))
    assert said == [(1, 10), (2, 20), (3, 30), (4, 40)]


def test_importing_again_changes_nothing(client: CodatClient) -> None:
    import_companies(client)
    before, versions = register_state(), list(Merchant.objects.order_by("pk").values_list("version"))
    run = import_companies(client)
    assert (run.added, run.restored, run.archived, run.skipped) == (0, 0, 0, 0)
    assert register_state() == before
    assert list(Merchant.objects.order_by("pk").values_list("version")) == versions


def test_an_import_that_broke_off_and_is_repeated_ends_like_one_that_did_not(client: CodatClient) -> None:
    broken = import_companies(Between(client, errors={3: Uncertain("Codat did not answer.")}))
    assert (broken.state, broken.problem, broken.pages) == ("failed", "Codat did not answer.", 2)
    assert Merchant.objects.count() == 20
    repeated = import_companies(client)
    assert (repeated.state, repeated.added) == ("done", 20)
    after_two = register_state()
    Connection.objects.all().delete()
    Merchant.objects.all().delete()
    import_companies(client)
    assert register_state() == after_two


def test_a_broken_off_import_archives_nobody(client: CodatClient) -> None:
    stray = make_merchant()
    import_companies(Between(client, errors={4: Uncertain("Codat did not answer.")}))
    stray.refresh_from_db()
    assert not stray.is_archived


def test_being_told_to_wait_is_no_end(client: CodatClient) -> None:
    slow = Between(client, errors={2: Later("Calls are being spread out.", retry_after=1)})
    assert import_companies(slow).state == "done"
    assert slow.pages_read == [1, 2, 2, 3, 4]


def test_a_page_that_changed_nothing_takes_few_queries(client: CodatClient) -> None:
    import_companies(client)
    page = client.companies(1, COMPANIES)
    counts = []
    for number in (5, COMPANIES):
        with CaptureQueriesContext(connection) as queries:
            importing.company_rows.update_registered(page.items[:number], importing.timezone.now())
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4


def test_a_name_follows_codat_until_a_person_gives_another(client: CodatClient) -> None:
    import_companies(client)
    followed, given = Merchant.objects.order_by("pk")[:2]
    merchants.rename(given, "Our own name", by=None)
    changes = {str(row.company_id): {"name": f"New {row.pk}"} for row in (followed, given)}
    import_companies(Between(client, changes=changes))
    followed.refresh_from_db()
    given.refresh_from_db()
    assert followed.name == followed.codat_name == f"New {followed.pk}"
    assert (given.name, given.codat_name) == ("Our own name", f"New {given.pk}")
    renamed = Activity.objects.get(merchant=followed, verb="merchant.renamed")
    assert renamed.after == f"New {followed.pk}"


def test_companies_without_a_name_or_with_an_odd_id_are_skipped_and_said(client: CodatClient) -> None:
    first, second = client.companies(1, 2).items
    odd = {first.id: {"id": "not-a-uuid"}, second.id: {"name": "  "}}
    run = import_companies(Between(client, changes=odd))
    assert (run.state, run.skipped, run.added) == ("done", 2, COMPANIES - 2)
    assert run.notes == [
        "Skipped “not-a-uuid”: its ID is not a UUID.",
        f"Skipped {second.id}: it has no name at Codat.",
    ]


NOTHING = {"id": None, "name": None}


def listing(*rows: object, total: int | None) -> Page[Company]:
    answer = {"results": list(rows), "pageNumber": None, "totalResults": total, "_links": None}
    return Page.from_json(answer, Company.from_json, number=1, size=10)


def test_entries_without_an_id_are_skipped_and_said(
    client: CodatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "companies", lambda *_: listing(NOTHING, total=None))
    run = import_companies(client)
    assert (run.state, run.seen, run.skipped) == ("done", 0, 1)
    assert run.notes == ["Skipped 1 entry without an ID, on page 1."]
    assert run.problem == "Codat's list has entries without an ID, so nothing was archived."


def test_who_may_be_an_entry_without_an_id_is_not_taken_for_gone(
    client: CodatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost = make_merchant(), make_merchant()
    known = {"id": str(kept.company_id), "name": kept.name}
    monkeypatch.setattr(client, "companies", lambda *_: listing(known, NOTHING, "odd", total=1))
    run = import_companies(client, yes=True)
    assert (run.seen, run.skipped, run.archived) == (1, 2, 0)
    assert run.notes == ["Skipped 2 entries without an ID, on page 1."]
    lost.refresh_from_db()
    assert not lost.is_archived


def test_a_merchant_registered_while_the_list_is_read_is_not_taken_for_gone(client: CodatClient) -> None:
    def register_one(run: ImportRun) -> None:
        if run.pages == 4:
            make_merchant(name="Just registered")

    import_companies(client, on_page=register_one)
    assert not Merchant.objects.get(name="Just registered").is_archived
