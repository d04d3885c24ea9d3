"""The register: a merchant is registered by hand, renamed, archived, restored; its company id never changes."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from sandbox.testing import Sandbox, running
from syncs.admin import register_form
from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.models import Activity, Merchant, User
from syncs.operations.merchants import AlreadyRegistered, archive, register
from tests.companies import client_of
from tests.factories import make_merchant
from tests.queues import codat_at
from tests.valkey import free_port

pytestmark = pytest.mark.django_db
ADD = "/admin/syncs/merchant/add/"
LIST = "/admin/syncs/merchant/"
UNKNOWN = "8a210b68-6988-11ed-a1eb-0242ac120002"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(merchants=3) as process:
        yield process


@pytest.fixture
def client_to_codat(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> CodatClient:
    made = client_of(sandbox)
    monkeypatch.setattr(register_form, "impatient_client", lambda: made)
    return made


def text(response: Any) -> str:
    return str(response.content.decode())


def act(client: Client, action: str, *chosen: Merchant, reason: str = "") -> str:
    data = {"action": action, "reason": reason, "index": "0", "_selected_action": [row.pk for row in chosen]}
    return text(client.post(LIST, data, follow=True))


def test_a_merchant_registered_by_hand_is_looked_up(
    as_admin: Client, admin_user: User, sandbox: Sandbox, client_to_codat: CodatClient
) -> None:
    told = sandbox.merchants()[0]
    as_admin.post(ADD, {"company_id": told["company_id"].upper(), "look_up": "on", "name": ""})
    merchant = Merchant.objects.get(company_id=told["company_id"])
    company = client_to_codat.company(merchant.company_id)
    assert merchant.name == merchant.codat_name == told["name"]
    assert (merchant.tags, merchant.link_url) == (dict(company.tags), company.redirect)
    assert merchant.connections.count() == len(company.connections)
    assert merchant.next_refresh_at is not None
    entry = Activity.objects.get(merchant=merchant)
    assert (entry.what, entry.actor) == (f"Registered {merchant.name}", admin_user)


def test_a_name_written_by_hand_wins_over_codats(
    as_admin: Client, sandbox: Sandbox, client_to_codat: CodatClient
) -> None:
    told = sandbox.merchants()[1]
    as_admin.post(ADD, {"company_id": told["company_id"], "look_up": "on", "name": "Our name"})
    merchant = Merchant.objects.get()
    assert (merchant.name, merchant.codat_name) == ("Our name", told["name"])


def test_a_look_up_holds_the_page_for_seconds_and_not_for_as_long_as_a_worker_waits() -> None:
    with codat_at("http://127.0.0.1:9"):
        assert register_form.impatient_client()._deadline <= 15


def test_without_a_look_up_codat_is_not_asked(as_admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_form, "impatient_client", lambda: pytest.fail("Codat was asked"))
    as_admin.post(ADD, {"company_id": UNKNOWN, "name": "Typed"})
    assert Merchant.objects.get().name == "Typed"
    assert "Write a name, or let it be looked up" in text(
        as_admin.post(ADD, {"company_id": str(uuid.uuid4())})
    )


@pytest.mark.usefixtures("client_to_codat")
def test_a_company_that_codat_does_not_know_is_refused(as_admin: Client) -> None:
    page = text(as_admin.post(ADD, {"company_id": UNKNOWN, "look_up": "on", "name": "Typed"}))
    assert "Codat knows no company with this ID." in page
    assert not Merchant.objects.exists()


def test_a_wrong_key_and_a_codat_that_is_down_are_sentences(
    as_admin: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = LocalBudget(per_minute=60_000)
    nobody = f"http://127.0.0.1:{free_port()}"
    wrong_key = client_of(sandbox, key="canary")
    nobody_there = CodatClient(base_url=nobody, api_key="canary", budget=budget, backoff=0)
    for broken in (wrong_key, nobody_there):
        monkeypatch.setattr(register_form, "impatient_client", lambda broken=broken: broken)
        response = as_admin.post(ADD, {"company_id": UNKNOWN, "look_up": "on"})
        assert response.status_code == 200
        assert "It could not be looked up." in text(response)
        assert "canary" not in text(response)
    assert not Merchant.objects.exists()


def test_a_missing_key_is_a_sentence(as_admin: Client, settings: Any) -> None:
    settings.CODAT_API_KEY = ""
    page = text(as_admin.post(ADD, {"company_id": UNKNOWN, "look_up": "on"}))
    assert "It could not be looked up. CODAT_API_KEY is not set." in page


@pytest.mark.django_db(transaction=True)
def test_codat_is_not_waited_for_inside_a_transaction(
    as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite it would lock the database for everybody, for as long as Codat takes."""
    seen: list[bool] = []

    class Watching:
        def company(self, company_id: str) -> None:
            seen.append(connection.in_atomic_block)
            raise register_form.Refused("Codat refused.", http_status=404)

    monkeypatch.setattr(register_form, "impatient_client", Watching)
    as_admin.post(ADD, {"company_id": UNKNOWN, "look_up": "on"})
    assert seen == [False]


@pytest.mark.parametrize(
    "typed",
    ["", "harbour", UNKNOWN.replace("-", ""), f"{{{UNKNOWN}}}", f"urn:uuid:{UNKNOWN}", f"{UNKNOWN}/../x"],
)
def test_only_a_uuid_in_its_usual_form_is_a_company_id(as_admin: Client, typed: str) -> None:
    page = text(as_admin.post(ADD, {"company_id": typed, "name": "Typed"}))
    assert "This is no company ID." in page or "This field is required." in page
    assert not Merchant.objects.exists()


def test_an_id_that_somebody_has_names_who(as_admin: Client) -> None:
    make_merchant(name="Harbour & Pine", company_id=UNKNOWN)
    page = text(as_admin.post(ADD, {"company_id": UNKNOWN, "name": "Typed"}))
    assert "Harbour &amp; Pine has this company ID already. Nothing was added." in page


def test_even_when_it_is_archived(as_admin: Client) -> None:
    archive(make_merchant(name="Old Mill", company_id=UNKNOWN), why="Left us", now=timezone.now())
    page = text(as_admin.post(ADD, {"company_id": UNKNOWN, "name": "Typed"}))
    assert "Old Mill has this company ID already. It is archived: restore it instead." in page


def test_two_who_register_the_same_company_at_once_make_one_merchant(admin_user: User) -> None:
    register(uuid.UUID(UNKNOWN), by=admin_user, name="First")
    with pytest.raises(AlreadyRegistered, match="First has this company ID already"):
        register(uuid.UUID(UNKNOWN), by=admin_user, name="Second")
    assert Activity.objects.filter(verb="merchant.registered").count() == 1


def test_a_name_can_be_changed_and_both_names_are_kept(as_admin: Client, admin_user: User) -> None:
    merchant = make_merchant(name="Before")
    as_admin.post(f"{LIST}{merchant.pk}/change/", {"name": "After"})
    merchant.refresh_from_db()
    entry = Activity.objects.get(verb="merchant.renamed")
    assert (merchant.name, merchant.version) == ("After", 1)
    assert (entry.before, entry.after, entry.actor, entry.merchant) == (
        "Before",
        "After",
        admin_user,
        merchant,
    )


def test_nothing_but_the_name_can_be_changed(as_admin: Client) -> None:
    merchant = make_merchant(name="Same", company_id=UNKNOWN)
    forged = {"name": "Same", "company_id": str(uuid.uuid4()), "health": "failing", "archived_why": "forged"}
    as_admin.post(f"{LIST}{merchant.pk}/change/", forged)
    merchant.refresh_from_db()
    assert (str(merchant.company_id), merchant.health, merchant.archived_why) == (UNKNOWN, "healthy", "")
    assert not Activity.objects.exists()


def test_saving_a_name_does_not_write_over_what_a_worker_stored_meanwhile(
    as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant = make_merchant(name="Before")
    monkeypatch.setattr(Merchant, "save", lambda *_, **__: pytest.fail("the whole row was saved"))
    as_admin.post(f"{LIST}{merchant.pk}/change/", {"name": "After"})
    assert Merchant.objects.get().name == "After"


def test_merchants_are_archived_and_restored_with_a_reason(as_admin: Client, admin_user: User) -> None:
    one, other = make_merchant(), make_merchant()
    assert "2 archived." in act(as_admin, "archive", one, other, reason="They left us")
    one.refresh_from_db()
    assert (one.archived_why, one.next_refresh_at) == ("They left us", None)
    assert "1 restored." in act(as_admin, "restore", one, reason="They are back")
    one.refresh_from_db()
    assert (one.archived_at, one.archived_why) == (None, "")
    told = [
        (entry.verb, entry.reason, entry.actor)
        for entry in Activity.objects.filter(merchant=one).order_by("pk")
    ]
    assert told == [
        ("merchant.archived", "They left us", admin_user),
        ("merchant.restored", "They are back", admin_user),
    ]


def test_too_long_a_reason_does_nothing_and_is_not_lost(as_admin: Client) -> None:
    merchant = make_merchant()
    told = act(as_admin, "archive", merchant, reason="x" * 501)
    assert f"At most 500 letters. These are 501, and nothing was done: “{'x' * 501}”" in told
    assert not Merchant.objects.get().is_archived
    assert "maxlength" not in told.partition('name="reason"')[2].partition(">")[0]


def test_a_long_reason_is_kept_and_told_up_to_a_word_beside_the_name(as_admin: Client) -> None:
    act(as_admin, "archive", make_merchant(), reason="They left us, " * 30)
    assert Merchant.objects.get().archived_why.endswith(", They left us…")
    assert Activity.objects.latest("pk").reason == ("They left us, " * 30).strip()


def test_an_action_without_a_reason_does_nothing(as_admin: Client) -> None:
    merchant = make_merchant()
    assert "Say why, in a few words" in act(as_admin, "archive", merchant, reason="  ")
    merchant.refresh_from_db()
    assert not merchant.is_archived


def test_what_is_so_already_is_counted_apart(as_admin: Client) -> None:
    away, here = make_merchant(archived_at=timezone.now(), archived_why="gone"), make_merchant()
    assert "1 archived. 1 were so already." in act(as_admin, "archive", away, here, reason="They left us")
