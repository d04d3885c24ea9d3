"""An alert rule as an admin fills it in: which merchants it is about is chosen, or pasted as the address of a list."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from syncs.alerts import scope
from syncs.codat.statuses import FINAL_CODES, status_of
from syncs.filters import OWNERS, SILENCES
from syncs.models import AlertRule, Cause
from syncs.models.alert import working_days
from syncs.operations import describing
from syncs.rules.addresses import checked_webhook
from syncs.rules.alerts import WEEKDAYS, WORDS
from syncs.views import health_summary

NO_MAIL = "E-mail is not set up here. Set EMAIL_URL (see docs/alerts.md), or use a webhook."
# What is chosen of the health list's filters, by their names in its address.
FILTERS = ("commerce", "accounting", "owner", "code", "cause", "success", "q")
CAUSES = 100
LONGEST_CAUSE = 90
Choices = list[tuple[str, str]]


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
        help_text="A digest needs at least one day.",
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    commerce = forms.ChoiceField(label="Commerce platform", required=False)
    accounting = forms.ChoiceField(label="Accounting platform", required=False)
    owner = forms.ChoiceField(
        label="Who must act", required=False, choices=[("", "Anybody"), *OWNERS.items()]
    )
    code = forms.MultipleChoiceField(label="Last result", widget=forms.CheckboxSelectMultiple, required=False)
    cause = forms.ChoiceField(
        label="Cause", required=False, help_text="Those that strike merchants now, the most first."
    )
    success = forms.ChoiceField(
        label="Last success", required=False, choices=[("", "Any"), *SILENCES.items()]
    )
    q = forms.CharField(label="Name has in it", required=False, max_length=100)

    class Meta:
        model = AlertRule
        fields = (
            *("name", "is_active", "kind", "events", "quiet_while_snoozed", "at", "weekdays"),
            *("merchants", "tag", "channel", "address", "zone"),
        )
        labels = {"merchants": "Or paste an address"}
        help_texts = {
            "merchants": (
                "The address of Sync health with the filters you want, or only the part after its “?”. It replaces "
                "what you chose above; the tag still counts."
            ),
            "at": "A digest needs a time, such as 08:00. It is in the time zone chosen below.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = scope.filters_of(self.instance)
        for name in FILTERS:
            self.initial.setdefault(name, getattr(chosen, name))
        self.initial.update(code=[str(code) for code in chosen.code], merchants="")
        known = health_summary.platforms({"commerce": chosen.commerce, "accounting": chosen.accounting})
        self._offer("commerce", "Any", _platforms(known.commerce, chosen.commerce))
        self._offer("accounting", "Any", _platforms(known.accounting, chosen.accounting))
        self._offer("cause", "Any", _causes(chosen.cause))
        codes = sorted({*FINAL_CODES, *chosen.code})
        self._offer("code", "", [(str(code), f"{code} {status_of(code).word}") for code in codes])

    def _offer(self, name: str, empty: str, choices: Choices) -> None:
        field: Any = self.fields[name]
        field.choices = [("", empty), *choices] if empty else choices
        field.error_messages["invalid_choice"] = "“%(value)s” is not offered here. Choose another one."

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
        if not self.errors.keys() & {"merchants", *FILTERS}:
            cleaned["merchants"] = cleaned["merchants"] or self._chosen(cleaned)
        return cleaned

    def _chosen(self, cleaned: dict[str, Any]) -> str:
        """As the health list's address holds it."""
        pairs = [(name, cleaned[name]) for name in FILTERS if cleaned[name]]
        try:
            query = scope.checked(urlencode(pairs, doseq=True))
        except ValueError as error:
            self.add_error("q", str(error))
            return ""
        if len(query) > (AlertRule._meta.get_field("merchants").max_length or 0):
            self.add_error("q", "Together these filters are too long. Choose fewer, or a shorter name.")
        return query

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


def _platforms(known: list[str], chosen: str) -> Choices:
    """One that no merchant has any more stays as long as the rule names it."""
    return [(name, name) for name in sorted({*known, chosen} - {""})]


def _causes(chosen: int | None) -> Choices:
    struck = describing.struck()
    most = sorted(struck, key=lambda pk: (-struck[pk], pk))[:CAUSES]
    offered = list(dict.fromkeys([*most, *([chosen] if chosen else [])]))
    causes = Cause.objects.in_bulk(offered)
    numbered = [(causes[pk], struck.get(pk, 0)) for pk in offered if pk in causes]
    return [
        (str(cause.pk), f"{cause.code} {_shortened(cause.words)} ({number:,})") for cause, number in numbered
    ]


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST_CAUSE else f"{words[: LONGEST_CAUSE - 1]}…"


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
