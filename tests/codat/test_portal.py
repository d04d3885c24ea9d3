from uuid import UUID

import pytest

from syncs.codat.portal import page_of

COMPANY = UUID("0498e921-9b53-4396-a412-4f2f5983b0a2")


def test_a_company_has_a_page_in_codats_portal() -> None:
    page = "https://app.codat.io/companies/0498e921-9b53-4396-a412-4f2f5983b0a2/summary"
    assert page_of(COMPANY, "https://api.codat.io") == page


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:8100", "https://api.codat.io.example.com", ""])
def test_a_company_of_a_sandbox_has_none(elsewhere: str) -> None:
    assert page_of(COMPANY, elsewhere) == ""
