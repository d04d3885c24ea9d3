"""What people type, validated and coerced; nothing else."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm

from syncs import moments
from syncs.models import Merchant, SyncRequest, User
from syncs.operations import guessing
from syncs.rules.salesdays import length_hours
from syncs.rules.windows import Window

# Longer ranges are asked for in several steps: one slip must not rewrite years of somebody's books.
MOST_DAYS = 366
# A slip of the finger, such as the year 202, is no day to sync up to.
FIRST_YEAR, TOO_OLD = 2000, "Codat has no sales from before the year 2000."


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date", "class": "field num"}, format="%Y-%m-%d")
    default_error_messages = {
        "invalid": "This is not a day. Write it as 2026-11-21.",
        "required": "Choose a day.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class WordsField(forms.CharField):
    """What is too long is said, and stays where it was written: a browser that knows the bound would cut off what is
    pasted in, without a word."""

    widget = forms.TextInput(attrs={"class": "field", "autocomplete": "off"})
    default_error_messages = {"max_length": "At most %(limit_value)d letters. These are %(show_value)d."}

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class ReasonField(WordsField):
    default_error_messages = {"required": "Say why, in a few words. It is saved in the activity log."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=500, **kwargs)


class WindowsField(forms.CharField):
    """What a form of ours wrote with `written`, as windows; what nobody wrote there is no window."""

    def to_python(self, value: Any) -> tuple[Window, ...]:  # type: ignore[override]
        try:
            pairs = (pair.split("/") for pair in str(value or "").split())
            return tuple(Window(*map(datetime.fromisoformat, pair)) for pair in pairs)
        except (ValueError, TypeError):
            return ()


def written(windows: Iterable[Window]) -> str:
    return " ".join(f"{window.start.isoformat()}/{window.finish.isoformat()}" for window in windows)


class AskForm(forms.Form):
    """What both kinds share: the reason, and the hidden token that makes a double click one request."""

    reason = ReasonField(label="Reason", required=False)
    override_reason = ReasonField(
        label="Why will it help now?",
        required=False,
    )
    outage = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**63 - 1)
    books_confirmed = forms.BooleanField(required=False)
    form_token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    basis = forms.CharField(widget=forms.HiddenInput, required=False)
    resend_of = forms.ModelChoiceField(
        SyncRequest.objects.none(), widget=forms.HiddenInput, required=False, label="Asked again"
    )

    def __init__(self, merchant: Merchant, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant
        self.today = today
        self.fields["resend_of"].queryset = merchant.requests.all()  # type: ignore[attr-defined]

    def clean_form_token(self) -> uuid.UUID:
        return self.cleaned_data["form_token"] or uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        """Why it helps now is reason enough: who is asked that is asked nothing else."""
        super().clean()
        if not self.cleaned_data.get("reason"):
            self.cleaned_data["reason"] = self.cleaned_data.get("override_reason", "")
        if not self.cleaned_data["reason"] and not {"reason", "override_reason"} & set(self.errors):
            self.add_error("reason", ReasonField.default_error_messages["required"])
        return self.cleaned_data

    @property
    def yesterday(self) -> date:
        return self.today - timedelta(days=1)

    def _check_past(self, day: date) -> None:
        if day >= self.today:
            raise forms.ValidationError(
                f"These days are in the future or not over yet. Choose up to yesterday, {self.yesterday:%-d %b}."
            )


class LatestForm(AskForm):
    last_day = DayField(required=False, label="Last day (optional). Empty means now.")

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day:
            self._check_past(day)
            if day.year < FIRST_YEAR:
                raise forms.ValidationError(TOO_OLD)
        return day


def range_problem(first: date, last: date) -> tuple[str, str] | None:
    """Field and sentence of what no merchant can be asked for."""
    if last < first:
        return "last_day", "The last day is before the first day."
    if (last - first).days >= MOST_DAYS:
        return (
            "first_day",
            f"{(last - first).days + 1} days are too many. Choose at most {MOST_DAYS} at once.",
        )
    if first.year < FIRST_YEAR:
        return "first_day", TOO_OLD
    return None


class RangeForm(AskForm):
    first_day = DayField(label="First day")
    last_day = DayField(label="Last day")
    seen_overlap = WindowsField(required=False)

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        self._check_past(day)
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if not first or not last:
            return cleaned
        if problem := range_problem(first, last):
            self.add_error(*problem)
        elif not any(
            length_hours(first + timedelta(n), self.merchant.zone) for n in range((last - first).days + 1)
        ):
            self.add_error(
                "first_day", f"This day never was in {self.merchant.zone_name}: its calendar skipped it."
            )
        return cleaned


class NoteForm(forms.Form):
    note = ReasonField(label="Note", error_messages={"required": "Write a few words."})


class FreezeForm(forms.Form):
    """The sentence stands on every page."""

    reason = ReasonField(
        label="Why", error_messages={"required": "Say why, in a few words: it stands on every page."}
    )


class ResumeForm(forms.Form):
    reason = ReasonField(label="Why", required=False)


class SignInForm(AuthenticationForm):
    """Django's own, with the tries that are left."""

    def get_invalid_login_error(self) -> forms.ValidationError:
        left = guessing.tries_left(self.cleaned_data["username"], guessing.counted_address(self.request))
        tries, pause = "1 try" if left == 1 else f"{left} tries", moments.length(guessing.PAUSE)
        return forms.ValidationError(f"Name or password is not right. {tries} left, then {pause} pause.")


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has no subscript here at run time
    class Meta:
        model = User
        fields = ("time_zone",)
        widgets = {
            "time_zone": forms.TextInput(attrs={"class": "field", "list": "zones", "autocomplete": "off"})
        }


class PasswordForm(PasswordChangeForm):
    """Django's own, in our look."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "field"
            field.widget.attrs.pop("autofocus", None)
            field.help_text = ""
        self.fields["new_password2"].label = "New password again"
