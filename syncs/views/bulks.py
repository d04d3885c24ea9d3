"""What became of one press for many merchants: live, to be stopped, and as a file."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from syncs import context_processors, csv_files, paging, wording
from syncs.csv_files import Cells
from syncs.models import Bulk, NotAsked, SyncRequest
from syncs.operations import bulks
from syncs.presentation import look_of_request
from syncs.record_filters import as_key
from syncs.views import bulk_results, glances, polling
from syncs.views.access import NotHere, Signed, may_ask
from syncs.views.bulk_results import Result
from syncs.views.bulk_review import JUST_ASKED
from syncs.views.bulk_tally import PARTS, STATES_OF, Tally
from syncs.views.exports import enter, export

PAGE = "syncs/bulk.html"


@dataclass(frozen=True)
class Shown:
    """What the parameters of the page's address say; what makes no sense is as by default."""

    show: str
    after: str
    before: str

    @classmethod
    def read(cls, params: QueryDict) -> "Shown":
        show = params.get("show", "")
        return cls(show if show in STATES_OF else "", params.get("after", ""), params.get("before", ""))

    def query(self, **changes: str) -> str:
        pairs = {**vars(self), **changes}
        return urlencode({name: value for name, value in pairs.items() if value})


@require_safe
@login_required
@never_cache
def bulk(request: Signed, pk: uuid.UUID) -> HttpResponse:
    found, now, asked = _find(pk), timezone.now(), Shown.read(request.GET)
    glance = glances.look(now)
    page = bulk_results.page(found, asked.show, asked.after, asked.before)
    context = _live(request, found, asked, page.rows, glance) | {
        "newer_url": f"?{asked.query(before=page.before, after='')}" if page.before else "",
        "older_url": f"?{asked.query(after=page.after, before='')}" if page.after else "",
        "groups": bulk_results.not_asked(found),
        "just_asked": request.session.pop(JUST_ASKED, "") == str(found.pk),
    }
    refused = sum(group.count for group in context["groups"])
    told = {"refused": refused, "wanted": context["tally"].total + refused}
    return render(request, PAGE, context | told)


@require_safe
@login_required
@never_cache
def bulk_live(request: Signed, pk: uuid.UUID) -> HttpResponse:
    """One poll: the same rows in the same order as they are now, or 204 when nothing has changed."""
    now = timezone.now()
    glance = glances.look(now)
    if glance.shows_nothing_new(request):
        return HttpResponse(status=204)
    found, asked = _find(pk), Shown.read(request.GET)
    keys = [key for text in request.GET.get("rows", "").split(",")[: paging.SIZE] if (key := as_key(text))]
    context = _live(request, found, asked, bulk_results.shown(found, keys), glance, is_poll=True)
    if glances.shown(request) == context["version"] and not glance.is_to_tell_the_budget(request):
        glance.found_nothing_new(request, _Read(glance.pulse, now))
        return HttpResponse(status=204)
    return render(request, f"{PAGE}#live", context | {"oob": True})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def stop(request: Signed, pk: uuid.UUID) -> HttpResponse:
    """Cancels what is not sent yet; what Codat has runs to its end."""
    found = _find(pk)
    if request.method == "POST":
        may_ask(request)
        stopped = bulks.stop(found, by=request.user, now=timezone.now())
        if stopped:
            messages.success(
                request, f"Stopped: {stopped:,} not sent yet {'is' if stopped == 1 else 'are'} cancelled."
            )
        else:
            messages.warning(
                request, "Too late: all of it is sent already. A sync that has started cannot be stopped."
            )
    return redirect("bulk", pk)


@export
def bulk_csv(request: Signed, pk: uuid.UUID) -> StreamingHttpResponse:
    """Everybody whom it was meant for: first those that were asked for, then those that were not and why."""
    found, zone = _find(pk), timezone.get_current_timezone_name()
    head = [
        *("Merchant", "Company ID", "State", "Result", f"Sent ({zone})", f"Ended ({zone})"),
        *("Sync ID", "Correlation ID", "Request"),
    ]
    enter(request, f"the results of “{bulks.described(found)}” for many")
    asked = bulk_results.results(found).order_by(*bulk_results.FIRST_FIRST.columns(backwards=False))
    left_out = found.not_asked.select_related("merchant").order_by("pk")
    return csv_files.answer_of(
        "bulk",
        head,
        chain(
            csv_files.told_of(asked, lambda some: map(_of_request, bulk_results.rows_of(some))),
            csv_files.told_of(left_out, lambda some: map(_of_refused, some)),
        ),
    )


@dataclass(frozen=True)
class _Read:
    pulse: int
    read_at: datetime


def _of_request(row: Result) -> Cells:
    asked = row.request
    return [
        *(asked.merchant.name, asked.merchant.company_id, look_of_request(asked).word),
        wording.lasting(asked, row.sentence),
        *(row.sent_at, asked.finished_at, row.sync_id, asked.correlation_id, asked.pk),
    ]


def _of_refused(refused: NotAsked) -> Cells:
    return [refused.merchant.name, refused.merchant.company_id, "Not asked for", refused.why, *[""] * 5]


def _find(pk: uuid.UUID) -> Bulk:
    found = Bulk.objects.select_related("asked_by", "stopped_by").filter(pk=pk).first()
    if found is None:
        raise NotHere(
            "There is no press for many merchants with this ID here.",
            "The link may be cut short, or belong to another Sync Desk.",
        )
    return found


def _live(
    request: Signed,
    found: Bulk,
    asked: Shown,
    shown: list[SyncRequest],
    glance: glances.Glance,
    *,
    is_poll: bool = False,
) -> dict[str, Any]:
    """What a poll brings up to date: the counts, the bar, and the rows that are shown."""
    counted, rows = bulk_results.tally(found), bulk_results.rows_of(shown)
    banners = context_processors.banners(request, glance.signs)
    has_moved = is_poll and bulk_results.order(found, *vars(asked).values()) != [row.pk for row in shown]
    told = (
        counted.states,
        has_moved,
        bulk_results.digest_of(rows),
        found.stopped_at,
        banners,
        glances.clock(),
    )
    version = glances.digest(told)
    polled = [
        *((name, value) for name, value in vars(asked).items() if value),
        ("rows", ",".join(str(row.pk) for row in shown)),
        *glance.pairs(glance.pulse, version, glance.signs.now),
    ]
    return {
        "bulk": found,
        "what": bulks.described(found),
        "tally": counted,
        "rows": rows,
        "asked": asked,
        "shows": _shows(asked, counted),
        "has_moved": has_moved,
        "more_to_send": bulk_results.still_to_send(counted),
        "version": version,
        "banners": banners,
        "may_ask": request.user.has_perm("syncs.ask_sync"),
        "live_url": f"{reverse('bulk-live', args=[found.pk])}?{urlencode(polled, safe=',')}",
        "every": 2 if counted.unsent else polling.seconds(moving=counted.is_moving),
    }


def _shows(asked: Shown, counted: Tally) -> list[dict[str, Any]]:
    """The parts that have any, to be shown by themselves."""
    parts = [("", "All", counted.total), *((name, word, counted.of(name)) for name, word, *_ in PARTS)]
    return [
        {
            "url": f"?{asked.query(show=name, after='', before='')}",
            "word": word,
            "count": count,
            "on": name == asked.show,
        }
        for name, word, count in parts
        if count or name in {"", asked.show}
    ]
