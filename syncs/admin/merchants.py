from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.forms import CharField, TextInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from syncs import wording
from syncs.admin import imports
from syncs.admin.base import KeptAdmin, person, pretty
from syncs.admin.filters import Archived, Platform
from syncs.admin.register_form import RegisterForm, look_up
from syncs.models import Merchant, SyncRequest
from syncs.models.folding import fold
from syncs.operations import merchants
from syncs.operations.merchants import AlreadyRegistered
from syncs.rules.states import WORDS, State
from syncs.search import owners_of

REASON_MISSING = "Say why, in a few words: write the reason beside the action."


MOST_NAMES = 10
LONGEST_REASON = 500
WHAT_IS_LEFT = "What runs at Codat is followed to its end; what is not sent yet never will be."


class ReasonForm(ActionForm):
    """The bar of actions, with a reason that is kept in the activity log."""

    reason = CharField(required=False, widget=TextInput(attrs={"size": 40}))


@admin.register(Merchant)
class MerchantAdmin(KeptAdmin):
    list_display = (
        "name",
        "company_id",
        "health",
        "platforms",
        "last_success_at",
        "archived_at",
    )
    list_filter = (Archived, "health", Platform)
    search_fields = ("name",)
    search_help_text = "Name, company ID, sync ID or connection ID"
    ordering = ("name", "pk")
    actions = ("archive", "restore")
    action_form = ReasonForm
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "company_id",
                    "codat_name",
                    "tags_at_codat",
                    "link_url",
                    "connections_at_codat",
                )
            },
        ),
        (
            "Schedule at Codat",
            {"fields": ("time_zone", "sync_hour", "start_date", "enabled", "configured_at")},
        ),
        (
            "Health",
            {
                "fields": (
                    *("health", "last_code", "last_cause", "last_final_at", "running_since"),
                    *("last_success_at", "failing_since", "failed_days", "switches_off_on"),
                )
            },
        ),
        (
            "Refresh",
            {"fields": ("refreshed_at", "refresh_problem", "next_refresh_at", "why_then")},
        ),
        ("Register", {"fields": ("registered_at", "archived_at", "archived_why")}),
    )
    # Everything but the name: it belongs to Codat, to the workers, or to nobody (the company ID).
    readonly_fields = [str(name) for _, part in fieldsets for name in part["fields"] if name != "name"]

    # Lists

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merchant]:
        return super().get_queryset(request).prefetch_related("connections")

    def matching(self, term: str) -> Q:
        return Q(name_folded__contains=fold(term)) | Q(pk__in=[merchant.pk for merchant in owners_of(term)])

    @admin.display
    def platforms(self, merchant: Merchant) -> str:
        return ", ".join(row.platform_name for row in merchant.connections.all() if row.gone_at is None)

    # One merchant

    @admin.display(description="next refresh reason")
    def why_then(self, merchant: Merchant) -> str:
        return wording.told(merchant.next_refresh_reason)

    @admin.display(description="tags")
    def tags_at_codat(self, merchant: Merchant) -> SafeString:
        return pretty(merchant.tags)

    @admin.display(description="connections")
    def connections_at_codat(self, merchant: Merchant) -> SafeString:
        rows = merchant.connections.all()
        links = [(row, "gone" if row.gone_at else row.status, row.codat_id) for row in rows]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {} <code>{}</code></li>", links))

    def view_on_site(self, merchant: Merchant) -> str:
        return reverse("merchant", args=[merchant.company_id])

    def get_form(
        self, request: HttpRequest, obj: Merchant | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj:
            return super().get_form(request, obj, change, **kwargs)
        form: Any = super().get_form(request, obj, change, form=RegisterForm, **kwargs)
        form.looked_up = getattr(request, "looked_up", None)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Merchant | None = None) -> Any:
        return self.fieldsets if obj else ((None, {"fields": ("company_id", "look_up", "name")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Merchant | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Codat is asked before Django opens its transaction: waiting inside would lock the database."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST" and request.POST.get("look_up"):
            request.looked_up = look_up(request.POST.get("company_id", "").strip())  # type: ignore[attr-defined]
        return super().add_view(request, form_url, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except AlreadyRegistered as error:
            # Somebody was first, between the form's look and the write.
            self.message_user(request, error.sentence, messages.ERROR)
            return redirect("admin:syncs_merchant_change", error.merchant.pk)

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        """Never `obj.save()`: it would write this page's old health over what a worker just stored."""
        if change:
            merchants.rename(obj, form.cleaned_data["name"], by=person(request))
            return
        registered = merchants.register(
            obj.company_id, by=person(request), name=obj.name, company=form.company
        )
        obj.pk = registered.pk
        obj.refresh_from_db()

    # Actions

    @admin.action(description="Archive", permissions=["change"])
    def archive(self, request: HttpRequest, chosen: QuerySet[Merchant]) -> None:
        self._each(request, chosen, merchants.archive, "archived")
        self._say_what_is_left(request, chosen)

    @admin.action(description="Restore", permissions=["change"])
    def restore(self, request: HttpRequest, chosen: QuerySet[Merchant]) -> None:
        self._each(request, chosen, merchants.restore, "restored")

    def _say_what_is_left(self, request: HttpRequest, archived: QuerySet[Merchant]) -> None:
        active = SyncRequest.objects.active().filter(
            merchant__in=archived, merchant__archived_at__isnull=False
        )
        left = [
            f"{row.merchant.name} ({WORDS[State(row.state)]})" for row in active.select_related("merchant")
        ]
        if left:
            more = f" and {len(left) - MOST_NAMES} more" if len(left) > MOST_NAMES else ""
            named = ", ".join(left[:MOST_NAMES])
            self.message_user(request, f"Still under way: {named}{more}. {WHAT_IS_LEFT}", messages.WARNING)

    def _each(
        self, request: HttpRequest, chosen: QuerySet[Merchant], do: Callable[..., bool], done: str
    ) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, REASON_MISSING, messages.ERROR)
            return
        if len(reason) > LONGEST_REASON:
            told = (
                f"At most {LONGEST_REASON} letters. These are {len(reason)}, and nothing was done: “{reason}”"
            )
            self.message_user(request, told, messages.ERROR)
            return
        now = timezone.now()
        count = sum(do(merchant, why=reason, now=now, by=person(request)) for merchant in chosen)
        left = len(chosen) - count
        self.message_user(
            request, f"{count} {done}." + (f" {left} were so already." if left else ""), messages.SUCCESS
        )

    # Import

    def get_urls(self) -> list[URLPattern]:
        return [*imports.urls(self.admin_site), *super().get_urls()]
