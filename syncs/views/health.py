"""The sync health page: every merchant's last result, worst first, live."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect, push_url

from syncs import columns, context_processors
from syncs.filters import OWNERS, SILENCES, SORT_WORDS, HealthFilters, beginnings
from syncs.filters.reading import read_health_filters
from syncs.models import Merchant
from syncs.operations import people
from syncs.search import owners_of
from syncs.views import drawn_rows, filter_words, glances, health_list, health_summary, saved_views
from syncs.views.access import Signed, page_asked_for
from syncs.views.health_list import Listing, Standing


@require_safe
@login_required
@never_cache
def health(request: Signed) -> HttpResponse:
    """The page; for htmx only the list, with the tiles beside it. A pasted id goes straight to its merchant, and the
    bare address to the reader's default view."""
    if not request.GET and (view := saved_views.default_of(request.user)):
        return redirect(saved_views.url_of(view))
    now = timezone.now()
    glance = glances.look(now)
    platforms = health_summary.platforms(request.GET)
    filters, cause = read_health_filters(request.GET, platforms).of_cause()
    owners = owners_of(filters.q)
    if len(owners) == 1:
        return _go_to(owners[0], request)
    matching = filters.apply(now.date(), owners).defer("tags", "thinned_windows")
    standing, merchants = health_list.read(filters, matching, glance, now)
    listing = _listing(request, filters, standing, glance, filters.cols or request.user.columns)
    context = listing.page(drawn_rows.draw(merchants, now, may_ask=_may_ask(request))) | {
        "platforms": platforms,
        "codes": health_summary.code_choices(*filters.code),
        "silences": SILENCES,
        "beginnings": beginnings.choices(filters.began),
        "orders": SORT_WORDS,
        "filtered": filter_words.told(filters, cause),
        "cause": cause,
        "letters": listing.letters_of(cause),
        "acting": OWNERS,
        "views": saved_views.menu_of_health(filters, request.user),
    }
    if request.htmx:
        response = render(request, "syncs/health.html#results_and_tiles", context | {"oob": True})
        return push_url(response, filters.url(page=True))
    return render(request, "syncs/health.html", context)


@require_safe
@login_required
@never_cache
def health_live(request: Signed) -> HttpResponse:
    """One poll: 204 while nothing on the page changed, else the rows that did, and what stands around them."""
    now = timezone.now()
    glance = glances.look(now)
    if glance.shows_nothing_new(request):
        return HttpResponse(status=204)
    filters = read_health_filters(request.GET)
    standing = health_list.read_lately(filters, glance, request, now)
    order, seen_chart = request.GET.get("order", ""), request.GET.get("chart", "")[:40]
    listing = _listing(request, filters, standing, glance, order, seen_chart=seen_chart)
    shown = drawn_rows.shown_on(request.GET)
    changed = listing.changed(shown)
    is_as_shown = not changed and glances.shown(request) == listing.head
    if is_as_shown and not glance.is_to_tell_the_budget(request):
        glance.found_nothing_new(request, listing)
        return HttpResponse(status=204)
    rows = drawn_rows.draw_marked(changed, now, may_ask=_may_ask(request)) if changed else {}
    return render(request, "syncs/health.html#news", listing.answer(shown, rows))


@require_safe
@login_required
@never_cache
def health_sign(request: Signed) -> JsonResponse:
    """What a hidden tab shows: how many merchants fail, in its title, and in its icon whether something stands."""
    now = timezone.now()
    glance = glances.look(now)
    counts = health_summary.counted(now, glance.pulse).counts
    trouble = context_processors.worst(context_processors.banners(request, glance.signs))
    return JsonResponse({"title": f"{health_summary.title(counts)} · Sync Desk", "trouble": trouble})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose_columns(request: Signed) -> HttpResponse:
    """For this person, from now on. Where no script moves them, `earlier` and `later` name one that is moved."""
    if request.method == "POST":
        names = request.POST.getlist("column")
        names = columns.moved(names, request.POST.get("earlier", ""), -1)
        names = columns.moved(names, request.POST.get("later", ""), 1)
        people.choose_columns(request.user, columns.written(names))
    return redirect(page_asked_for(request) or "health")


def _go_to(merchant: Merchant, request: Signed) -> HttpResponse:
    url = resolve_url("merchant", company_id=merchant.company_id)
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _may_ask(request: Signed) -> bool:
    return request.user.has_perm("syncs.ask_sync")


def _listing(
    request: Signed,
    filters: HealthFilters,
    standing: Standing,
    glance: glances.Glance,
    cols: str,
    *,
    seen_chart: str = "",
) -> Listing:
    now = glance.signs.now
    counted = health_summary.counted(now, glance.pulse)
    clusters = health_summary.clusters(counted) if filters.by else []
    banners = context_processors.banners(request, glance.signs)
    return Listing(
        *(filters, standing, counted, clusters, banners, glance, now),
        columns.of(cols),
        request.user,
        seen_chart,
    )
