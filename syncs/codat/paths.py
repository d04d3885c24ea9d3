"""The paths of Codat's API that we use (Sync for Commerce OpenAPI; a single company: Platform OpenAPI)."""

import re
from urllib.parse import urlsplit
from uuid import UUID

from syncs.codat.errors import Refused
from syncs.codat.transport import Call

CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)

COMPANIES = "/companies"
COMPANY = "/companies/{company_id}"
CONNECTIONS = "/companies/{company_id}/connections"
CONFIGURATION = "/config/companies/{company_id}/sync/commerce"
REQUEST_LATEST = "/companies/{company_id}/sync/commerce/latest"
REQUEST_RANGE = "/meta/companies/{company_id}/sync/commerce/historic"
NEWEST_SYNC = "/meta/companies/{company_id}/sync/commerce/status"
SYNCS = "/companies/{company_id}/sync/commerce/syncs/list/status"
LATEST_SYNC = "/companies/{company_id}/sync/commerce/syncs/latest/status"
LAST_SUCCESSFUL_SYNC = "/companies/{company_id}/sync/commerce/syncs/lastSuccessful/status"
SYNC = "/companies/{company_id}/sync/commerce/syncs/{sync_id}/status"


def checked_id(value: object, what: str) -> str:
    """A canonical UUID in lower case. Raises Refused: an id with `..` in it would call another endpoint."""
    plain = str(value).lower()
    if not CANONICAL.fullmatch(plain):
        raise Refused(f"This is not a {what} id of Codat, so Codat was not asked.")
    return plain


def get(
    path: str,
    company_id: str | UUID,
    *,
    sync_id: str | UUID | None = None,
    query: tuple[tuple[str, str], ...] = (),
) -> Call:
    company = checked_id(company_id, "company")
    sync = None if sync_id is None else checked_id(sync_id, "sync")
    return Call("GET", path.format(company_id=company, sync_id=sync), query=query, company=company)


def post(path: str, company_id: str | UUID, body: str, idempotency_key: UUID) -> Call:
    company = checked_id(company_id, "company")
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(idempotency_key)}
    return Call("POST", path.format(company_id=company), body=body, headers=headers, company=company)


def page(number: int, size: int) -> tuple[tuple[str, str], ...]:
    return (("page", str(number)), ("pageSize", str(size)))


def checked_address(base_url: str) -> str:
    """Codat's address without a last slash. Raises ValueError, without repeating what may hold a password."""
    if not _is_address(base_url.strip()):
        raise ValueError("Codat's address must look like https://api.codat.io, without a user or a query.")
    return base_url.strip().rstrip("/")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        extras = parts.username or parts.password or parts.query or parts.fragment or parts.port == 0
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not extras
