"""The lists as CSV files: what is filtered, in the order of the page."""

from collections.abc import Callable, Iterator
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from syncs import csv_files, wording
from syncs.codat.statuses import status_of
from syncs.csv_files import Cells
from syncs.filters import HealthFilters
from syncs.filters.reading import read_health_filters
from syncs.list_filters import ListFilters
from syncs.models import Activity, Merchant, Sync, SyncRequest
from syncs.operations import diagnosing, log
from syncs.presentation import look_of_health, look_of_request
from syncs.record_filters import SYNC_DESK, ActivityFilters, RequestFilters, people
from syncs.rules.coverage import Reach
from syncs.rules.playbook import Diagnosis
from syncs.search import owners_of
from syncs.views import activity, filter_words, health_summary, history_rows, request_list, syncs
from syncs.views.access import Signed
from syncs.views.merchant_rows import MerchantRow, rows_of

View = Callable[..., HttpResponseBase]
OF_NOBODY = {Sync.Initiator.SCHEDULE: "Schedule, inferred", Sync.Initiator.UNKNOWN: "Not known"}


def export(view: View) -> View:
    return require_safe(login_required(never_cache(view)))


def enter(request: Signed, what: str, filters: ListFilters | None = None) -> Activity | None:
    """In Activity, with the list's filters and its order: a list that leaves the house is a thing somebody did."""
    if request.method != "GET":
        return None
    told = filter_words.told(filters) if filters else ""
    which = f", filtered: {told}" if told else ""
    if isinstance(filters, HealthFilters) and filters.sort != HealthFilters.sort:
        which += f"; {filters.order_words}"
    return log.record("list.exported", f"Exported {what}{which}", actor=request.user)


@export
def health_csv(request: Signed) -> StreamingHttpResponse:
    now = timezone.now()
    filters, _ = read_health_filters(request.GET, health_summary.platforms(request.GET)).of_cause()
    found = filters.apply(now.date(), owners_of(filters.q)).defer("tags", "thinned_windows")
    head = [
        *(
            "Merchant",
            "Company ID",
            "Commerce",
            "Accounting",
            "Health",
            "Code",
            "Last result",
            "Why",
            "Who must act",
        ),
        *(f"Last success ({_zone()})", "Failed days", "Switches off on", "Last 14 days"),
        *(f"Running since ({_zone()})", f"Checked ({_zone()})", "Time zone", "Sync hour"),
        *("On it", f"Snoozed until ({_zone()})"),
    ]
    ordered = found.order_by(*filters.order.columns(backwards=False))
    enter(request, "Sync health", filters)
    return csv_files.answer("health", head, ordered, lambda some: _of_merchants(rows_of(some, now)))


@export
def syncs_csv(request: Signed) -> StreamingHttpResponse:
    filters = syncs.asked_for(request).filters
    head = [
        *(f"Started ({_zone()})", "Merchant", "Company ID", "Code", "Result", "Message"),
        *("Commerce today", "Accounting today", "First sales day", "Last sales day", "Days are"),
        *("Asked by", "Written", "Sync ID"),
    ]
    found = syncs.with_merchants(filters.apply(timezone.get_current_timezone()))
    found = found.prefetch_related(*syncs.around_them())
    ordered = found.order_by(*syncs.NEWEST_FIRST.columns(backwards=False))
    enter(request, "All syncs", filters)
    return csv_files.answer("syncs", head, ordered, lambda some: map(_of_sync, some))


@export
def requests_csv(request: Signed) -> StreamingHttpResponse:
    filters = RequestFilters.read(request.GET).of_people(people())
    head = [
        *(f"Asked ({_zone()})", "Merchant", "Company ID", "What", "First sales day", "Last sales day"),
        *("State", "Result", "Reason", "Asked by", f"Ended ({_zone()})"),
        *("Sync ID", "Correlation ID", "Request"),
    ]
    found = filters.apply(timezone.get_current_timezone(), timezone.now()).for_page()
    ordered = found.order_by(*request_list.NEWEST_FIRST.columns(backwards=False))
    enter(request, "Requests", filters)
    return csv_files.answer(
        "requests", head, ordered, lambda some: map(_of_request, request_list.rows_of(some))
    )


@export
def activity_csv(request: Signed) -> StreamingHttpResponse:
    filters = ActivityFilters.read(request.GET).of_people([*people(), (SYNC_DESK, "Sync Desk")])
    head = [
        *(f"When ({_zone()})", "Who", "What", "Before", "After", "Merchant", "Company ID", "Why"),
        *("Request", "Entry"),
    ]
    found = filters.apply(timezone.get_current_timezone()).for_page()
    if entry := enter(request, "Activity", filters):
        # As the log was when it was asked for.
        found = found.filter(pk__lt=entry.pk)
    ordered = found.order_by(*activity.NEWEST_FIRST.columns(backwards=False))
    return csv_files.answer("activity", head, ordered, lambda some: map(_of_entry, some))


def _zone() -> str:
    return timezone.get_current_timezone_name()


def _of_merchants(rows: list[MerchantRow]) -> Iterator[Cells]:
    book = diagnosing.entries()
    return (_of_merchant(row, diagnosing.diagnose(row.merchant, book)) for row in rows)


def _of_merchant(row: MerchantRow, diagnosis: Diagnosis | None) -> Cells:
    merchant: Merchant = row.merchant
    result = status_of(merchant.last_code).word if merchant.last_code else ""
    return [
        *(merchant.name, merchant.company_id, row.commerce, row.accounting),
        *(look_of_health(merchant).word, merchant.last_code, result, row.why),
        diagnosis.owner_words if diagnosis else "",
        *(merchant.last_success_at, merchant.failed_days, merchant.switches_off_on, row.strip_sentence),
        *(merchant.running_since, row.looked_at, merchant.time_zone or "Etc/UTC", merchant.sync_hour),
        *(merchant.on_it, merchant.snoozed_until),
    ]


def _of_sync(sync: Sync) -> Cells:
    row, merchant = history_rows.Row(sync, is_open=False), sync.merchant
    asked_by = (
        row.request.asked_by.display_name
        if row.request
        else OF_NOBODY.get(Sync.Initiator(sync.initiator), "")
    )
    first, last = _days(row.reach)
    commerce, accounting = merchant.commerce, merchant.accounting
    return [
        *(sync.started_at, merchant.name, merchant.company_id, sync.code, sync.status.word, sync.message),
        *(commerce and commerce.platform_name, accounting and accounting.platform_name),
        *(first, last, sync.window_known if row.reach else "not known"),
        *(asked_by, "not told" if sync.data_pushed is None else sync.data_pushed, sync.sync_id),
    ]


def _days(reach: Reach | None) -> tuple[date | None, date | None]:
    """Of a run within one day, that day."""
    if reach is None:
        return None, None
    return reach.days or (reach.part_of, reach.part_of)


def _of_request(row: request_list.Row) -> Cells:
    asked: SyncRequest = row.request
    return [
        *(asked.asked_at, asked.merchant.name, asked.merchant.company_id, row.what),
        *(asked.first_day, asked.last_day, look_of_request(asked).word),
        *(wording.lasting(asked, row.sentence), asked.reason),
        *(asked.asked_by.display_name, asked.finished_at, row.sync_id, asked.correlation_id, asked.pk),
    ]


def _of_entry(entry: Activity) -> Cells:
    what = wording.told(entry.what, names_today=True)
    return [
        *(entry.at, entry.actor.display_name if entry.actor else "Sync Desk", what),
        *(entry.before, entry.after),
        *(entry.merchant and entry.merchant.name, entry.merchant and entry.merchant.company_id),
        *(entry.reason, entry.request_id, entry.pk),
    ]
