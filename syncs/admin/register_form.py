from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError

from syncs.clients import impatient_client
from syncs.codat.errors import CodatError, Refused
from syncs.codat.schemas import Company
from syncs.models import Merchant
from syncs.models.merchant import is_company_id
from syncs.operations.merchants import AlreadyRegistered

NO_UUID = (
    "This is no company ID. It is a UUID in its usual form, such as 8a210b68-6988-11ed-a1eb-0242ac120002."
)


class RegisterForm(forms.ModelForm):
    """A new merchant. `looked_up` is what Codat answered, or a sentence why it did not; None when not asked."""

    company_id = forms.CharField(
        label="Company ID",
        help_text="As Codat's portal shows it. It cannot be changed once the merchant is registered.",
        widget=forms.TextInput(attrs={"size": 40, "autocomplete": "off", "spellcheck": "false"}),
    )
    look_up = forms.BooleanField(
        label="Look it up at Codat",
        required=False,
        initial=True,
        help_text="Finds out whether Codat knows the company, and fills in its name, tags and connections.",
    )
    name = forms.CharField(required=False, max_length=255, help_text="Empty: the name Codat tells.")
    looked_up: Company | str | None = None

    class Meta:
        model = Merchant
        fields = ("company_id", "name")

    @property
    def company(self) -> Company | None:
        return self.looked_up if isinstance(self.looked_up, Company) else None

    def clean_company_id(self) -> UUID:
        text = self.cleaned_data["company_id"].strip()
        if not is_company_id(text):
            raise ValidationError(NO_UUID)
        if holder := Merchant.objects.filter(company_id=UUID(text)).first():
            raise ValidationError(AlreadyRegistered(holder).sentence)
        return UUID(text)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "company_id" in self.errors:
            return cleaned
        if isinstance(self.looked_up, str):
            self.add_error("company_id", self.looked_up)
        elif not cleaned.get("name") and not (self.company and self.company.name.strip()):
            self.add_error("name", "Write a name, or let it be looked up at Codat.")
        return cleaned


def look_up(text: str) -> Company | str | None:
    """What Codat answers, or a sentence why it did not. Does not ask for what would be refused anyway."""
    if not is_company_id(text) or Merchant.objects.filter(company_id=UUID(text)).exists():
        return None
    try:
        return impatient_client().company(text)
    except Refused as error:
        unknown = error.http_status == 404
        return "Codat knows no company with this ID." if unknown else f"It could not be looked up. {error}"
    except (CodatError, ImproperlyConfigured) as error:
        return f"It could not be looked up. {error}"
