"""What people type when they save a list under a name."""

from typing import Any

from django import forms
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict

from syncs.forms import WordsField
from syncs.models import SavedView

LONGEST = 10_000


class QueryField(forms.CharField):
    """A list's address after the question mark; what it asks for is read and validated by the list itself."""

    def to_python(self, value: Any) -> QueryDict:  # type: ignore[override]
        text = str(value or "")
        try:
            if len(text) <= LONGEST:
                return QueryDict(text)
        except TooManyFieldsSent:
            pass
        raise forms.ValidationError("These filters are too many to be saved.")

    def run_validators(self, value: Any) -> None:
        """It is no text any more."""


class ViewForm(forms.Form):
    name = WordsField(label="Name", max_length=60, error_messages={"required": "Give the view a name."})
    is_shared = forms.BooleanField(label="Share it with everybody here", required=False)


class NewViewForm(ViewForm):
    page = forms.ChoiceField(choices=SavedView.Page.choices, widget=forms.HiddenInput)
    query = QueryField(required=False, widget=forms.HiddenInput)
    replaces = forms.BooleanField(required=False)
