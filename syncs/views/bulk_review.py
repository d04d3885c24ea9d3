"""Asking for many merchants at once: what would run and what would not, and the press itself. Nothing is sent by it."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from syncs import tasks
from syncs.filters import HealthFilters
from syncs.filters.reading import read_health_filters
from syncs.forms.bulks import PRESETS, BulkForm, ConfirmedBulkForm
from syncs.models import Merchant
from syncs.models.merchant import MerchantQuerySet
from syncs.operations import bulk_plans, bulks
from syncs.operations.asking import NotPossible
from syncs.operations.bulk_plans import MOST, Plan
from syncs.operations.bulks import TICK_SYNCED_DAYS, Changed
from syncs.rules.salesdays import day_before, day_of, zone_of
from syncs.search import owners_of
from syncs.views import bulk_words, filter_words, health_summary
from syncs.views import messages as messages_to_merchants
from syncs.views.access import Signed, may_ask
from syncs.views.going_back import fresh_or_kept_for_back

PAGE = "syncs/bulk_review.html"
PERMITTED = {"may_many": "syncs.ask_many", "may_override": "syncs.override_guard"}
# In the session: the selection of the list has been asked for, and is not kept any longer.
JUST_ASKED = "just_asked"
PRESSED_TWICE = "You pressed twice. This is what you already asked for. Nothing was sent twice."
NOBODY = "No merchant is selected. Tick some in the list."
# Of more the list does not say before the review who can run: each box that is ticked asks anew.
FORETOLD = 100
TOO_MANY = (
    f"At most {MOST:,} merchants are asked for at once. Narrow the list, and take one part after the other."
)
LOST_FILTER = "The list cannot be read any more as it was filtered: look at it again, and select anew."


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@fresh_or_kept_for_back
def review(request: Signed) -> HttpResponse:
    """What would run, what would not and why, and what it costs; also after a change of what is asked for."""
    if request.method != "POST":
        return redirect("health")
    may_ask(request)
    now = timezone.now()
    form = BulkForm(request.POST, now)
    if form.preset:
        form = BulkForm(request.POST, now, _newest_day(form, now))
    is_sound = form.is_valid()
    return _page(request, form, _planned(form, now), status=200 if is_sound else 422)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@fresh_or_kept_for_back
def confirm(request: Signed) -> HttpResponse:
    """Saves a request for each that may run, and nudges a sender once. A second press finds the first one's bulk."""
    if request.method != "POST":
        return redirect("health")
    may_ask(request)
    now = timezone.now()
    form = ConfirmedBulkForm(request.POST, now)
    if not form.is_valid():
        plan = _planned(form, now)
        if isinstance(plan, Plan) and plan.with_synced_days and not form.wish.overlap_known:
            form.add_error("seen_overlap", TICK_SYNCED_DAYS)
        return _page(request, form, plan, status=422)
    data = form.cleaned_data
    try:
        keys = list(_found(form, now).order_by().values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            raise NotPossible(TOO_MANY)
        may_many, may_override = map(request.user.has_perm, PERMITTED.values())
        asked = bulks.ask_for_many(
            keys,
            form.wish,
            by=request.user,
            now=now,
            may_many=may_many,
            may_override=may_override,
            shown=data["shown"],
            told=data["told"],
        )
    except Changed as change:
        return _page(request, form, change.plan, was=len(data["shown"]), status=422)
    except NotPossible as refusal:
        is_told_beside_it = refusal.field == "seen_overlap"
        if is_told_beside_it:
            form.add_error("seen_overlap", refusal.sentence)
        said = "" if is_told_beside_it else refusal.sentence
        return _page(request, form, _planned(form, now), refusal=said, status=422)
    if asked.first:
        tasks.send_soon(asked.first)
    else:
        messages.info(request, PRESSED_TWICE)
    request.session[JUST_ASKED] = str(asked.bulk.pk)
    return redirect("bulk", asked.bulk.pk)


@require_POST
@login_required
@never_cache
def forecast(request: Signed) -> HttpResponse:
    """Of a few that are selected in the list: how many of them a latest sync would run for now. It promises nothing:
    the review says who, and why not."""
    may_ask(request)
    now = timezone.now()
    form = BulkForm(request.POST, now)
    plan = _planned(form, now, most=FORETOLD) if form.is_valid() else None
    told = bulk_words.forecast(plan) if isinstance(plan, Plan) else {}
    return render(request, "syncs/health/forecast.html", told)


@require_POST
@login_required
@never_cache
def messages_to_them(request: Signed) -> HttpResponse:
    """Of those that the playbook holds, as the review names them."""
    may_ask(request)
    form = BulkForm(request.POST, timezone.now())
    form.is_valid()
    plan = _planned(form, form.now)
    if isinstance(plan, str):
        return messages_to_merchants.refusal(plan)
    held = [each.merchant for each in plan.refusals if each.kind in messages_to_merchants.TOLD]
    return messages_to_merchants.answer(request, held)


def _planned(form: BulkForm, now: datetime, most: int = MOST) -> Plan | str:
    """Or why nothing can be planned for what was selected."""
    try:
        found = _found(form, now)
        if most < MOST and found.order_by()[: most + 1].count() > most:
            return TOO_MANY
        merchants = bulk_plans.read(found, form.wish)
    except NotPossible as refusal:
        return refusal.sentence
    if len(merchants) > MOST:
        return TOO_MANY
    return bulk_plans.plan(merchants, form.wish, now) if merchants else NOBODY


def _found(form: BulkForm, now: datetime) -> MerchantQuerySet:
    """Raises NotPossible for filters that would let in more than they did: what is unknown is ignored on a page."""
    if not form.is_of_all:
        return Merchant.objects.filter(pk__in=form.keys)
    filters = _filters(form)
    if filters.notes:
        raise NotPossible(LOST_FILTER)
    return filters.apply(now.date(), owners_of(filters.q))


def _newest_day(form: BulkForm, now: datetime) -> date | None:
    """The newest that is over for all who were selected; None where nobody knows who they are."""
    form.is_valid()
    try:
        zones = _found(form, now).order_by().values_list("time_zone", flat=True).distinct()
    except NotPossible:
        return None
    return min((day_before(day_of(now, zone_of(name)), zone_of(name)) for name in zones), default=None)


def _filters(form: BulkForm) -> HealthFilters:
    params = QueryDict(form.cleaned_data.get("query", ""))
    return read_health_filters(params, health_summary.platforms(params))


def _page(
    request: Signed,
    form: BulkForm,
    plan: Plan | str,
    *,
    status: int,
    was: int | None = None,
    refusal: str = "",
) -> HttpResponse:
    """`was` is how many would have run when somebody looked who is told now that it is another number."""
    context: dict[str, Any] = {"form": form, "was": was, "refusal": refusal}
    context |= {
        "back": _filters(form).url() if form.is_of_all else "/",
        "wish": form.wish,
        "presets": PRESETS.items(),
    }
    if isinstance(plan, str):
        return render(request, PAGE, context | {"problem": plan}, status=status if status > 200 else 422)
    shows_all = request.POST.get("show") == "all"
    context |= bulk_words.context(plan, shows_all=shows_all) | {
        "whose": filter_words.told(_filters(form)) if form.is_of_all else "",
        **{name: request.user.has_perm(verb) for name, verb in PERMITTED.items()},
        "is_ticked": was is None and form.wish.overlap_known,
        "told": was is not None or form.cleaned_data.get("told", False),
    }
    return render(request, PAGE, context, status=status)
