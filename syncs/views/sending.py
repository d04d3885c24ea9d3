"""Whether requests are sent at all: why not, since when, and the switch for it."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from syncs.forms import FreezeForm, ResumeForm
from syncs.models import Freeze, SyncRequest
from syncs.operations import freezing
from syncs.rules.states import State
from syncs.views.access import Signed, may_freeze

PAGE = "syncs/sending.html"


@require_safe
@login_required
@never_cache
def sending(request: Signed) -> HttpResponse:
    return render(request, PAGE, _context(request))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def freeze(request: Signed) -> HttpResponse:
    """What is on its way already goes on; everything else waits."""
    if request.method != "POST":
        return redirect("sending")
    may_freeze(request)
    form = FreezeForm(request.POST)
    if not form.is_valid():
        return render(request, PAGE, _context(request, freeze_form=form), status=422)
    reason = form.cleaned_data["reason"]
    if freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), by=request.user, reason=reason):
        messages.success(request, "Sending is frozen. New requests are saved and wait.")
    else:
        messages.warning(request, "Sending was frozen by somebody already. Nothing was changed.")
    return redirect("sending")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def resume(request: Signed) -> HttpResponse:
    if request.method != "POST":
        return redirect("sending")
    may_freeze(request)
    form = ResumeForm(request.POST)
    if not form.is_valid():
        return render(request, PAGE, _context(request, resume_form=form), status=422)
    if freezing.resume(now=timezone.now(), by=request.user, reason=form.cleaned_data["reason"]):
        messages.success(request, "Sending is resumed. What waits is sent now, oldest first.")
    else:
        messages.warning(request, "Sending was resumed already. Nothing was changed.")
    return redirect("sending")


def _context(
    request: Signed, *, freeze_form: FreezeForm | None = None, resume_form: ResumeForm | None = None
) -> dict[str, Any]:
    stops = freezing.standing()
    restored = next((stop.since for stop in stops if stop.cause == Freeze.Cause.RESTORE), None)
    # What only the freeze holds back; a sender that met it put the request off for seconds.
    is_ready = Q(not_before__lte=timezone.now()) | Q(waiting_for=freezing.FROZEN)
    if restored:
        # What was asked before goes before a person.
        is_ready &= Q(asked_at__gte=restored)
    states = SyncRequest.objects.active().values_list("state").order_by()
    rows = states.annotate(Count("pk"), ready=Count("pk", filter=is_ready))
    count = Counter({State(state): number for state, number, _ in rows})
    ready = next((number for state, _, number in rows if state == State.QUEUED), 0)
    return {
        "stops": stops,
        "restored": restored,
        "can_freeze": all(stop.cause != Freeze.Cause.PERSON for stop in stops),
        "waiting": count[State.QUEUED],
        "ready": ready,
        "not_ready": count[State.QUEUED] - ready,
        "on_their_way": count[State.SENDING],
        "uncertain": count[State.UNCERTAIN],
        "to_review": count[State.NEEDS_REVIEW],
        "may_freeze": request.user.has_perm("syncs.freeze_sending"),
        "freeze_form": freeze_form or FreezeForm(),
        "resume_form": resume_form or ResumeForm(),
    }
