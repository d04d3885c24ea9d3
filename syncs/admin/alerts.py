"""Who is told of what, and how each message got on."""

from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from syncs.admin import alert_tests
from syncs.admin.alert_form import FILTERS, RuleForm
from syncs.admin.base import KeptAdmin, ReadOnlyAdmin, person
from syncs.alerts import scope
from syncs.models import AlertRule, Delivery
from syncs.operations import deliveries, log
from syncs.rules.health import Health

WHICH = (
    "The rule is about merchants that fit everything you fill in here. What you leave empty leaves nobody out. To be "
    "told when a merchant begins to fail, choose that under Changes."
)
COUNTS_FOR = "This part counts when “Tells” says “{}”."
WHILE_FAILING = ("Is it delivered?", {"fields": ("failing_since", "problem")})
# After a change of one of these, only what comes from now on is told.
BEGINS_ANEW = {"is_active", "kind", "events", "at", "weekdays", "zone"}


@admin.register(AlertRule)
class AlertRuleAdmin(KeptAdmin):
    """For the role admin. A rule is switched off and never deleted: what it told stays on record."""

    form = RuleForm
    list_display = ("name", "kind", "told_by", "about", "is_active", "failing_since", "problem")
    list_filter = ("kind", "channel", "is_active")
    ordering = ("name",)
    actions = ("send_test",)
    readonly_fields = ("now", "failing_since", "problem")
    fieldsets = (
        (None, {"fields": ("name", "is_active", "kind")}),
        (
            "Changes",
            {
                "fields": ("events", "quiet_while_snoozed"),
                "description": COUNTS_FOR.format(AlertRule.Kind.CHANGES.label),
            },
        ),
        (
            "Digest",
            {"fields": ("at", "weekdays"), "description": COUNTS_FOR.format(AlertRule.Kind.DIGEST.label)},
        ),
        (
            "Of which merchants",
            {"fields": (*FILTERS, "tag", "merchants", "now"), "description": WHICH},
        ),
        ("Whom to tell", {"fields": ("channel", "address", "zone")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("syncs.administer")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("syncs.administer")

    def get_fieldsets(self, request: HttpRequest, obj: AlertRule | None = None) -> list[Any]:
        is_failing = obj is not None and obj.failing_since is not None
        return [*super().get_fieldsets(request, obj), *([WHILE_FAILING] if is_failing else [])]

    @admin.display(description="tells whom")
    def told_by(self, rule: AlertRule) -> str:
        return alert_tests.where(rule)

    @admin.display(description="of which merchants")
    def about(self, rule: AlertRule) -> str:
        return scope.told(rule)

    @admin.display(description="about now")
    def now(self, rule: AlertRule) -> SafeString | str:
        """The list knows no tags, and has those that are switched off apart."""
        if not rule.pk:
            return "Save it to see how many merchants it is about."
        found = scope.of(rule, timezone.now().date())
        number, off = found.count(), found.filter(health=Health.SWITCHED_OFF).count()
        told = f"{number:,} merchant{'' if number == 1 else 's'}"
        also = f", {off:,} of them switched off at Codat" if off else ""
        of_tag = f", less those without the tag “{rule.tag}”" if rule.tag else ""
        url = replace(scope.filters_of(rule), snoozed="shown").url()
        return format_html('{}{}. <a href="{}">Open their list</a>{}.', told, also, url, of_tag)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        told = alert_tests.told(object_id)
        return super().change_view(request, object_id, form_url, told | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        return [*alert_tests.urls(self.admin_site), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        if not change or BEGINS_ANEW & set(form.changed_data):
            obj.counts_from = timezone.now()
        with transaction.atomic():
            obj.save()
            deliveries.let_off(obj)
            verb, what = ("alert.changed", "Changed") if change else ("alert.added", "Added")
            # Never the address itself.
            which = {"merchants" if name in FILTERS else name: None for name in form.changed_data}
            changed = ", ".join(which) if change else ""
            log.record(verb, f"{what} the alert rule {obj.name}", actor=person(request), reason=changed)

    @admin.action(description="Send a test message", permissions=["change"])
    def send_test(self, request: HttpRequest, chosen: QuerySet[AlertRule]) -> None:
        for rule in chosen:
            alert_tests.send(rule, by=person(request))
        told = "On its way. Whether it arrived stands under Deliveries in a moment."
        self.message_user(request, told, messages.SUCCESS)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("subject", "rule", "state", "tries", "made_at", "ended_at", "problem")
    list_filter = ("state", "rule")
    list_select_related = ("rule",)
    ordering = ("-made_at", "-pk")
