"""Codat's own pages, for a person to read on."""

from urllib.parse import urlsplit
from uuid import UUID

API, PORTAL = "api.codat.io", "https://app.codat.io"


def page_of(company_id: UUID, api_url: str) -> str:
    """The address that Codat's own events name as a company's page in its Portal (`links.portal`). Empty where we do
    not ask Codat itself but a sandbox: nobody knows the company there."""
    return f"{PORTAL}/companies/{company_id}/summary" if urlsplit(api_url).hostname == API else ""
