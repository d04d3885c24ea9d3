"""Rows of the playbook for tests."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from syncs.models import PlaybookEntry
from syncs.rules.entries import ENTRIES

seeding = import_module("syncs.migrations.0013_playbook")


@pytest.fixture
def playbook(db: None) -> None:
    """As a new installation has it; transactional tests leave the table empty."""
    if not PlaybookEntry.objects.exists():
        seeding.write_the_built_in(apps, connection.schema_editor())
    assert PlaybookEntry.objects.count() == len(ENTRIES)


def make_entry(slug: str = "ours", **columns: Any) -> PlaybookEntry:
    """One that is tried before all others, for any message with “sealed” in it."""
    defaults = {
        "place": 1,
        "pattern": "sealed",
        "lead": "The ledger is sealed.",
        "detail": "Nothing can be written.",
        "owner": "merchant",
        "rerun": "after_fix",
        "steps": "Ask the merchant to open the ledger.\nThen re-run.",
        "message": "Hello, please open the ledger.",
    }
    return PlaybookEntry.objects.create(slug=slug, **defaults | columns)
