"""A row of All syncs, drawn by functions as the cells of Sync health are (`cells.py`), and for the same reason."""

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from syncs.models import Merchant, Sync
from syncs.views.cells import drawn_once, flow
from syncs.views.history_rows import Row
from syncs.widgets import copy, days, icon, pill, shortday

WRITTEN = {True: "Yes", False: "No"}
ROW = (
    '<tr id="sync-{pk}">'
    '<td data-l="Started" class="num nowrap"><a class="link plain" href="{url}"><time datetime="{at}">{clock}</time>'
    '<span class="sr">, open the sync {sync_id}</span></a></td>'
    '<td data-l="Merchant">{merchant}</td>'
    '<td data-l="Result">{result}</td>'
    '<td data-l="Message" class="rest">{message}</td>'
    '<td data-l="Platforms today">{platforms}</td>'
    '<td data-l="Sales days" class="num nowrap">{days}</td>'
    '<td data-l="Asked by" class="nowrap">{asked_by}</td>'
    '<td data-l="Written" class="nowrap">{written}</td>'
    '<td data-l="Sync ID" class="mono nowrap">{short_id}…</td>'
    '<td data-l=""><span class="row g1 end">{copy}<a class="iconbtn" data-copy-link href="{url}"'
    ' aria-label="Copy the link to the sync {sync_id}">{link}</a></span></td>'
    "</tr>"
)


def draw(sync: Sync) -> SafeString:
    """Asks the database for nothing where the merchant's connections and the requests are at hand."""
    row, merchant = Row(sync, is_open=False), sync.merchant
    started = timezone.localtime(sync.started_at)
    return format_html(
        ROW,
        pk=sync.pk,
        url=reverse("sync", args=[merchant.company_id, sync.pk]),
        at=started.isoformat(),
        clock=f"{started:%H:%M:%S}",
        sync_id=sync.sync_id,
        merchant=_merchant(merchant),
        result=pill(sync.code),
        message=_message(sync.message),
        platforms=_platforms(merchant),
        days=_days(row),
        asked_by=_asked_by(row),
        written=_subtle("not told") if sync.data_pushed is None else WRITTEN[sync.data_pushed],
        short_id=sync.sync_id[:8],
        copy=copy(sync.sync_id, "Copy sync ID", "c"),
        link=icon("link"),
    )


@drawn_once
def _subtle(words: str) -> SafeString:
    return format_html('<span class="subtle">{}</span>', words)


def _merchant(merchant: Merchant) -> SafeString:
    url = reverse("merchant", args=[merchant.company_id])
    archived = format_html(" {}", _subtle("archived")) if merchant.is_archived else ""
    return format_html(
        '<a class="name" href="{}" title="{}">{}</a>{}', url, merchant.name, merchant.name, archived
    )


@drawn_once
def _message(message: str) -> SafeString:
    return format_html('<span class="clip">{}</span>', message) if message else _subtle("none")


def _platforms(merchant: Merchant) -> SafeString:
    commerce, accounting = merchant.commerce, merchant.accounting
    return flow(commerce.platform_name if commerce else "", accounting.platform_name if accounting else "")


def _days(row: Row) -> str:
    if row.reach is None:
        return _subtle("not known")
    told = days(*row.reach.days) if row.reach.days else f"a part of {shortday(row.reach.part_of)}"
    return f"about {told}" if row.sync.window_known == Sync.Known.INFERRED else told


def _asked_by(row: Row) -> SafeString:
    if row.request:
        url = reverse("request", args=[row.request.pk])
        return format_html('<a class="link plain" href="{}">{}</a>', url, row.request.asked_by.display_name)
    if row.sync.initiator == Sync.Initiator.SCHEDULE:
        return format_html("<span>Schedule {}</span>", _subtle("inferred"))
    return _subtle("not known")
