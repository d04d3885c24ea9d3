"""A merchant in trouble: “I am on it”, “Snooze”, and the end of both."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from syncs.forms.cares import AckForm, SnoozeForm
from syncs.models import Care, Merchant
from syncs.operations import caring
from syncs.operations.asking import NotPossible
from syncs.views import merchant as page
from syncs.views.access import Signed, may_ask

ENDED_ALREADY = "It had ended already. Nothing was changed."


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def acknowledge(request: Signed, company_id: uuid.UUID) -> HttpResponse:
    """Or takes over from who was on it, as this person saw it."""
    found = page.find_merchant(company_id)
    if request.method != "POST":
        return redirect("merchant", company_id=company_id)
    may_ask(request)
    form = AckForm(request.POST)
    if not form.is_valid():
        return _again(request, found, care_problem="Write at most 500 letters.")
    try:
        caring.acknowledge(
            found,
            by=request.user,
            note=form.cleaned_data["note"],
            now=timezone.now(),
            instead_of=form.cleaned_data["instead_of"],
        )
    except NotPossible as refusal:
        return _again(request, found, care_problem=refusal.sentence)
    return page.back(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def snooze(request: Signed, company_id: uuid.UUID) -> HttpResponse:
    found, now = page.find_merchant(company_id), timezone.now()
    if request.method != "POST":
        return redirect("merchant", company_id=company_id)
    may_ask(request)
    form = SnoozeForm(found, now, request.POST)
    if not form.is_valid():
        return _again(request, found, snooze_form=form)
    told = form.cleaned_data
    try:
        caring.snooze(found, by=request.user, note=told["note"], until=told["until"], now=now)
    except NotPossible as refusal:
        if refusal.field is None:
            return _again(request, found, care_problem=refusal.sentence)
        form.add_error("day", refusal.sentence)
        return _again(request, found, snooze_form=form)
    return page.back(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def end(request: Signed, company_id: uuid.UUID, pk: int) -> HttpResponse:
    """By the care that the page showed: a newer one is not ended by an old page."""
    found = page.find_merchant(company_id)
    if request.method != "POST":
        return redirect("merchant", company_id=company_id)
    may_ask(request)
    care = get_object_or_404(Care.objects.select_related("by"), pk=pk, merchant=found)
    if not caring.end(care, by=request.user, now=timezone.now()):
        return _again(request, found, care_problem=ENDED_ALREADY)
    return page.back(request, found)


def _again(request: Signed, merchant: Merchant, **said: Any) -> HttpResponse:
    """The page as it is, with what has to be said."""
    fresh = page.find_merchant(merchant.company_id)
    context = page.page_context(request, fresh) | said
    return render(request, page.live_or_page(request), context, status=422)
