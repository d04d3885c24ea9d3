"""What every request passes: it is counted, read in the reader's time zone, holds no mark of ours, and no fragment
swallows a sign-in."""

from collections.abc import Callable
from random import random
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from syncs import crowd
from syncs.rules.stored_moments import MARK, unmarked

Handler = Callable[[HttpRequest], HttpResponse]
CROWDED = "Panel-Crowded"
# Fields of the form of a re-run, and their names in the address of a merchant's page.
LONGEST = 7000
TYPED = {
    "first_day": "first",
    "last_day": "last",
    "reason": "reason",
    "override_reason": "override_reason",
    "resend_of": "again",
}


def counted_while_under_way(get_response: Handler) -> Handler:
    """So that pages ask less often while many ask at once (static/sleep.js): they wait less, and everybody is told a
    little later. The more, the more of them are told to: if all were at once, they would all be back at once."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with crowd.here.one_more():
            response = get_response(request)
        if request.headers.get("HX-Request") and random() < crowd.here.share_to_put_off:  # noqa: S311
            response[CROWDED] = "1"
        return response

    return middleware


def reader_time_zone(get_response: Handler) -> Handler:
    """Moments are shown in the reader's zone; sales days never are: they belong to the merchant's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        zone = request.user.zone if request.user.is_authenticated else None
        with timezone.override(zone):
            return get_response(request)

    return middleware


def without_our_mark(get_response: Handler) -> Handler:
    """What people type is never taken for a moment that we stored. What comes without a form is left unread: the view
    says whether it is read at all."""

    def process_view(request: HttpRequest, view: Callable[..., HttpResponse], *_: object) -> None:
        request.GET = _unmarked(request.GET)  # type: ignore[assignment]
        if not getattr(view, "csrf_exempt", False):
            request.POST = _unmarked(request.POST)  # type: ignore[assignment]

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def sign_in_again(get_response: Handler) -> Handler:
    """After a session ended in the middle: to sign-in and back, and what was pressed is not lost silently."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        if not _leads_to_sign_in(response):
            return response
        page, is_read = _page_they_were_on(request), request.method in {"GET", "HEAD"}
        if page and not is_read:
            page = _form_they_filled(request) or page
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(_sign_in(page or "/", unsent=not is_read))
        if is_read:
            return HttpResponseRedirect(_sign_in(request.get_full_path())) if page else response
        return HttpResponseRedirect(_sign_in(page or "/", unsent=True))

    return middleware


def _unmarked(typed: QueryDict) -> QueryDict:
    pairs = [(name, text) for name, texts in typed.lists() for text in texts]
    if not any(MARK in name + text for name, text in pairs):
        return typed
    return QueryDict(urlencode([(unmarked(name), unmarked(text)) for name, text in pairs]))


def _page_they_were_on(request: HttpRequest) -> str:
    """Path and query of our page that asked; empty for an address that somebody typed or followed from elsewhere."""
    asked_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    page = urlsplit(asked_from)
    if page.netloc != request.get_host() or page.path == resolve_url(settings.LOGIN_URL):
        return ""
    return page.path + (f"?{page.query}" if page.query else "")


def _form_they_filled(request: HttpRequest) -> str:
    """The form of a re-run with what was typed: its page takes all of it from its address. No other form's does."""
    match = request.resolver_match
    if match is None or match.url_name not in {"rerun-review", "rerun-confirm"}:
        return ""
    kind = "latest" if match.kwargs["kind"] == "latest" else "historic"
    typed = {name: request.POST.get(field, "") for field, name in TYPED.items()}
    query = urlencode({"run": kind} | {name: value for name, value in typed.items() if value})
    page = f"{reverse('merchant', args=[match.kwargs['company_id']])}?{query}"
    # In the address of the sign-in page it is quoted once more.
    return page if len(quote(page)) < LONGEST else ""


def _sign_in(then: str, *, unsent: bool = False) -> str:
    words = urlencode({"next": then, "ended": "unsent" if unsent else "1"}, safe="/")
    return f"{resolve_url(settings.LOGIN_URL)}?{words}"


def _leads_to_sign_in(response: HttpResponse) -> bool:
    """Because somebody must sign in first, that is: after signing out nobody is meant to come back."""
    if response.status_code != 302:
        return False
    target = urlsplit(response["Location"])
    return target.path == resolve_url(settings.LOGIN_URL) and "next=" in target.query
