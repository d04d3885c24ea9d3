"""Part of a name finds its merchant whatever the case, in any script, whatever locale the database has.

The tests' PostgreSQL has none ("C"), and SQLite knows the cases of ASCII only.
"""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from syncs.codat.schemas import Company
from syncs.models import Merchant
from syncs.operations import company_rows, merchants
from tests.factories import make_merchant, make_request, make_sync
from tests.test_health_page import names

pytestmark = pytest.mark.django_db

FOUND = [
    ("Éclair Ümlaut", "éclair"),
    ("Éclair Ümlaut", "ÜMLAUT"),
    ("éclair ümlaut", "ÉCLAIR"),
    ("Кофейня у Анны", "КОФЕЙНЯ"),
    ("Καφέ Ομόνοια", "ομόνοια"),
    ("Bäckerei Großmann", "GROSSMANN"),
    ("商店", "店"),
    ("100% Éclat_", "% éclat_"),
]


@pytest.mark.parametrize(("name", "part"), FOUND)
def test_part_of_it_finds_it(as_viewer: Client, name: str, part: str) -> None:
    make_merchant(name=name)
    make_merchant(name="Plain")
    assert names(as_viewer.get("/", {"q": part}).text) == [name]


@pytest.mark.parametrize("address", ["/syncs/", "/requests/", "/activity/"])
def test_so_it_does_in_the_other_lists(
    as_viewer: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Éclair", "Plain"):
        merchant = make_merchant(name=name)
        make_request(merchant, sync=make_sync(merchant))
    for many in (20_000, 0):
        monkeypatch.setattr("syncs.record_filters.MANY", many)
        found = set(names(as_viewer.get(address, {"merchant": "éCLAIR"}).text))
        assert found == {"Éclair"}


def test_and_in_the_admin(as_admin: Client) -> None:
    make_merchant(name="Éclair")
    make_merchant(name="Plain")
    page = as_admin.get("/admin/syncs/merchant/", {"q": "éCLAIR"}).text
    assert "Éclair" in page
    assert "Plain" not in page


def test_what_codat_calls_it_is_found_too_from_the_import_on_and_after_each_change(as_viewer: Client) -> None:
    company = Company(str(uuid4()), "Éclair", "", None, None, {}, None, {})
    for name, part in (("Éclair", "éCLAIR"), ("Ölmühle", "öLMÜHLE")):
        company_rows.store([replace(company, name=name)], timezone.now())
        assert [merchant.name for merchant in Merchant.objects.named(part)] == [name]


def test_a_new_name_is_found_by_and_the_old_one_is_not(as_viewer: Client) -> None:
    merchant = make_merchant(name="Éclair")
    merchants.rename(merchant, "Ölmühle", by=None)
    assert names(as_viewer.get("/?q=öLMÜHLE").text) == ["Ölmühle"]
    assert names(as_viewer.get("/?q=éclair").text) == []
