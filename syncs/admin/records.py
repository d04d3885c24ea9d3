"""What happened, as rows to be read: for whoever must know exactly what is stored."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from syncs import wording
from syncs.admin.base import ReadOnlyAdmin, as_uuid, pretty
from syncs.models import (
    Activity,
    Attempt,
    Bulk,
    Cause,
    Connection,
    Heartbeat,
    ImportRun,
    MerchantDay,
    NotAsked,
    Sync,
    SyncRequest,
)


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    list_display = ("platform_name", "side", "status", "merchant", "seen_at", "gone_at")
    list_filter = ("side",)
    list_select_related = ("merchant",)
    search_fields = exact_search = ("codat_id",)
    search_help_text = "Connection ID"


@admin.register(Sync)
class SyncAdmin(ReadOnlyAdmin):
    list_display = ("sync_id", "merchant", "code", "text", "started_at", "initiator")
    list_filter = ("outcome", "initiator")
    list_select_related = ("merchant",)
    search_fields = exact_search = ("sync_id", "commerce_sync_id")
    search_help_text = "Sync ID"
    exclude = ("raw",)
    readonly_fields = ("what_codat_sent",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sync]:
        return super().get_queryset(request).defer("raw", "message")

    @admin.display(description="what Codat sent")
    def what_codat_sent(self, sync: Sync) -> SafeString:
        return pretty(sync.raw)


@admin.register(Cause)
class CauseAdmin(ReadOnlyAdmin):
    list_display = ("code", "sample", "first_seen")
    search_fields = ("code",)
    search_help_text = "Code, or words of the message"

    def matching(self, term: str) -> Q:
        return Q(code=int(term)) if term.isascii() and term.isdigit() else Q(message__icontains=term)


@admin.register(MerchantDay)
class MerchantDayAdmin(ReadOnlyAdmin):
    list_display = ("day", "merchant", "outcome", "covered_empty")
    list_filter = ("outcome",)
    list_select_related = ("merchant",)


@admin.register(SyncRequest)
class SyncRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "merchant", "state", "asked_by", "asked_at", "result_told")
    list_filter = ("state", "kind")
    list_select_related = ("merchant", "asked_by")
    search_fields = ("commerce_sync_id",)
    search_help_text = "Commerce sync ID, or idempotency key"
    exclude = ("candidates", "result", "waiting_for")
    readonly_fields = ("result_told", "waiting_for_told", "what_could_be_ours")

    def matching(self, term: str) -> Q:
        return Q(idempotency_key=as_uuid(term)) | Q(commerce_sync_id=term)

    @admin.display(description="result", ordering="result")
    def result_told(self, request: SyncRequest) -> str:
        return wording.told(request.result)

    @admin.display(description="waiting for")
    def waiting_for_told(self, request: SyncRequest) -> str:
        return wording.told(request.waiting_for)

    @admin.display(description="candidates")
    def what_could_be_ours(self, request: SyncRequest) -> SafeString:
        return pretty(request.candidates)


@admin.register(Bulk)
class BulkAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "kind", "first_day", "last_day", "asked_by", "reason", "stopped_by")
    list_filter = ("kind",)
    list_select_related = ("asked_by", "stopped_by")


@admin.register(NotAsked)
class NotAskedAdmin(ReadOnlyAdmin):
    list_display = ("merchant", "why", "bulk")
    list_filter = ("kind",)
    list_select_related = ("merchant", "bulk")


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("id", "request", "number", "outcome", "http_status", "started_at", "problem")
    list_filter = ("outcome",)
    list_select_related = ("request",)
    search_fields = exact_search = ("correlation_id",)
    search_help_text = "Correlation ID"
    exclude = ("listed_before",)
    readonly_fields = ("listed_just_before",)

    @admin.display(description="listed before")
    def listed_just_before(self, attempt: Attempt) -> SafeString:
        return pretty(attempt.listed_before)


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "what_told", "merchant", "reason", "before", "after")
    list_select_related = ("actor", "merchant")
    search_fields = exact_search = ("verb",)
    search_help_text = "Verb, such as merchant.renamed"
    exclude = ("what",)
    readonly_fields = ("what_told",)

    @admin.display(description="what", ordering="what")
    def what_told(self, entry: Activity) -> str:
        return wording.told(entry.what)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "at", "host", "pid")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "state", "by", "started_at", "summary", "missing", "problem")
    list_filter = ("state",)
    list_select_related = ("by",)
    exclude = ("notes",)
    readonly_fields = ("what_was_skipped",)

    @admin.display(description="notes")
    def what_was_skipped(self, run: ImportRun) -> SafeString:
        return pretty(run.notes)
