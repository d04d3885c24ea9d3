"""“Back” to a page that answered a POST shows it as it was: it cannot be fetched again, and Chromium shows an error."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from syncs.rules.states import State
from tests.bulk_pages import chosen
from tests.factories import make_attempt, make_merchant, make_request

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def may_be_kept(answer: HttpResponse) -> bool:
    """By the browser of who asked, not by anything on the way."""
    said = answer["Cache-Control"]
    return "no-store" not in said and "private" in said and "no-cache" in said


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/bulk/", {}, 200),
        ("/bulk/confirm/", {}, 422),
        ("/requests/review/confirm/", {"common": "on"}, 422),
        ("/requests/review/save/", {"common": "on"}, 422),
        ("/views/", {"page": "health", "name": ""}, 422),
    ],
)
def test_what_answers_a_post_may_be_kept(
    as_lead: Client, path: str, data: dict[str, Any], status: int
) -> None:
    answer = as_lead.post(path, chosen(make_merchant()) | data)
    assert answer.status_code == status
    assert may_be_kept(answer)


@pytest.mark.parametrize("path", ["/requests/review/", "/views/"])
def test_what_is_only_read_is_read_anew(as_lead: Client, path: str) -> None:
    make_attempt(make_request(make_merchant(), state=State.NEEDS_REVIEW))
    assert "no-store" in as_lead.get(path)["Cache-Control"]
