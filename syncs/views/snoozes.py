"""What is snoozed, by whom and until when, with the end of each: whoever comes back looks at what others put aside."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from syncs import paging
from syncs.models import Care
from syncs.operations import caring
from syncs.views.access import NotHere, Signed, may_ask

PAGE = "syncs/snoozes.html"
ENDS_FIRST = paging.Order("until")
WHOSE = {"": "Everybody's", "mine": "Mine"}


@require_safe
@login_required
@never_cache
def snoozes(request: Signed) -> HttpResponse:
    asked = request.GET.get("whose", "")
    whose = asked if asked in WHOSE else ""
    standing = Care.objects.standing().filter(kind=Care.Kind.SNOOZE, merchant__archived_at=None)
    if whose:
        standing = standing.filter(by=request.user)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = paging.page(standing.select_related("merchant", "by"), ENDS_FIRST, after=after, before=before)
    context: dict[str, Any] = {
        "snoozes": page.rows,
        "whose": whose,
        "choices": WHOSE.items(),
        "ignored": "" if asked in WHOSE else asked[:40],
        "may_ask": request.user.has_perm("syncs.ask_sync"),
        "newer_url": _url(whose, before=page.before),
        "older_url": _url(whose, after=page.after),
    }
    return render(request, PAGE, context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def end(request: Signed, pk: int) -> HttpResponse:
    """By the snooze that the page showed: a newer one is not ended by an old page."""
    if request.method == "POST":
        may_ask(request)
        kinds = Care.objects.select_related("by", "merchant")
        snooze = kinds.filter(pk=pk, kind=Care.Kind.SNOOZE).first()
        if snooze is None:
            raise NotHere("There is no such snooze here.", "The link may be cut short.")
        if caring.end(snooze, by=request.user, now=timezone.now()):
            messages.success(request, f"The snooze of {snooze.merchant.name} is ended.")
        else:
            messages.info(request, "It had ended already. Nothing was changed.")
    return redirect(f"{reverse('snoozes')}?whose=mine" if request.GET.get("whose") == "mine" else "snoozes")


def _url(whose: str, **cursor: str) -> str:
    pairs = {name: value for name, value in {"whose": whose, **cursor}.items() if value}
    return f"?{urlencode(pairs)}" if any(cursor.values()) else ""
