"""The button “Import from Codat”, and the page that shows how far the import has come."""

from datetime import datetime

from django.contrib import admin, messages
from django.db.models import Exists
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from syncs import context_processors, tasks
from syncs.admin.base import person
from syncs.admin.polling import polled
from syncs.models import ImportRun, Merchant
from syncs.operations import import_runs, surroundings

PAGE = "admin/syncs/merchant/import.html"
# A worker that is busy with refreshes may take a while to come to it.
NUDGE_GOOD_FOR = 600.0
QUEUE_DOWN = (
    "The queue (Redis) does not take the import, so it has not begun. "
    "It begins by itself when the queue is back."
)


def urls(site: admin.AdminSite) -> list[URLPattern]:
    name = "syncs_merchant_import"
    return [
        path("import/", site.admin_view(start), name=name),
        path("import/<int:pk>/", polled(site.admin_view(progress), _shown), name=f"{name}_progress"),
        path("import/<int:pk>/confirm/", site.admin_view(confirm), name=f"{name}_confirm"),
    ]


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begins an import, or leads to the one that is under way."""
    return _begin(request, may_archive=0)


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Imports again, and may then archive as many merchants as the person has just been told are gone."""
    return _begin(request, may_archive=get_object_or_404(ImportRun, pk=pk).missing)


def _shown(pk: int, may_see: Exists) -> str | None:
    run = surroundings.read_with(ImportRun.objects.filter(may_see, pk=pk)).first()
    return _version(run, timezone.now()) if run else None


def _version(run: ImportRun, now: datetime) -> str:
    heard = "silent" if import_runs.is_silent(run, now) else "heard"
    return f"{run.state}-{run.pages}-{heard}-{context_processors.version(surroundings.of(run), now)}"


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an import has come."""
    runs, now = surroundings.read_with(ImportRun.objects.select_related("by")), timezone.now()
    run, is_polled = get_object_or_404(runs, pk=pk), bool(request.headers.get("HX-Request"))
    context = {
        **admin.site.each_context(request),
        "title": "Import from Codat",
        "opts": Merchant._meta,
        "run": run,
        "silent": import_runs.is_silent(run, now),
        "version": _version(run, now),
        "oob": is_polled,
    }
    return render(request, f"{PAGE}#import-progress" if is_polled else PAGE, context)


def _begin(request: HttpRequest, *, may_archive: int) -> HttpResponse:
    run = import_runs.ask_for_import(by=person(request), may_archive=may_archive)
    waiting = run.state == ImportRun.State.WAITING
    if waiting and not tasks.nudge(tasks.import_companies, run.pk, expires=NUDGE_GOOD_FOR):
        messages.warning(request, QUEUE_DOWN)
    return redirect("admin:syncs_merchant_import_progress", run.pk)
