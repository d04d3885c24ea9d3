"""What the re-run card shows: the form, what a range would do, and how the running request goes."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from syncs import wording
from syncs.forms import AskForm, LatestForm, RangeForm
from syncs.models import Merchant, Sync, SyncRequest
from syncs.operations import fix_first, outage_hold
from syncs.operations.answered_windows import ran_instead
from syncs.operations.asking import NotPossible, basis_of, refuse_if_not_possible
from syncs.operations.coverage import reached
from syncs.record_filters import as_day
from syncs.rules.salesdays import today
from syncs.rules.states import State
from syncs.views import nightly, offers, proofs, range_preview
from syncs.views.access import MAY_NOT_ASK, Signed
from syncs.views.offers import Offers
from syncs.views.range_preview import Preview

NEWS_FOR = timedelta(hours=1)
STEPS = ("Saved", "Sent to Codat", "Codat is working", "Result")
GOOD_NEWS = {State.SUCCEEDED, State.SUCCEEDED_EMPTY}
# The step at which each stands. What waits is not at “Sent”, only what Codat has accepted is at “working”, and what
# waits for a person is at none: nothing moves.
DONE = {State.QUEUED: 0, State.SENDING: 1, State.UNCERTAIN: 1, State.ACCEPTED: 2}


def context(request: Signed, merchant: Merchant, active: SyncRequest | None, now: datetime) -> dict[str, Any]:
    """As a GET asks for it: `run` is the kind, `first` and `last` the days, `again` a request asked once more. What is
    typed (`first_day`, `last_day`) goes before what the address says."""
    kind = "latest" if request.GET.get("run") == "latest" else "historic"
    news = _news(merchant, now) if active is None else None
    keeps_form = _has_form(request)
    aside = str(active.pk) if active else request.GET.get("aside", "") if keeps_form else ""
    return form_context(request, merchant, kind, _fresh_form(request, merchant, kind, now), now) | {
        "steps": _steps(active) if active else [],
        "usual": wording.usual_lengths([active]).get(merchant.pk, "") if active else "",
        "sentence": wording.ended(wording.sentence(active)) if active else "",
        "outlook": wording.outlook(active) if active else "",
        "keeps_form": keeps_form,
        "aside": aside,
        "came_back": news is not None and keeps_form and aside == str(news.pk),
        "news": news,
        "proof": proofs.of(news) if news else None,
        "news_is_good": news is not None and news.state in GOOD_NEWS and not ran_instead(news),
    }


def _has_form(request: Signed) -> bool:
    """Whether a poll comes from a page with a form: what is typed there outlives somebody else's request."""
    is_poll = request.htmx.target == "merchant_live" and request.method == "GET"
    return is_poll and "form_token" in request.GET


def form_context(
    request: Signed, merchant: Merchant, kind: str, form: AskForm, now: datetime
) -> dict[str, Any]:
    offered, held = offers.of(merchant, now), _hold(request, merchant, form)
    if not held["asks_why"] and not form.is_bound:
        # What was typed as the answer to that question, while it was asked.
        form.initial["reason"] = form.initial["reason"] or form.initial["override_reason"]
    preview = _preview(merchant, form, offered) if isinstance(form, RangeForm) else None
    end = reached(merchant) if kind == "latest" else preview.end if preview else None
    return {
        "kind": kind,
        "form": form,
        "offered": offered,
        "presets": offered.presets,
        "missing": offered.missing,
        "awaited": offered.awaited,
        "in_part": offered.in_part,
        "preview": preview,
        "clash": _clash(merchant, preview, end, now) if preview or kind == "latest" else None,
        "range_problem": range_problem(form) if isinstance(form, RangeForm) else "",
        "reached": end if kind == "latest" else None,
        "blocked": blocked(request, merchant),
        "basis": basis_of(merchant),
    } | held


def bound_form(request: Signed, merchant: Merchant, kind: str, now: datetime) -> AskForm:
    return _form_class(kind)(merchant, today(merchant.zone, now), request.POST)


def blocked(request: Signed, merchant: Merchant) -> str:
    """Why nothing can be asked for here, in a sentence; empty when something can."""
    if not request.user.has_perm("syncs.ask_sync"):
        return MAY_NOT_ASK
    try:
        refuse_if_not_possible(merchant, request.user)
    except NotPossible as error:
        return error.sentence
    return ""


def _preview(merchant: Merchant, form: RangeForm, offered: Offers) -> Preview | None:
    """None while the form holds no range that could be sent."""
    first, last = _days(form)
    if first is None or last is None or last < first:
        return None
    return range_preview.of(merchant, first, last, offered)


def _clash(
    merchant: Merchant, preview: Preview | None, end: Sync | None, now: datetime
) -> nightly.Clash | None:
    up_to = preview.window.finish if preview else None
    return nightly.clash(merchant, now, up_to, end.window_finish if end else None)


def range_problem(form: RangeForm) -> str:
    """Why no such range can be sent, as soon as both days stand in the form; what was pressed says it at its fields."""
    values = {name: str(form.initial.get(name) or "") for name in ("first_day", "last_day")}
    if form.is_bound or not all(values.values()):
        return ""
    errors = RangeForm(form.merchant, form.today, values | {"reason": "-"}).errors
    return next((str(errors[name][0]) for name in values if name in errors), "")


def _form_class(kind: str) -> type[AskForm]:
    return LatestForm if kind == "latest" else RangeForm


def _fresh_form(request: Signed, merchant: Merchant, kind: str, now: datetime) -> AskForm:
    initial = {
        # A browser refuses what is no day in a field for days.
        "first_day": as_day(request.GET.get("first_day", request.GET.get("first", ""))),
        "last_day": as_day(request.GET.get("last_day", request.GET.get("last", ""))),
        "reason": request.GET.get("reason", ""),
        "override_reason": request.GET.get("override_reason", ""),
        "resend_of": request.GET.get("again"),
        "form_token": uuid.uuid4(),
    }
    return _form_class(kind)(merchant, today(merchant.zone, now), initial=initial)


def _days(form: RangeForm) -> tuple[date | None, date | None]:
    """What a bound form found valid, else what the address asks for, if that is a range of days at all."""
    if form.is_bound:
        data = getattr(form, "cleaned_data", {})
        return data.get("first_day"), data.get("last_day")
    values = {name: str(form.initial.get(name) or "") for name in ("first_day", "last_day")}
    trial = RangeForm(form.merchant, form.today, values | {"reason": "-"})
    return (
        (trial.cleaned_data["first_day"], trial.cleaned_data["last_day"])
        if trial.is_valid()
        else (None, None)
    )


def _hold(request: Signed, merchant: Merchant, form: AskForm) -> dict[str, Any]:
    """What has to be fixed first, and whether Codat looks down; and why this person may not run it all the same."""
    first, last = _days(form) if isinstance(form, RangeForm) else (None, None)
    days = (first, last) if first and last and first <= last else None
    hold = fix_first.hold_on(merchant, days)
    if hold and hold.needs_other_days and isinstance(form, RangeForm) and days is None:
        hold = None
    before = fix_first.closed_by(merchant, request.user) if hold else None
    standing = outage_hold.standing()
    forbidding = [each for each in standing if not each.is_quiet]
    outage = outage_hold.hold_on(merchant, forbidding)
    is_waited_for = outage and not request.user.has_perm("syncs.override_guard")
    return {
        "hold": hold,
        "outage": outage,
        # Also one of which nobody knows whether it is over, and which holds nothing.
        "stands": outage or outage_hold.hold_on(merchant, standing),
        "outage_number": outage_hold.number_of(merchant, forbidding),
        "looks_down": outage_hold.looks_down(outage.platform_name) if outage else "",
        "known_of_outage": outage_hold.known_of(outage) if outage else "",
        "asks_why": bool(hold or outage),
        "closed": fix_first.leads_only(before, request.user)
        if before
        else outage_hold.LEADS_ONLY
        if is_waited_for
        else "",
    }


def _steps(active: SyncRequest) -> list[tuple[str, str]]:
    """Each step with its class: done, now, or nothing yet."""
    if (done := DONE.get(State(active.state))) is None:
        return []
    return [
        (word, "done" if number < done else "now" if number == done else "")
        for number, word in enumerate(STEPS)
    ]


def _news(merchant: Merchant, now: datetime) -> SyncRequest | None:
    """The request that ended last, while that is news."""
    ended = merchant.requests.filter(finished_at__gt=now - NEWS_FOR).order_by("-finished_at")
    return ended.select_related("asked_by", "sync").first()
