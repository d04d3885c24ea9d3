"""I am on it; nobody need look at it until then."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from syncs import moments
from syncs.forms import DayField, ReasonField
from syncs.models import Merchant
from syncs.operations import caring
from syncs.rules.salesdays import start_of


class AckForm(forms.Form):
    """`instead_of` names the one who was on it when the page was drawn."""

    note = ReasonField(required=False)
    instead_of = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class SnoozeForm(forms.Form):
    """Days are the reader's: it is a person's day that the end is meant for."""

    # Beside the other forms of the page.
    prefix = "snooze"

    length = forms.ChoiceField(
        label="For how long", widget=forms.Select(attrs={"class": "field"}), required=False
    )
    day = DayField(required=False, label="Or until the morning of this day")
    note = ReasonField(
        label="Why",
        error_messages={"required": "Say why, in a few words."},
    )

    def __init__(self, merchant: Merchant, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant
        self.now = now
        self.fields["length"].choices = list(self._lengths())  # type: ignore[attr-defined]

    def _lengths(self) -> Any:
        yield from caring.LENGTHS.items()
        if until := caring.end_of(caring.FUSE, self.merchant, self.now):
            end = moments.short_day(until.astimezone(self.merchant.zone).date(), self.now.date())
            yield caring.FUSE, f"Until 7 days are left, {end}"

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        today = timezone.localdate(self.now)
        last = today + caring.LONGEST_SNOOZE - timedelta(days=1)
        if day and not today < day <= last:
            raise forms.ValidationError(f"Choose a day from tomorrow up to {moments.short_day(last, today)}.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if day := cleaned.get("day"):
            cleaned["until"] = start_of(day, timezone.get_current_timezone())
        elif "day" in cleaned and "length" in cleaned:
            cleaned["until"] = caring.end_of(cleaned["length"], self.merchant, self.now)
            if cleaned["until"] is None:
                self.add_error("length", "Choose how long.")
        return cleaned
