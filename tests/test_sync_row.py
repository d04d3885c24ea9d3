"""A row of All syncs: whatever Codat or a person wrote is escaped, and it asks the database for nothing."""

import pytest
from django.db import connection
from django.db.models import prefetch_related_objects
from django.test.utils import CaptureQueriesContext

from syncs.models import Sync
from syncs.rules.states import State
from syncs.views import sync_row
from syncs.views.syncs import around_them, with_merchants
from tests.factories import make_merchant, make_request, make_sync, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

NASTY = '"><script>alert(1)</script>&'
ESCAPED = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;"


def drawn(sync: Sync) -> str:
    found = list(with_merchants(Sync.objects.filter(pk=sync.pk)))
    prefetch_related_objects(found, *around_them())
    with CaptureQueriesContext(
        connection,
    ) as asked:
        html = sync_row.draw(found[0])
    assert len(asked) == 0
    return html


def test_whatever_stands_in_a_row_is_escaped() -> None:
    merchant = make_merchant(name=NASTY, commerce=NASTY, accounting=NASTY)
    sync = make_sync(merchant, 5130, message=NASTY, sync_id=NASTY)
    asker = make_user("support", first_name=NASTY, last_name="")
    make_request(merchant, state=State.FAILED, sync=sync, asked_by=asker)
    html = drawn(sync)
    assert "<script" not in html
    # Name, message, both platforms, who asked, and the ID in the words of two links and what is copied.
    assert html.count(ESCAPED) >= 8


def test_what_codat_did_not_tell_is_said_so() -> None:
    html = drawn(make_sync(make_merchant(), 5130, message="", data_pushed=None))
    for words in ("none", "not known", "not told"):
        assert f'<span class="subtle">{words}</span>' in html


def test_what_was_written_is_said_either_way() -> None:
    merchant = make_merchant()
    for pushed, word in ((True, "Yes"), (False, "No")):
        assert f'<td data-l="Written" class="nowrap">{word}</td>' in drawn(
            make_sync(merchant, data_pushed=pushed)
        )
