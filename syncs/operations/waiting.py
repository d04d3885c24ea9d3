"""Why a request waits, and what becomes of it meanwhile, for whoever reads its page."""

from django.conf import settings

from syncs.codat.errors import CodatError, Later
from syncs.operations import api_key

ASKED_TO_WAIT = "Codat asked us to wait (429)."


def why(error: CodatError) -> str:
    """Not Codat's own words for a 429: they tell the reader to try again, and the request does that by itself."""
    if isinstance(error, Later) and error.http_status == 429:
        return ASKED_TO_WAIT
    if api_key.is_about_it(error) and api_key.is_refused():
        return f"{api_key.NOT_ACCEPTED} {api_key.UNTIL_PUT_RIGHT}"
    return error.message


def not_again() -> str:
    """Of a request without an answer. A replay does send it again."""
    if settings.CODAT_IDEMPOTENCY_VERIFIED:
        return "Sent again only with its own key, so that it runs once at most."
    return "Not sent again."
