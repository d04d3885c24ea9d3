"""A playbook entry as an admin writes it: what could not be told, or never would be, is refused with a sentence."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms

from syncs.models import PlaybookEntry
from syncs.rules.entries import PLATFORMS
from syncs.rules.patterns import problem_of
from syncs.rules.writing import lone_braces, not_placeholders, not_told_under

CODE = re.compile(r"[1-9]\d{3}", re.ASCII)
WITH_PLACEHOLDERS = ("lead", "detail", "rerun_words", "steps", "message")
LONG = {"rows": 3, "cols": 90}
WIDE = {"size": 90, "autocomplete": "off", "spellcheck": "true"}


class EntryForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has no subscript here at run time
    class Meta:
        model = PlaybookEntry
        fields = (
            *("slug", "place", "is_active", "pattern", "codes", "outcome", "lead", "detail"),
            *("owner", "owner_words", "rerun", "rerun_words", "fixed_by", "says_all", "steps", "message"),
        )
        widgets = {
            "pattern": forms.TextInput(attrs=WIDE | {"spellcheck": "false"}),
            "codes": forms.TextInput(attrs={"size": 30, "autocomplete": "off"}),
            "lead": forms.TextInput(attrs=WIDE),
            "detail": forms.TextInput(attrs=WIDE),
            "rerun_words": forms.TextInput(attrs={"size": 60}),
            "steps": forms.Textarea(attrs=LONG | {"rows": 5}),
            "message": forms.Textarea(attrs=LONG | {"rows": 4}),
        }
        help_texts = {
            "pattern": (
                "What of Codat's message has to be there, as a regular expression; small and capital letters are the "
                "same. A named group such as (?P&lt;account&gt;.{1,80}) may be told: {account} reads “account 090”."
            ),
            "codes": "Such as 4000, 4200. With a pattern, only under these codes; without one, whatever the message.",
            "outcome": "For a last resort, without pattern and codes.",
            "lead": (
                "One sentence. {commerce} and {accounting} are the merchant's platforms, {unlinked} which of them is "
                "not linked."
            ),
            "owner_words": "Empty: as chosen above. Such as: The merchant or Codat.",
            "rerun_words": "Empty: as chosen above. Such as: Not until {account} is fixed.",
            "fixed_by": "For “Not until this is fixed”: until then, a sync is held.",
            "steps": "One a line.",
        }
        error_messages = {
            "owner": {
                "invalid_choice": "“%(value)s” is nobody who can act. Choose the merchant, us, Codat or nobody."
            },
            "slug": {"unique": "There is an entry of this name already."},
        }

    def clean_pattern(self) -> str:
        pattern = str(self.cleaned_data["pattern"])
        if pattern and (problem := problem_of(pattern)):
            raise forms.ValidationError(problem)
        return pattern

    def clean_codes(self) -> str:
        codes = str(self.cleaned_data["codes"]).replace(",", " ").split()
        for code in codes:
            if not CODE.fullmatch(code):
                raise forms.ValidationError(f"“{code[:40]}” is not a status code. Write them as 4000, 4200.")
        return ", ".join(sorted(set(codes)))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not {"pattern", "codes", "outcome"} & self.errors.keys():
            self._check_when_it_fits(cleaned["pattern"], cleaned["codes"], cleaned["outcome"])
        texts = {name: str(cleaned.get(name, "")) for name in WITH_PLACEHOLDERS}
        for name, text in texts.items():
            for sentence in (*self._not_placeholders(text, cleaned), *lone_braces(text)):
                self.add_error(name, sentence)
        return cleaned

    def _not_placeholders(self, text: str, cleaned: dict[str, Any]) -> Iterable[str]:
        """None while it is not known what the pattern names."""
        if "pattern" in self.errors:
            return ()
        return not_placeholders(text, (*PLATFORMS, *re.compile(cleaned["pattern"]).groupindex))

    def _check_when_it_fits(self, pattern: str, codes: str, outcome: str) -> None:
        if not (pattern or codes or outcome):
            self.add_error("pattern", "Say when this entry fits: write a pattern, codes or both.")
        if outcome and (pattern or codes):
            self.add_error("outcome", "A class of result is for entries without a pattern and codes.")
        if pattern and (sentence := not_told_under([int(code) for code in codes.split(", ") if code])):
            self.add_error("codes", sentence)


class SampleForm(forms.Form):
    """What the preview tries an entry on."""

    sample = forms.CharField(required=False, max_length=5000)
    sample_code = forms.RegexField(CODE, required=False)
    commerce = forms.CharField(required=False, max_length=100)
    accounting = forms.CharField(required=False, max_length=100)
