"""The page of one merchant: what is wrong, who must act, its days, its syncs, its requests."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget

from syncs import context_processors, tasks, watched
from syncs.forms import NoteForm
from syncs.models import Merchant, SyncRequest
from syncs.operations import checking, notes, surroundings, thinning
from syncs.operations.checking import Check
from syncs.operations.diagnosing import diagnose
from syncs.operations.repairs import covered_since
from syncs.rules import fuse, playbook
from syncs.rules.playbook import Diagnosis
from syncs.rules.states import State
from syncs.views import (
    advice,
    care_card,
    history,
    history_rows,
    in_outage,
    merchant_live,
    months,
    next_steps,
    nightly,
    rerun_card,
    timeline,
)
from syncs.views.access import NotHere, Signed, may_ask
from syncs.views.range_preview import Preview

PAGE = "syncs/merchant.html"
# Of a page that nobody has touched for long (static/sleep.js).
IDLE = "Panel-Idle"


@require_safe
@login_required
def merchant(request: Signed, company_id: uuid.UUID) -> HttpResponse:
    """The whole page, or its live region when the poller asks. Where nothing has changed, only what a new look leaves
    behind, and 204 without one."""
    found, now = _find(company_id), timezone.now()
    if IDLE not in request.headers:
        watched.note(found.pk)
    if request.htmx.target == "history":
        return render(request, f"{PAGE}#history", _history(request, found, now))
    is_as_shown = request.GET.get("v") == merchant_live.version(found, now)
    is_as_shown = is_as_shown and not merchant_live.is_over(request, now)
    if request.htmx and is_as_shown:
        looks = merchant_live.looks(found, now)
        if request.GET.get("looks") == looks["looks_version"]:
            return HttpResponse(status=204)
        # What is said of a request under way may hang on what the look did not find.
        if not found.requests.under_way().exists():
            answer = render(
                request, f"{PAGE}#looks", looks | {"merchant": found, "is_poll": True, "oob": True}
            )
            return reswap(retarget(answer, "#looks"), "outerHTML")
    template = f"{PAGE}#merchant_live" if request.htmx.target == "merchant_live" else PAGE
    return render(request, template, page_context(request, _with_connections(found)))


@require_safe
@login_required
def sync(request: Signed, company_id: uuid.UUID, pk: int) -> HttpResponse:
    """One sync of the history, opened or closed; without htmx, the page with it open."""
    found = find_merchant(company_id)
    row = found.syncs.filter(pk=pk).select_related("cause").prefetch_related("requests__asked_by").first()
    if row is None:
        return _no_longer_kept(request, found, pk)
    row.merchant = found
    if not request.htmx:
        return HttpResponseRedirect(history.address_of(row))
    is_open = request.GET.get("closed") is None
    shown = history_rows.Row(row, is_open=is_open, recovery=covered_since(found, [row]).get(row.pk))
    return render(request, f"{PAGE}#sync_row", {"merchant": found, "row": shown})


def _no_longer_kept(request: Signed, merchant: Merchant, pk: int) -> HttpResponse:
    """The link to a sync was good until it was thinned."""
    if not thinning.may_have_removed(merchant, pk):
        raise Http404
    return render(request, "errors/410.html", {"merchant": merchant}, status=410)


@require_POST
@login_required
def check_now(request: Signed, company_id: uuid.UUID) -> HttpResponse:
    """Queues a look at Codat; the page itself never calls Codat."""
    found, now = find_merchant(company_id), timezone.now()
    check = checking.check_now(found, now)
    if check is Check.TOO_SOON:
        # Without a version: the next poll brings the page without this note.
        context = page_context(request, found) | {"is_too_soon": True, "page_version": ""}
        return render(request, live_or_page(request), context)
    if check is Check.HANDED_OUT:
        tasks.refresh_soon(found, now)
    return back(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def add_note(request: Signed, company_id: uuid.UUID) -> HttpResponse:
    found = find_merchant(company_id)
    if request.method != "POST":
        return HttpResponseRedirect(_address(found))
    may_ask(request)
    form = NoteForm(request.POST)
    if not form.is_valid():
        context = page_context(request, found) | {"note_form": form}
        return render(request, live_or_page(request), context, status=422)
    notes.add(found, form.cleaned_data["note"], by=request.user)
    return back(request, found)


def find_merchant(company_id: uuid.UUID) -> Merchant:
    """Archived ones too: their record stays readable."""
    return _with_connections(_find(company_id))


def _with_connections(merchant: Merchant) -> Merchant:
    prefetch_related_objects([merchant], "connections")
    return merchant


def _find(company_id: uuid.UUID) -> Merchant:
    found = merchant_live.find(company_id)
    if found is None:
        raise NotHere(
            f"There is no merchant with the ID {company_id} here.",
            "It may be registered in Codat but not in Sync Desk, or the link is cut short.",
        )
    return found


def page_context(request: Signed, merchant: Merchant) -> dict[str, Any]:
    now = timezone.now()
    active = merchant.requests.under_way().first()
    is_waited_for = bool(active and active.is_on_its_way)
    found = diagnose(merchant)
    due = nightly.next_sync(merchant, now)
    card = rerun_card.context(request, merchant, active, now)
    diagnosis = _told_meanwhile(found, active) if active else in_outage.told(found, merchant, card["stands"])
    may_fill = not active and not card["blocked"]
    left = merchant.days_left(now)
    advised = advice.of(merchant, diagnosis, card["offered"], due, card["stands"]) if may_fill else None
    return (
        {
            "merchant": merchant,
            "now": now,
            "diagnosis": diagnosis,
            "may_describe": request.user.has_perm("syncs.administer") and _is_undescribed(merchant, found),
            "next_steps": next_steps.of(
                diagnosis, may_ask=may_fill, other_days=advised.query if advised else next_steps.OTHER_RANGE
            ),
            "message": next_steps.message(diagnosis, merchant.link_url),
            "advice": advised,
            "meanwhile": _meanwhile(active) if active else (),
            "held": playbook.HELD,
            "last_sync": merchant.syncs.results().newest_first().first(),
            "newest_sync": merchant.syncs.newest_first().only("pk", "sync_id", "merchant").first(),
            "commerce": merchant.commerce,
            "accounting": merchant.accounting,
            "next_due": due,
            "days_left": left,
            "without_result": months.yesterday_without_result(merchant, now)
            if left is not None and fuse.has_a_day_without_result(merchant.failed_days, left)
            else "",
            "ticks": [n < merchant.failed_days for n in range(fuse.FUSE_DAYS)],
            "months": grid(request, merchant, active, card["preview"], now),
            "entries": (entries := timeline.of(merchant)),
            "failed_before": timeline.failed_before(merchant, entries),
            "active": active,
            "note_form": NoteForm(),
            "may_ask": request.user.has_perm("syncs.ask_sync"),
            "page_version": merchant_live.version(merchant, now),
            "banners": context_processors.banners(request, surroundings.of(merchant).signs(now)),
            "true_until": merchant_live.true_until(merchant, active, now),
            "oob": bool(request.htmx),
            "is_waited_for": is_waited_for,
            "poll_every": "2s"
            if is_waited_for or merchant.running_since or merchant.is_being_checked(now)
            else "15s",
            "poll_query": merchant_live.query(request),
            "polling": request.htmx.target == "merchant_live" and request.method == "GET",
        }
        | _history(request, merchant, now)
        | card
        | care_card.context(request, merchant, now)
    )


def grid(
    request: Signed, merchant: Merchant, active: SyncRequest | None, chosen: Preview | None, now: datetime
) -> months.Grid:
    newest = request.GET.get("month", "")
    return months.of(merchant, now, active, newest=newest, chosen=chosen.chosen if chosen else None)


def _told_meanwhile(diagnosis: Diagnosis | None, active: SyncRequest) -> Diagnosis | None:
    if diagnosis is None:
        return None
    return playbook.while_under_way(
        diagnosis, may_have_run=_may_have_run(active), is_in_review=active.state == State.NEEDS_REVIEW
    )


def _meanwhile(active: SyncRequest) -> tuple[str, str]:
    """Whether a re-run helps and is safe, where nothing is wrong but days that are missing."""
    helps = playbook.NOT_DECIDED if active.state == State.NEEDS_REVIEW else playbook.NOT_YET
    return helps, playbook.SAFE_MEANWHILE[_may_have_run(active)]


def _is_undescribed(merchant: Merchant, diagnosis: Diagnosis | None) -> bool:
    """Whether the playbook knows its failure by the code at best, though there is more to go by."""
    if diagnosis is None or merchant.last_cause_id is None:
        return False
    return diagnosis.is_last_resort or (diagnosis.is_general and bool(merchant.last_message))


def _may_have_run(active: SyncRequest) -> bool:
    return State(active.state) in {State.UNCERTAIN, State.NEEDS_REVIEW}


def _history(request: Signed, merchant: Merchant, now: datetime) -> dict[str, Any]:
    shown = history.page(merchant, request.GET)
    return merchant_live.looks(merchant, now) | {"merchant": merchant, "now": now, "history": shown}


def live_or_page(request: Signed) -> str:
    return f"{PAGE}#merchant_live" if request.htmx else PAGE


def back(request: Signed, merchant: Merchant) -> HttpResponse:
    """The live region as it is now, or the page again."""
    if not request.htmx:
        return HttpResponseRedirect(_address(merchant))
    return render(request, f"{PAGE}#merchant_live", page_context(request, find_merchant(merchant.company_id)))


def _address(merchant: Merchant) -> str:
    return reverse("merchant", args=[merchant.company_id])
