"""From a merchant, its request and a case to decide, one press leads to the company in Codat's own Portal."""

from typing import Any

import pytest
from django.test import Client

from syncs.rules.states import State
from tests.factories import make_failing_merchant, make_request

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def pages(client: Client) -> list[str]:
    merchant = make_failing_merchant()
    request = make_request(merchant, state=State.NEEDS_REVIEW)
    urls = (f"/merchants/{merchant.company_id}/", f"/requests/{request.pk}/", "/requests/review/")
    return [client.get(url).text for url in urls]


def test_where_we_ask_codat_its_page_of_the_company_is_one_press_away(as_lead: Client, settings: Any) -> None:
    settings.CODAT_API_URL = "https://api.codat.io"
    for html in pages(as_lead):
        assert html.count("Open in Codat") == 1
        assert 'href="https://app.codat.io/companies/' in html


def test_where_we_ask_a_sandbox_nothing_leads_to_codat(as_lead: Client, settings: Any) -> None:
    settings.CODAT_API_URL = "http://127.0.0.1:8100"
    for html in pages(as_lead):
        assert "app.codat.io" not in html
