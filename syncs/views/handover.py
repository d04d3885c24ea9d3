"""The note for the next shift, to be read and copied."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from syncs.alerts import handover
from syncs.filters import HealthFilters
from syncs.models import Merchant
from syncs.views.access import Signed

# Hours that a note looks back on: a shift, a day, a weekend.
SPANS = {"8": "8 h", "12": "12 h", "24": "24 h", "72": "3 days"}
USUAL = "24"


@require_safe
@login_required
@never_cache
def hand_over(request: Signed) -> HttpResponse:
    asked = request.GET.get("hours", USUAL)
    hours = asked if asked in SPANS else USUAL
    now, zone = timezone.now(), request.user.zone or timezone.get_default_timezone()
    since = now - timedelta(hours=int(hours))
    note = handover.write(
        Merchant.objects.registered(), since=since, now=now, zone=zone, listed=HealthFilters()
    )
    context = {
        "note": note,
        "spans": SPANS,
        "hours": hours,
        "ignored": "" if asked in SPANS else asked[:40],
    }
    return render(request, "syncs/handover.html", context)
