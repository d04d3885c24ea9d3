"""Answers that stand in the place of the true one: errors of Codat's own, and those of a gateway before it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from sandbox.exchange import NOT_VALID, SERVER_PROBLEM, TOO_MANY, Answer, Refusal
from sandbox.outcomes import OVERLAPS

Args = dict[str, Any]
Replacement = Callable[[Args, datetime, str], Answer]
"""From the args, the moment it is and the company that was asked for."""

_PAGE = b"<!DOCTYPE html><html><head><title>%d</title></head><body><h1>%d Bad Gateway</h1></body></html>"


def codat(status: int, error: str, *, service: str = "PublicApi") -> Replacement:
    """Codat's error body (OpenAPI, ErrorMessage) with this status."""
    return lambda args, now, company_id: Refusal(status, error, service=service).answer()


def too_many(args: Args, now: datetime, company_id: str) -> Answer:
    """429 with the Retry-After that was asked for: documented by name, not by form (Codat docs, rate limits)."""
    value, form = args["retry_after"], args["form"]
    headers = {} if value is None else {"Retry-After": str(value)}
    if form == "date" and isinstance(value, int | float):
        headers["Retry-After"] = format_datetime(_moved(now, value), usegmt=True)
    return Refusal(429, TOO_MANY, headers=headers).answer()


def _moved(now: datetime, seconds: float) -> datetime:
    """As far as dates go."""
    try:
        return now + timedelta(seconds=seconds)
    except OverflowError:
        return (datetime.max if seconds > 0 else datetime.min).replace(tzinfo=UTC)


def web_page(args: Args, now: datetime, company_id: str) -> Answer:
    status = args["status"]
    return Answer(status, _PAGE % (status, status), {"Content-Type": "text/html"})


def empty(args: Args, now: datetime, company_id: str) -> Answer:
    """With the type of a body that is not there, where one is set."""
    kind = args["content_type"]
    return Answer(args["status"], headers={"Content-Type": kind} if kind else {})


def redirect(args: Args, now: datetime, company_id: str) -> Answer:
    return Answer(args["status"], b"", {"Location": args["to"]})


server_error = codat(500, SERVER_PROBLEM)
unavailable = codat(503, SERVER_PROBLEM)
timed_out = codat(408, "The request timed out.")
conflict = codat(409, "The data set has not been requested.")
overlap = codat(400, OVERLAPS.message or NOT_VALID)
unauthorized = codat(401, "Unauthorized")
payment_required = codat(402, "SyncSettingsValidationException: Sync schedule not allowed")
forbidden = codat(403, "Forbidden")


def no_company(args: Args, now: datetime, company_id: str) -> Answer:
    """Codat names the company that it does not know; another one is named only when args say so."""
    named = args["company_id"] or company_id
    return Refusal(404, f"No company was found with ID {named}", service="ClientsApi").answer()
