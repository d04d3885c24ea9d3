"""Asking for a sync: review, confirm, and the press itself. The press never waits for Codat."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import retarget, trigger_client_event

from syncs import tasks
from syncs.forms import AskForm
from syncs.models import Merchant, SyncRequest
from syncs.operations import asking, books, lifting
from syncs.operations.asking import Ask, NotNow, NotPossible
from syncs.views import rerun_card
from syncs.views.access import Signed, may_ask
from syncs.views.merchant import PAGE, find_merchant, grid, page_context

KINDS = {"range": SyncRequest.Kind.HISTORIC, "latest": SyncRequest.Kind.LATEST}
PRESSED_TWICE = "You pressed twice. This is the request you already made. Nothing was sent twice."


@require_safe
@login_required
def preview(request: Signed, company_id: uuid.UUID) -> HttpResponse:
    """What the range in the form would do; the server is the only judge of overlap. The grid of days follows."""
    merchant, now = find_merchant(company_id), timezone.now()
    if not request.htmx:
        return HttpResponseRedirect(f"{_address(merchant)}?{request.GET.urlencode()}#rerun")
    context = rerun_card.context(request, merchant, None, now) | {"merchant": merchant}
    return trigger_client_event(render(request, f"{PAGE}#range", context), "range")


@require_safe
@login_required
def days(request: Signed, company_id: uuid.UUID) -> HttpResponse:
    """The grid of days with the range that stands in the form."""
    merchant, now = find_merchant(company_id), timezone.now()
    if not request.htmx:
        return HttpResponseRedirect(f"{_address(merchant)}?{request.GET.urlencode()}#days")
    active = merchant.requests.under_way().first()
    context = rerun_card.context(request, merchant, active, now)
    shown = {
        "merchant": merchant,
        "may_ask": request.user.has_perm("syncs.ask_sync"),
        "months": grid(request, merchant, active, context["preview"], now),
    }
    return render(request, f"{PAGE}#days", context | shown)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def review(request: Signed, company_id: uuid.UUID, kind: str) -> HttpResponse:
    """The confirm step, or the form again with what to mend. Nothing is saved here."""
    merchant = find_merchant(company_id)
    if request.method != "POST":
        return _to_the_form(merchant, kind)
    may_ask(request)
    form = rerun_card.bound_form(request, merchant, _kind(kind), timezone.now())
    if not form.is_valid():
        return _card(request, merchant, _kind(kind), form, status=422)
    try:
        asking.refuse_if_not_possible(merchant, request.user)
        asking.refuse_if_synced(merchant, _ask(_kind(kind), form))
        lifting.until_fixed(merchant, _ask(_kind(kind), form), request.user)
        lifting.in_an_outage(merchant, _ask(_kind(kind), form), request.user)
    except NotPossible as error:
        return _refused(request, merchant, _kind(kind), form, error)
    return _card(request, merchant, _kind(kind), form, confirming=True)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def confirm(request: Signed, company_id: uuid.UUID, kind: str) -> HttpResponse:
    """Saves the request and nudges a sender. A second press finds the first one's row."""
    merchant, now = find_merchant(company_id), timezone.now()
    if request.method != "POST":
        return _to_the_form(merchant, kind)
    may_ask(request)
    form = rerun_card.bound_form(request, merchant, _kind(kind), now)
    if not form.is_valid():
        return _card(request, merchant, _kind(kind), form, status=422)
    try:
        asked = asking.ask(merchant, _ask(_kind(kind), form), by=request.user, now=now)
    except NotPossible as error:
        return _refused(request, merchant, _kind(kind), form, error)
    if asked.is_new:
        tasks.send_soon(asked.request)
    return _saved(request, merchant, pressed_twice=None if asked.is_new else asked.request)


def _kind(word: str) -> str:
    if word not in KINDS:
        raise Http404
    return KINDS[word]


def _ask(kind: str, form: AskForm) -> Ask:
    data = form.cleaned_data
    return Ask(
        kind=kind,
        first_day=data.get("first_day"),
        last_day=data.get("last_day"),
        reason=data["reason"],
        form_token=data["form_token"],
        seen_overlap=data.get("seen_overlap", ()),
        basis=data["basis"],
        resend_of=data.get("resend_of"),
        books_confirmed=data["books_confirmed"],
        # One question is asked where both are in the way.
        override_reason=data["override_reason"],
        outage_reason=data["override_reason"],
        outage=data["outage"],
    )


def _refused(
    request: Signed, merchant: Merchant, kind: str, form: AskForm, error: NotPossible
) -> HttpResponse:
    """Beside the field that it is about; on the confirm step what a word there or another press may mend."""
    if error.field in {"last_day", "override_reason"}:
        form.add_error(error.field, error.sentence)
        return _card(request, merchant, kind, form, status=422)
    confirming = error.field in ("seen_overlap", "basis", "books_confirmed") or isinstance(error, NotNow)
    return _card(request, merchant, kind, form, refusal=error, confirming=confirming, status=422)


def _card(
    request: Signed,
    merchant: Merchant,
    kind: str,
    form: AskForm,
    *,
    refusal: NotPossible | None = None,
    confirming: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    context: dict[str, Any] = rerun_card.form_context(request, merchant, kind, form, now)
    context |= {"refusal": refusal, "confirming": confirming}
    if confirming:
        context["asks_for_books"] = books.needs_word(merchant, _ask(kind, form).days, now)
    if request.htmx:
        context |= {"merchant": merchant} | _put_aside(context)
        # The confirm step aims at the whole live region, for the day it is accepted.
        return retarget(render(request, f"{PAGE}#rerun", context, status=status), "#rerun")
    return render(request, PAGE, page_context(request, merchant) | context, status=status)


def _put_aside(context: dict[str, Any]) -> dict[str, Any]:
    """The form, where somebody was faster: it comes back as it does when a poll tells of their request."""
    refusal: NotPossible | None = context["refusal"]
    faster = refusal.request if refusal else None
    return {
        "keeps_form": bool(context["blocked"]) and not context["confirming"],
        "aside": faster.pk if faster else "",
    }


def _saved(request: Signed, merchant: Merchant, *, pressed_twice: SyncRequest | None = None) -> HttpResponse:
    if not request.htmx:
        if pressed_twice:
            messages.info(request, PRESSED_TWICE)
        return HttpResponseRedirect(f"{_address(merchant)}#rerun")
    context = page_context(request, find_merchant(merchant.company_id))
    return render(request, f"{PAGE}#merchant_live", context | {"pressed_twice": pressed_twice})


def _to_the_form(merchant: Merchant, kind: str) -> HttpResponse:
    """Nothing is asked for by an address: somebody loaded such a page again, or has just signed in."""
    return HttpResponseRedirect(f"{_address(merchant)}?run={_kind(kind)}#rerun")


def _address(merchant: Merchant) -> str:
    return reverse("merchant", args=[merchant.company_id])
