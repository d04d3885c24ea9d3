"""What needs a person, and a lead's verdicts on many at once: choose, confirm, save. Nothing is sent by any of it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from syncs.forms.verdicts import MOST_AT_ONCE, ConfirmedReviewForm, ReviewForm, chosen_in
from syncs.models import SyncRequest, User
from syncs.operations import reviewing
from syncs.operations.evidence import Evidence, evidence_of, outages_of_open
from syncs.operations.reviewing import Ending, Ruling
from syncs.record_filters import as_key
from syncs.rules.states import State
from syncs.views import review_list
from syncs.views.access import Signed, may_decide
from syncs.views.going_back import fresh_or_kept_for_back

PAGE = "syncs/review.html"
CONFIRM = "syncs/review/confirm.html"
MOST_NAMES = 8
Form = TypeVar("Form", bound=ReviewForm)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@fresh_or_kept_for_back
def review(request: Signed) -> HttpResponse:
    """POST is the way back from the confirm step: the same page as it was filled in."""
    if request.method == "POST":
        may_decide(request)
        found = _posted(request, ReviewForm).found
        return render(request, PAGE, _page(request, ReviewForm(found, initial=request.POST.dict())))
    page = review_list.page(request.GET.get("after", ""), request.GET.get("before", ""))
    found = evidence_of(page.rows)
    pages = {
        "newer_url": f"?before={page.before}" if page.before else "",
        "older_url": f"?after={page.after}" if page.after else "",
    }
    ticked = _all_ticked(found) if request.GET.get("tick") == "all" else {}
    return render(request, PAGE, _page(request, ReviewForm(found, initial=ticked)) | pages)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@fresh_or_kept_for_back
def confirm(request: Signed) -> HttpResponse:
    """What would be saved, and nothing is yet."""
    if request.method != "POST":
        return redirect("review")
    may_decide(request)
    form = _posted(request, ReviewForm)
    if not form.is_valid():
        return render(request, PAGE, _page(request, form), status=422)
    return render(request, CONFIRM, _confirm(request, form))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@fresh_or_kept_for_back
def save(request: Signed) -> HttpResponse:
    """A result for each; what was refused stands below, as it was filled in, to be decided anew."""
    if request.method != "POST":
        return redirect("review")
    may_decide(request)
    form = _posted(request, ConfirmedReviewForm)
    if not form.is_valid():
        forgot_only_to_look = form.errors.keys() == {"looked"}
        context = _confirm(request, form) if forgot_only_to_look else _page(request, form)
        return render(request, CONFIRM if forgot_only_to_look else PAGE, context, status=422)
    reason = form.cleaned_data["reason"]
    rulings = reviewing.decide_many(form.verdicts, by=request.user, reason=reason, now=timezone.now())
    why = {ruling.request.pk: ruling.why for ruling in rulings if ruling.ending == Ending.REFUSED}
    left = SyncRequest.objects.needing_a_person().for_page().filter(pk__in=why).order_by("asked_at", "pk")
    again = ReviewForm(evidence_of(list(left)), initial=request.POST.dict())
    told = review_list.told([*rulings, *_before(form)], request.user)
    context = _page(request, again, why) | {
        "told": told,
        "saved": sum(each.ending == Ending.SAVED for each in told),
    }
    return render(request, PAGE, context, status=422 if why else 200)


def _posted(request: Signed, form: type[Form]) -> Form:
    """The rows that the form was about, as they stand now."""
    asked = {key for text in request.POST.getlist("row") if (key := as_key(text)) is not None}
    named = SyncRequest.objects.for_page().filter(pk__in=sorted(asked)[:MOST_AT_ONCE])
    rows = list(named.order_by("asked_at", "pk"))
    waiting = [row for row in rows if row.state == State.NEEDS_REVIEW]
    gone = [row for row in rows if row not in waiting and chosen_in(request.POST, row.pk)]
    return form(evidence_of(waiting), request.POST, asked=len(asked), gone=gone)


def _page(request: Signed, form: ReviewForm, why: Mapping[int, str] | None = None) -> dict[str, Any]:
    rows = review_list.rows_of(form, why)
    return {
        "wrong": [row for row in rows if row.errors],
        "form": form if request.user.has_perm("syncs.decide_review") else None,
        "rows": rows,
        "may_tick": sum(not row.against for row in rows),
        "total": SyncRequest.objects.needing_a_person().count(),
        "leads": _leads(),
        "outages": outages_of_open(),
        "told": review_list.told(_before(form), request.user),
    }


def _confirm(request: Signed, form: ReviewForm) -> dict[str, Any]:
    rows, lines = review_list.rows_of(form), review_list.lines_of(form)
    return {
        "form": form,
        "lines": lines,
        "rows": rows,
        "left_open": len(rows) - len(lines),
        "ran": sum(line.sync is not None for line in lines),
        "never_ran": sum(line.sync is None for line in lines),
        "against": len(form.against_evidence),
        "told": review_list.told(_before(form), request.user),
    }


def _before(form: ReviewForm) -> list[Ruling]:
    return [Ruling(gone, Ending.BEFORE) for gone in form.gone]


def _all_ticked(found: list[Evidence]) -> dict[str, bool]:
    return {f"tick-{each.request.pk}": True for each in found if not each.against_nothing_ran}


def _leads() -> str:
    """Who may decide: "Lena Horvath, Mei Tanaka and 3 more"."""
    may = User.objects.with_perm(
        "syncs.decide_review", backend="django.contrib.auth.backends.ModelBackend"
    ).order_by("first_name", "username")
    names = [user.display_name for user in may]
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
