"""Too long a reason, note or name: no browser cuts it off without a word, it is told by how much, and stays there."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.operations.asking import basis_of
from syncs.rules.states import State
from tests.factories import make_attempt, make_failing_merchant, make_merchant, make_outage, make_request

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
LONG = "x" * 501
TOLD = "At most 500 letters. These are 501."
Form = tuple[str, dict[str, Any]]


def of_a_merchant(path: str, **data: Any) -> Form:
    merchant = make_merchant()
    given = {"form_token": uuid.uuid4(), "basis": basis_of(merchant)}
    return f"/merchants/{merchant.company_id}/{path}", given | data


def of_a_held_one(path: str, **data: Any) -> Form:
    merchant = make_failing_merchant(4000)
    given = {"form_token": uuid.uuid4(), "basis": basis_of(merchant)}
    return f"/merchants/{merchant.company_id}/{path}", given | data


def of_a_stuck_request(**data: Any) -> Form:
    request = make_request(make_merchant(), state=State.NEEDS_REVIEW)
    make_attempt(request)
    return f"/requests/{request.pk}/verdict/", data


def of_many(*merchants: Any, **data: Any) -> Form:
    return "/bulk/", {"kind": "latest", "pick": [merchant.pk for merchant in merchants]} | data


def in_an_outage() -> Form:
    make_outage("Shopify", since=timezone.now())
    return of_many(make_merchant(), outage_reason=LONG)


FORMS: dict[str, Callable[[], Form]] = {
    "reason": lambda: of_a_merchant("rerun/latest/review/", reason=LONG),
    "override_reason": lambda: of_a_held_one("rerun/latest/review/", override_reason=LONG),
    "snooze-note": lambda: of_a_held_one("snooze/", **{"snooze-length": "3", "snooze-note": LONG}),
    "note": lambda: of_a_merchant("notes/", note=LONG),
    "reason of a verdict": lambda: of_a_stuck_request(verdict="not_run", reason=LONG),
    "reason of a freeze": lambda: ("/sending/freeze/", {"reason": LONG}),
    "reason of a bulk": lambda: of_many(make_merchant(), reason=LONG),
    "override_reason of a bulk": lambda: of_many(make_failing_merchant(4000), override_reason=LONG),
    "outage_reason of a bulk": in_an_outage,
}


@pytest.mark.parametrize("name", FORMS)
def test_a_reason_that_is_too_long_is_told_under_its_field_and_nothing_of_it_is_lost(
    as_lead: Client, name: str
) -> None:
    url, data = FORMS[name]()
    answer = as_lead.post(url, data)
    assert answer.status_code == 422
    [field] = re.findall(
        rf'<input[^>]*name="{name.split(maxsplit=1)[0]}"[^>]*value="{LONG}"[^>]*>', answer.text
    )
    assert "maxlength" not in field
    assert 'aria-invalid="true"' in field
    assert TOLD in answer.text.partition(field)[2][:500]


def test_a_name_of_a_view_too(as_viewer: Client) -> None:
    named = {"page": "health", "name": "y" * 61, "query": "?health=failing"}
    answer = as_viewer.post("/views/", named)
    assert answer.status_code == 422
    assert "At most 60 letters. These are 61." in answer.text
    assert f'value="{"y" * 61}"' in answer.text
    saved = as_viewer.get("/").text.partition('id="view-name"')[2].partition(">")[0]
    assert "maxlength" not in saved


def test_what_was_typed_goes_along_uncut_to_another_range(as_support: Client) -> None:
    merchant = make_merchant()
    page = as_support.get(f"/merchants/{merchant.company_id}/", {"run": "latest", "reason": LONG}).text
    assert f'value="{LONG}"' in page
