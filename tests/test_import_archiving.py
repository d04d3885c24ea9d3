"""What is gone at Codat is archived, but only on good evidence, and a lot of it only on a person's word."""

from uuid import UUID

import pytest
from django.utils import timezone

from sandbox.testing import running
from syncs.codat.client import CodatClient
from syncs.codat.errors import Uncertain
from syncs.models import Activity, Merchant, User
from syncs.operations import importing
from syncs.operations.import_runs import ask_for_import
from syncs.operations.importing import carry_out, import_companies
from syncs.operations.merchants import GONE_AT_CODAT, archive
from tests.companies import COMPANIES, Between, client_of
from tests.companies import client as client
from tests.companies import sandbox as sandbox
from tests.factories import make_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def imported(client: CodatClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PAGE_SIZE", 10)
    import_companies(client)


def in_order() -> list[str]:
    return [str(row.company_id) for row in Merchant.objects.order_by("pk")]


def some_ids(count: int) -> set[str]:
    return set(in_order()[:count])


def archived() -> set[str]:
    return {str(row.company_id) for row in Merchant.objects.filter(archived_at__isnull=False)}


def test_a_merchant_that_is_gone_at_codat_is_archived_with_a_reason(client: CodatClient, lead: User) -> None:
    gone = some_ids(2)
    run = import_companies(Between(client, hidden=gone), by=lead)
    assert (run.state, run.archived, run.missing, run.problem) == ("done", 2, 0, "")
    assert archived() == gone
    entries = Activity.objects.filter(verb="merchant.archived")
    assert {(entry.actor, entry.reason) for entry in entries} == {(lead, GONE_AT_CODAT)}


def test_more_than_five_in_a_hundred_wait_for_a_person(client: CodatClient) -> None:
    run = import_companies(Between(client, hidden=some_ids(3)))
    assert (run.state, run.archived, run.missing) == ("done", 0, 3)
    assert run.problem == "3 merchants are gone at Codat. That is a lot, so nothing was archived."
    assert archived() == set()


def test_a_person_may_say_yes_to_many(client: CodatClient) -> None:
    gone = {company_id for place, company_id in enumerate(in_order()) if place % 10}
    run = import_companies(Between(client, hidden=gone), yes=True)
    assert (run.archived, run.missing) == (36, 0)
    assert archived() == gone


def test_the_word_of_a_person_covers_what_they_saw_and_no_more(client: CodatClient, lead: User) -> None:
    """Between the question and the answer, the key may have become another account's."""
    run = ask_for_import(by=lead, may_archive=3)
    carry_out(run.pk, Between(client, hidden=some_ids(4)))
    run.refresh_from_db()
    assert (run.archived, run.missing) == (0, 4)
    again = ask_for_import(by=lead, may_archive=4)
    carry_out(again.pk, Between(client, hidden=some_ids(4)))
    assert archived() == some_ids(4)


@pytest.mark.parametrize("total", [None, 0, COMPANIES + 1])
def test_a_list_that_does_not_add_up_archives_nobody(client: CodatClient, total: int | None) -> None:
    run = import_companies(Between(client, hidden=some_ids(1), total=total))
    assert (run.state, run.archived, run.missing) == ("done", 0, 0)
    assert run.problem == "Codat's list changed while it was read, so nothing was archived. Import again."
    assert archived() == set()


def test_a_pass_that_broke_off_archives_nobody(client: CodatClient) -> None:
    broken = Between(client, hidden=some_ids(1), errors={4: Uncertain("Codat did not answer.")})
    run = import_companies(broken, yes=True)
    assert (run.state, run.archived) == ("failed", 0)
    assert archived() == set()


def test_who_comes_back_to_codat_is_restored_and_looked_at(client: CodatClient) -> None:
    gone = some_ids(1)
    import_companies(Between(client, hidden=gone))
    run = import_companies(client)
    assert run.restored == 1
    back = Merchant.objects.get(company_id=UUID(gone.pop()))
    assert (back.archived_at, back.archived_why, back.next_refresh_reason) == (None, "", "restored")
    assert back.next_refresh_at is not None
    assert Activity.objects.filter(merchant=back, verb="merchant.restored").count() == 1


def test_who_was_archived_by_a_person_stays_archived(client: CodatClient, lead: User) -> None:
    merchant = Merchant.objects.order_by("pk")[0]
    archive(merchant, why="Left us", now=timezone.now(), by=lead)
    assert import_companies(client).restored == 0
    assert archived() == {str(merchant.company_id)}


def test_a_merchant_that_codat_never_knew_is_archived_too(client: CodatClient) -> None:
    typed = make_merchant(name="Typed by hand")
    import_companies(client)
    typed.refresh_from_db()
    assert typed.archived_why == GONE_AT_CODAT


def test_a_company_really_deleted_at_codat_is_archived() -> None:
    Merchant.objects.update(archived_at=timezone.now(), archived_why="Of another sandbox")
    with running(merchants=21, seed=2) as process, client_of(process) as client:
        import_companies(client)
        gone = Merchant.objects.registered().order_by("pk")[0]
        process.session.delete(f"{process.url}/companies/{gone.company_id}", timeout=10).raise_for_status()
        assert import_companies(client).archived == 1
        gone.refresh_from_db()
        assert gone.archived_why == GONE_AT_CODAT
