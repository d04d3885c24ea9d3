"""Every press with its result, and the case of one."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import push_url

from syncs import context_processors, watched
from syncs.forms.verdicts import VerdictForm
from syncs.models import SyncRequest
from syncs.operations import asking, reviewing, surroundings
from syncs.operations.asking import NotPossible
from syncs.record_filters import GROUPS, KINDS, SCOPES, RequestFilters, people
from syncs.rules.states import AT_CODAT, State
from syncs.views import glances, polling, request_case, request_list, request_live
from syncs.views.access import NotHere, Signed, may_ask, may_decide, page_asked_for

LIST = "syncs/requests.html"
CASE = "syncs/request.html"
TOO_LATE = "Too late: it is sent already. A sync that has started cannot be stopped."
ENDED = "Too late: this request has ended already."


@require_safe
@login_required
@never_cache
def requests(request: Signed) -> HttpResponse:
    """The page; for htmx only the list, with the tiles beside it."""
    choices, now = people(), timezone.now()
    filters = RequestFilters.read(request.GET).of_people(choices)
    glance = glances.look(now)
    page = request_list.page(filters, timezone.get_current_timezone(), now)
    context = _live(request, filters, page.rows, glance, now) | {
        "total": filters.apply(timezone.get_current_timezone(), now).count(),
        "people": choices,
        "states": [(name, word) for name, (word, _) in GROUPS.items()],
        "scopes": SCOPES.items(),
        "kinds": KINDS.items(),
        "older_url": filters.older(page.after),
        "newer_url": filters.newer(page.before),
    }
    if not request.htmx:
        return render(request, LIST, context)
    response = render(request, f"{LIST}#results_and_tiles", context | {"oob": True})
    return push_url(response, reverse("requests") + filters.url())


@require_safe
@login_required
@never_cache
def requests_live(request: Signed) -> HttpResponse:
    """One poll: the same rows in the same order as they are now, or 204 when nothing has changed."""
    filters, now = RequestFilters.read(request.GET), timezone.now()
    glance = glances.look(now)
    if glance.shows_nothing_new(request, request.user.pk):
        return HttpResponse(status=204)
    standing = glances.read_lately(
        ("requests", filters, request.GET.get("shown")),
        lambda: request_list.listed(request_list.shown(request.GET), filters, glance, now).standing,
        glance,
        request,
        now,
    )
    banners = context_processors.banners(request, glance.signs)
    is_as_shown = glances.shown(request) == standing.version(request.user, banners)
    if is_as_shown and not glance.is_to_tell_the_budget(request):
        glance.found_nothing_new(request, standing, request.user.pk)
        return HttpResponse(status=204)
    context = _live(request, filters, request_list.shown(request.GET), glance, now)
    return render(request, f"{LIST}#rows_and_tiles", context | {"oob": True})


@require_safe
@login_required
def sync_request(request: Signed, pk: int) -> HttpResponse:
    """The case of one request; for its poller 204 when nothing has changed."""
    polled = request_live.find_for_poll(pk) if request.htmx else None
    if polled and request.GET.get("v") == request_live.version(polled, timezone.now()):
        _watch(polled)
        return HttpResponse(status=204)
    found = _find(pk)
    _watch(found)
    return render(request, f"{CASE}#case" if request.htmx else CASE, _case(request, found))


def _watch(found: SyncRequest) -> None:
    """Somebody waits for its result."""
    if found.state in AT_CODAT:
        watched.note(found.merchant_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def cancel(request: Signed, pk: int) -> HttpResponse:
    """Takes back what is not sent yet, says so when it was too late, and leads back to the page it was pressed on."""
    found = _find(pk)
    if request.method != "POST":
        return redirect("request", pk)
    may_ask(request)
    if asking.cancel(found, by=request.user, now=timezone.now()):
        messages.success(request, f"Cancelled: nothing runs for {found.merchant.name}.")
    else:
        found.refresh_from_db(fields=["state"])
        messages.warning(request, TOO_LATE if found.is_active else ENDED)
    return redirect(page_asked_for(request) or resolve_url("request", pk))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def decide(request: Signed, pk: int) -> HttpResponse:
    """Saves a lead's verdict. Nothing is sent by this."""
    found = _find(pk)
    if request.method != "POST":
        return redirect("request", pk)
    may_decide(request)
    form = VerdictForm(found, request.POST)
    try:
        if not form.is_valid():
            return render(request, CASE, _case(request, found, form), status=422)
        saved = _save(request, found, form)
    except NotPossible as refusal:
        form.add_error(refusal.field, refusal.sentence)
        return render(request, CASE, _case(request, _find(pk), form), status=422)
    if saved:
        messages.success(
            request, "Your verdict is saved, with your name and reason. Nothing was sent by this."
        )
    else:
        messages.warning(request, "This was decided before your verdict arrived. Yours was not saved.")
    return redirect("request", pk)


def _save(request: Signed, found: SyncRequest, form: VerdictForm) -> bool:
    reason, now = form.cleaned_data["reason"], timezone.now()
    if form.cleaned_data["verdict"] == VerdictForm.RAN:
        return reviewing.decide_ran(found, form.cleaned_data["sync"], by=request.user, reason=reason, now=now)
    seen = form.cleaned_data["seen"] or None
    return reviewing.decide_not_run(found, by=request.user, reason=reason, now=now, seen=seen)


def _find(pk: int) -> SyncRequest:
    found = request_live.find(pk)
    if found is None:
        raise NotHere(
            f"There is no request with the number {pk} here.",
            "Requests are never removed: the link may be cut short, or belong to another Sync Desk.",
        )
    return found


def _live(
    request: Signed,
    filters: RequestFilters,
    shown: list[SyncRequest],
    glance: glances.Glance,
    now: datetime,
) -> dict[str, Any]:
    """What a poll brings up to date: tiles, what needs a person, and the rows that are shown."""
    listed = request_list.listed(shown, filters, glance, now)
    tiles = request_list.tiles(filters, request.user, listed.standing)
    banners = context_processors.banners(request, glance.signs)
    version = listed.standing.version(request.user, banners)
    polled = [("shown", ",".join(str(row.pk) for row in shown)), *glance.pairs(glance.pulse, version, now)]
    return {
        "filters": filters,
        "rows": listed.rows,
        "cases": listed.cases,
        "to_review": next(tile.count for tile in tiles if tile.value == "person"),
        "tiles": tiles[:-2],
        "overlapping": tiles[-2:],
        "newer": listed.newer,
        "banners": banners,
        "live_url": f"{reverse('requests-live')}{filters.url(page=True)}&{urlencode(polled, safe=',')}",
        "every": polling.seconds(moving=any(map(_is_moving, listed.rows))),
        "may_ask": request.user.has_perm("syncs.ask_sync"),
    }


def _is_moving(row: request_list.Row) -> bool:
    return row.tally.is_moving if isinstance(row, request_list.BulkRow) else row.request.is_on_its_way


def _case(request: Signed, found: SyncRequest, form: VerdictForm | None = None) -> dict[str, Any]:
    now = timezone.now()
    # Before anything is told: of a moment that passes meanwhile the next poll tells.
    version = request_live.version(found, now)
    may_decide_this = found.state == State.NEEDS_REVIEW and request.user.has_perm("syncs.decide_review")
    context = request_case.context(found) | {
        "may_ask": request.user.has_perm("syncs.ask_sync"),
        "form": (form or VerdictForm(found)) if may_decide_this else None,
        "banners": context_processors.banners(request, surroundings.of(found).signs(now)),
        "version": version,
        "oob": bool(request.htmx),
    }
    # A poll must not take away what a lead is writing.
    return context | {"poll_every": ""} if may_decide_this else context
