"""Saved views: a list under a name, one's own or a colleague's, and the one that Sync health opens with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from syncs import columns
from syncs.filters import HealthFilters
from syncs.filters.reading import read_health_filters
from syncs.forms.saved_views import NewViewForm, ViewForm
from syncs.models import SavedView, User
from syncs.models.saved_view import SavedViewQuerySet
from syncs.operations import saved_views
from syncs.operations.saved_views import NotSaved
from syncs.record_filters.syncs import SyncFilters
from syncs.views.access import NotHere, Signed
from syncs.views.going_back import fresh_or_kept_for_back

PAGE = "syncs/views.html"
Page = SavedView.Page


@dataclass(frozen=True)
class Listed:
    """A view as a person sees it in a list of them."""

    view: SavedView
    url: str
    is_own: bool
    is_open: bool = False
    is_default: bool = False


@dataclass(frozen=True)
class Menu:
    """What a list offers: to save what it shows now, and the other views once the menu is opened."""

    page: str
    query: str
    open: SavedView | None = None


def menu_of_health(filters: HealthFilters, user: User) -> Menu:
    """The address of a saved view names its columns, and hardly another one does: only there is one looked for."""
    query = with_columns(filters, user).query
    is_saved = SavedView.objects.seen_by(user).filter(page=Page.HEALTH, query=query)
    return Menu(Page.HEALTH, query, is_saved.order_by("name").first() if filters.cols else None)


def menu_of_syncs(filters: SyncFilters) -> Menu:
    return Menu(Page.SYNCS, filters.query)


def with_columns(filters: HealthFilters, user: User) -> HealthFilters:
    """Named, so that a shared view shows the same to everybody."""
    return replace(filters, cols=filters.cols or columns.as_written(user.columns) or columns.ALL)


def url_of(view: SavedView) -> str:
    return f"{reverse(view.page)}?{view.query}"


def default_of(user: User) -> SavedView | None:
    """What Sync health opens with."""
    if user.default_view_id is None:
        return None
    return SavedView.objects.seen_by(user).filter(page=Page.HEALTH, pk=user.default_view_id).first()


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@fresh_or_kept_for_back
def views(request: Signed) -> HttpResponse:
    """All views that a person sees; a POST saves a new one and opens it."""
    if request.method != "POST":
        return render(request, PAGE, _context(request.user))
    form = NewViewForm(request.POST)
    if form.is_valid():
        page, name, query = (form.cleaned_data[field] for field in ("page", "name", "query"))
        try:
            view = saved_views.save(
                *(request.user, page, name, _sound(page, query, request.user)),
                is_shared=form.cleaned_data["is_shared"],
                replaces=form.cleaned_data["replaces"],
            )
        except NotSaved as refusal:
            form.add_error("name", refusal.sentence)
        else:
            messages.success(request, f"Saved as “{view}”.")
            return redirect(url_of(view))
    return render(request, PAGE, _context(request.user) | {"form": form}, status=422)


@require_safe
@login_required
@never_cache
def menu(request: Signed) -> HttpResponse:
    """The views of one list, for its menu."""
    pages = [page for page in Page.values if page == request.GET.get("page")]
    seen = SavedView.objects.seen_by(request.user).filter(page__in=pages)
    listed = _listed(seen, request.user, request.GET.get("query"))
    return render(request, "syncs/views/menu.html", {"listed_views": listed})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@fresh_or_kept_for_back
def change(request: Signed, pk: int) -> HttpResponse:
    """Its name, and whether everybody sees it."""
    view = _own(request.user, pk)
    if request.method != "POST":
        return redirect("views")
    form = ViewForm(request.POST)
    if form.is_valid():
        try:
            saved_views.change(view, form.cleaned_data["name"], is_shared=form.cleaned_data["is_shared"])
        except NotSaved as refusal:
            form.add_error("name", refusal.sentence)
        else:
            messages.success(request, "Saved.")
            return redirect("views")
    return render(request, PAGE, _context(request.user) | {"changed": pk, "change_form": form}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: Signed, pk: int) -> HttpResponse:
    view = _own(request.user, pk)
    if request.method == "POST":
        saved_views.remove(view)
        messages.success(request, f"Deleted the view “{view}”.")
    return redirect("views")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def open_with(request: Signed, pk: int) -> HttpResponse:
    """Sync health opens with this view; number 0 is all merchants."""
    if request.method == "POST":
        if pk == 0:
            saved_views.open_with_all(request.user)
            messages.success(request, "Sync health opens with all merchants.")
        else:
            view = _seen(request.user, pk, page=Page.HEALTH)
            if not saved_views.open_with(view, request.user):
                raise _gone(pk)
            messages.success(request, f"Sync health opens with “{view}”.")
    return redirect("views")


def _listed(found: SavedViewQuerySet, user: User, query: str | None = None) -> list[Listed]:
    return [
        Listed(
            view,
            url_of(view),
            is_own=view.owner_id == user.pk,
            is_open=view.query == query,
            is_default=view.pk == user.default_view_id,
        )
        for view in found.select_related("owner").order_by("name", "pk")
    ]


def _context(user: User) -> dict[str, Any]:
    listed = _listed(SavedView.objects.seen_by(user), user)
    pages: Sequence[tuple[str, str]] = Page.choices
    return {
        "lists": [(word, [one for one in listed if one.view.page == page]) for page, word in pages],
        "has_default": user.default_view_id is not None,
    }


def _sound(page: str, query: QueryDict, user: User) -> str:
    """What of it the list itself understands, from its first page."""
    if page == Page.SYNCS:
        return SyncFilters.read(query).query
    return with_columns(read_health_filters(query), user).query


def _own(user: User, pk: int) -> SavedView:
    view = user.views.filter(pk=pk).first()
    if view is None:
        raise NotHere("You have no such view.", "Only who saved a view can change it. It may be deleted.")
    return view


def _seen(user: User, pk: int, **same: str) -> SavedView:
    view = SavedView.objects.seen_by(user).filter(pk=pk, **same).first()
    if view is None:
        raise _gone(pk)
    return view


def _gone(pk: int) -> NotHere:
    return NotHere(
        f"There is no view with the number {pk} for you.", "It may be deleted or not shared any more."
    )
