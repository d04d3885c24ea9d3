"""Who is told of what, and how each message got on."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from syncs import tasks
from syncs.admin.base import KeptAdmin, ReadOnlyAdmin, person
from syncs.alerts import scope
from syncs.models import AlertRule, Delivery
from syncs.models.alert import working_days
from syncs.operations import deliveries, log
from syncs.rules.addresses import checked_webhook
from syncs.rules.alerts import WEEKDAYS, WORDS

NO_MAIL = "E-mail is not set up here. Set EMAIL_URL (see docs/alerts.md), or use a webhook."
# After a change of one of these, only what comes from now on is told.
BEGINS_ANEW = {"is_active", "kind", "events", "at", "weekdays", "zone"}


class RuleForm(forms.ModelForm):
    events = forms.MultipleChoiceField(
        label="Changes",
        choices=[(event.value, words) for event, words in WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="Days",
        choices=list(enumerate(WEEKDAYS)),
        coerce=int,
        initial=working_days,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = AlertRule
        fields = (
            *("name", "is_active", "kind", "events", "quiet_while_snoozed", "at", "weekdays"),
            *("merchants", "tag", "channel", "address", "zone"),
        )

    def clean_merchants(self) -> str:
        return _checked(scope.checked, self.cleaned_data["merchants"])

    def clean_tag(self) -> str:
        return _checked(scope.checked_tag, self.cleaned_data["tag"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == AlertRule.Kind.CHANGES and not cleaned.get("events"):
            self.add_error("events", "Choose at least one change.")
        if cleaned.get("kind") == AlertRule.Kind.DIGEST:
            if "at" in cleaned and cleaned["at"] is None:
                self.add_error("at", "Say at which time of day, such as 08:00.")
            if not cleaned.get("weekdays"):
                self.add_error("weekdays", "Choose at least one day.")
        if cleaned.get("address"):
            self._clean_address(cleaned)
        return cleaned

    def _clean_address(self, cleaned: dict[str, Any]) -> None:
        try:
            if cleaned.get("channel") == AlertRule.Channel.WEBHOOK:
                checked_webhook(cleaned["address"], may_be_local=settings.ALERT_WEBHOOKS_MAY_BE_LOCAL)
            else:
                cleaned["address"] = _emails(cleaned["address"])
                if not (settings.EMAIL_URL or settings.SANDBOX):
                    self.add_error("channel", NO_MAIL)
        except ValueError as error:
            self.add_error("address", str(error))


def _checked(check: Any, text: str) -> str:
    try:
        return str(check(text))
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _emails(text: str) -> str:
    """Raises ValueError."""
    found = [word.strip() for word in text.split(",") if word.strip()]
    try:
        for address in found:
            validate_email(address)
    except ValidationError:
        raise ValueError(
            "Write e-mail addresses, separated by commas: desk@example.com, lead@example.com"
        ) from None
    return ", ".join(found)


@admin.register(AlertRule)
class AlertRuleAdmin(KeptAdmin):
    """For the role admin. A rule is switched off and never deleted: what it told stays on record."""

    form = RuleForm
    list_display = ("name", "kind", "told_by", "merchants", "is_active", "failing_since", "problem")
    list_filter = ("kind", "channel", "is_active")
    ordering = ("name",)
    actions = ("send_test",)
    readonly_fields = ("failing_since", "problem")
    fieldsets = (
        (None, {"fields": ("name", "is_active", "kind")}),
        ("Changes", {"fields": ("events", "quiet_while_snoozed")}),
        ("Digest", {"fields": ("at", "weekdays")}),
        ("Of which merchants", {"fields": ("merchants", "tag")}),
        ("Whom to tell", {"fields": ("channel", "address", "zone")}),
        ("Is it delivered?", {"fields": ("failing_since", "problem")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("syncs.administer")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("syncs.administer")

    @admin.display(description="tells whom")
    def told_by(self, rule: AlertRule) -> str:
        """A webhook's address lets whoever knows it write there: no list shows it."""
        is_webhook = rule.channel == AlertRule.Channel.WEBHOOK
        return f"webhook at {urlsplit(rule.address).hostname}" if is_webhook else rule.address

    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        if not change or BEGINS_ANEW & set(form.changed_data):
            obj.counts_from = timezone.now()
        with transaction.atomic():
            obj.save()
            deliveries.let_off(obj)
            verb, what = ("alert.changed", "Changed") if change else ("alert.added", "Added")
            # Never the address itself.
            changed = ", ".join(form.changed_data) if change else ""
            log.record(verb, f"{what} the alert rule {obj.name}", actor=person(request), reason=changed)

    @admin.action(description="Send a test message", permissions=["change"])
    def send_test(self, request: HttpRequest, chosen: QuerySet[AlertRule]) -> None:
        for rule in chosen:
            delivery = deliveries.make_test(rule, by=person(request), now=timezone.now())
            tasks.deliver_soon(delivery)
        told = "On its way. Whether it arrived stands under Deliveries in a moment."
        self.message_user(request, told, messages.SUCCESS)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("subject", "rule", "state", "tries", "made_at", "ended_at", "problem")
    list_filter = ("state", "rule")
    list_select_related = ("rule",)
    ordering = ("-made_at", "-pk")
