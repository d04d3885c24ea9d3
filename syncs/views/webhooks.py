"""Where Codat tells us that something changed. It waits 15 seconds, and sends again what is not answered with a 2xx."""

import re

from django.conf import settings
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from syncs.clients import shared_budget
from syncs.codat.webhooks import ABOUT_THE_LIMIT, Malformed, NotCodat, read, refuse_malformed
from syncs.operations import webhooks

# Codat's messages take a few thousand bytes.
MOST_BYTES = 256 * 1024
# Django reads this header with int(), which takes other letters for digits too, and raises where there are too many.
LENGTH = re.compile("[0-9]{1,9}")


@csrf_exempt
@never_cache
def codat(request: HttpRequest) -> HttpResponse:
    """Signed by Codat, so nobody is signed in here and no session is opened."""
    if refusal := _refused_unread(request):
        return refusal
    try:
        return _hear(request)
    except (Malformed, UnreadablePostError) as error:
        return _says(400, str(error) if isinstance(error, Malformed) else "The body did not arrive whole.")
    except NotCodat as error:
        return _says(401, str(error))
    except (OperationalError, InterfaceError):
        return _says(503, "The database does not answer; send it again.")


def _refused_unread(request: HttpRequest) -> HttpResponse | None:
    if not settings.CODAT_WEBHOOK_SECRETS:
        return _says(404, "This panel listens to no webhooks: CODAT_WEBHOOK_SECRETS is not set.")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if "Transfer-Encoding" in request.headers:
        # Django reads no body without a length, and then no signature fits.
        return _says(411, "A message must announce its length; it came in chunks.")
    # Without a word on it Django reads nothing.
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not LENGTH.fullmatch(length):
        return _says(400, "The header Content-Length is not a number of bytes.")
    if int(length) > MOST_BYTES:
        return _says(413, f"A message may have {MOST_BYTES:,} bytes.")
    return None


def _hear(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    refuse_malformed(request.headers, now)
    event = read(request.headers, request.body, settings.CODAT_WEBHOOK_SECRETS, now)
    if webhooks.hear(event, now) and event.kind in ABOUT_THE_LIMIT:
        shared_budget().ask_soon()
    return HttpResponse(status=204)


def _says(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", content_type="text/plain; charset=utf-8", status=status)
