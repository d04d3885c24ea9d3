"""Part of a name finds its merchant whatever the case and with or without accents, in any script and on any database.

The tests' PostgreSQL has none ("C"), and SQLite knows the cases of ASCII only.
"""

from dataclasses import replace
from unicodedata import normalize
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from syncs.codat.schemas import Company
from syncs.models import Merchant
from syncs.models.folding import fold
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
    ("Café Ámbar", "Cafe"),
    ("Cafe Ambar", "Café"),
    ("Zürich Bücher", "Zurich Bucher"),
    ("Nguyễn Phở", "NGUYEN pho"),
    ("La Piñata", "pinata"),
    ("Ćevapi kod Žike", "cevapi kod zike"),
    ("Łódź Wełna", "lodz welna"),
    ("Đorđe Smørrebrød", "dorde smorrebrod"),
    ("Dorde Smorrebrod", "Đorđe Smørrebrød"),
    ("Æbleskiver", "aebleskiver"),
    ("L’Œuf", "l'oeuf"),
    ("İstanbul Fırın", "istanbul firin"),
    ("Καφέ Ομόνοια", "καφε ομονοια"),
    ("Пчёлка", "пчелка"),
    ("Cafe\u0301 Luz", "café"),
    ("Cafe\u0301 Luz", "cafe luz"),
    ("パンや", "パン"),
    ("ﾊﾟﾝや", "パン"),
    ("किताब घर", "किताब"),
    ("한글 서점", "서점"),
    ("Two  Blanks", "two blanks"),
    ("Two Blanks", "two  blanks "),
    ("A\tTab", "a tab"),
    ("No\u00a0Break", "no break"),
    ("Zero\u200bWidth", "zerowidth"),
    ("Soft\u00adware", "software"),
    ("Softbank", "Soft\u200dbank"),
]


@pytest.mark.parametrize(("name", "part"), FOUND)
def test_part_of_it_finds_it(as_viewer: Client, name: str, part: str) -> None:
    make_merchant(name=name)
    make_merchant(name="Plain")
    assert names(as_viewer.get("/", {"q": part}).text) == [name]


NOT_FOUND = [
    ("ガラス店", "カラス"),
    ("パンや", "ハン"),
    ("한글 서점", "하"),
    ("किताब", "कत"),
    ("Café", "Cafè du Nord"),
]


@pytest.mark.parametrize(("name", "part"), NOT_FOUND)
def test_where_a_mark_makes_another_letter_it_is_asked_for(as_viewer: Client, name: str, part: str) -> None:
    make_merchant(name=name)
    assert names(as_viewer.get("/", {"q": part}).text) == []


@given(st.text())
def test_what_is_folded_stays_as_it_is_and_never_becomes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert bool(fold(text)) == bool(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_a_name_is_folded_alike_however_its_accents_are_stored(text: str) -> None:
    assert len({fold(normalize(form, text)) for form in ("NFC", "NFD")}) == 1


@pytest.mark.parametrize("address", ["/syncs/", "/requests/", "/activity/"])
def test_so_it_does_in_the_other_lists(
    as_viewer: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Éclair", "Plain"):
        merchant = make_merchant(name=name)
        make_request(merchant, sync=make_sync(merchant))
    for many in (20_000, 0):
        monkeypatch.setattr("syncs.record_filters.MANY", many)
        for part in ("éCLAIR", "eclair"):
            found = set(names(as_viewer.get(address, {"merchant": part}).text))
            assert found == {"Éclair"}


def test_and_in_the_admin(as_admin: Client) -> None:
    make_merchant(name="Éclair")
    make_merchant(name="Plain")
    for part in ("éCLAIR", "eclair"):
        page = as_admin.get("/admin/syncs/merchant/", {"q": part}).text
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
