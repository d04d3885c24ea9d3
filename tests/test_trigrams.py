"""Search by part of a name has an index on PostgreSQL, and does without where it may not have one."""

from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from syncs import trigrams
from syncs.models import Merchant
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "syncs_merchant")
    return {name for name, about in found.items() if about["index"]}


def test_after_migrate_it_stands_where_the_database_knows_trigrams() -> None:
    assert (trigrams.INDEX in indexes()) == (connection.vendor == "postgresql")


def test_it_serves_the_very_words_that_a_search_asks() -> None:
    if connection.vendor == "postgresql":
        Merchant.objects.bulk_create(
            Merchant(company_id=uuid4(), name=f"{word} Éclair {n}")
            for n, word in enumerate(("Tide", "Harbour", "Ölmühle", *["Merchant"] * 3000))
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE syncs_merchant")
        for part in ("tide", "HARBOUR", "öLMÜHLE"):
            assert trigrams.INDEX in Merchant.objects.named(part).explain()
            assert Merchant.objects.named(part).count() == 1


def test_a_database_that_may_not_have_it_is_migrated_all_the_same_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, as_viewer: Client
) -> None:
    monkeypatch.setattr(trigrams, "STATEMENTS", ("CREATE EXTENSION no_such_extension",))
    call_command("migrate", verbosity=0)
    assert ("CREATE EXTENSION pg_trgm" in caplog.text) == (connection.vendor == "postgresql")
    make_merchant(name="Tidewater")
    assert "Tidewater" in as_viewer.get("/?q=DEWAT").text
