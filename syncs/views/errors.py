"""Pages for what went wrong. The 500 page asks the database for nothing: it may be what broke."""

import logging
import sys
import uuid

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from syncs.views.access import NotHere

logger = logging.getLogger(__name__)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Only a sentence of our own is shown: the words of any other 404 are for programmers."""
    missing = exception if isinstance(exception, NotHere) else None
    return render(request, "errors/404.html", {"missing": missing}, status=404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", {"sentence": str(exception or "")}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentence = "This page was open for too long, or in another session. Load it again; nothing was saved."
    return render(request, "errors/403.html", {"sentence": sentence}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles the exception, so that we can see whether the database is what failed."""
    error_id = uuid.uuid4().hex[:8]
    logger.error("error id %s on %s", error_id, request.path)
    status = 503 if isinstance(sys.exc_info()[1], DatabaseError | InterfaceError) else 500
    page = render_to_string("errors/500.html", {"error_id": error_id, "status": status})
    return HttpResponse(page, status=status)
