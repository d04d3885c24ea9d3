"""All that Codat's support needs to look into a merchant, as one text to paste into a ticket.

Moments are in UTC, as Codat's own. Names of colleagues and what they wrote stay here.
"""

import uuid
from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from syncs.codat.statuses import Outcome
from syncs.models import Merchant, Sync
from syncs.views.access import Signed
from syncs.views.history_rows import Row
from syncs.views.merchant import find_merchant

TEXT = "syncs/merchant/for_codat.txt"
SYNCS, REQUESTS = 10, 10
# Letters: a ticket takes only so many.
LONGEST_JSON = 6_000


@require_safe
@login_required
def for_codat(request: Signed, company_id: uuid.UUID) -> HttpResponse:
    text = text_of(find_merchant(company_id), timezone.now())
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
@login_required
def sync_json(_request: Signed, company_id: uuid.UUID, pk: int) -> HttpResponse:
    """All that Codat sent of one sync, as a file to attach."""
    sync = get_object_or_404(find_merchant(company_id).syncs, pk=pk)
    file = {"Content-Disposition": f'attachment; filename="sync-{sync.pk}.json"'}
    return HttpResponse(f"{Row(sync, is_open=True).json}\n", content_type="application/json", headers=file)


def text_of(merchant: Merchant, now: datetime) -> str:
    """Four queries."""
    syncs = list(merchant.syncs.newest_first().prefetch_related("requests")[:SYNCS])
    asked = list(merchant.requests.select_related("sync").order_by("-asked_at", "-pk")[:REQUESTS])
    failed = next((sync for sync in syncs if sync.outcome == Outcome.FAILED), None)
    context = {
        "merchant": merchant,
        "connections": [each for each in merchant.connections.all() if each.gone_at is None],
        "syncs": syncs,
        "asked": asked,
        "failed": failed,
        "json": _json(failed) if failed else "",
        "now": now,
    }
    with timezone.override(UTC):
        return render_to_string(TEXT, context)


def _json(sync: Sync) -> str:
    text = Row(sync, is_open=True).json
    return text if len(text) <= LONGEST_JSON else f"{text[:LONGEST_JSON]}\n… cut off here"
