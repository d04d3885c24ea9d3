"""Whose is this id? One box takes company, sync, commerce sync and connection ids."""

from syncs.models import Connection, Merchant, Sync
from syncs.models.merchant import is_company_id

LONGEST_ID = 100


def owners_of(text: str) -> list[Merchant]:
    """The merchants that this very id belongs to, archived ones too; usually one, for a name none."""
    if not text or len(text) > LONGEST_ID or any(letter.isspace() for letter in text):
        return []
    if is_company_id(text) and (merchant := Merchant.objects.filter(company_id=text).first()):
        return [merchant]
    # Two cases of writing: Codat writes its ids in lower case, but not all that people paste is its.
    written = {text, text.lower()}
    keys = {
        *Sync.objects.filter(sync_id__in=written).values_list("merchant_id", flat=True)[:50],
        *Sync.objects.filter(commerce_sync_id__in=written).values_list("merchant_id", flat=True)[:50],
        *Connection.objects.filter(codat_id__in=written).values_list("merchant_id", flat=True)[:50],
    }
    return list(Merchant.objects.filter(pk__in=keys).order_by("name", "pk")) if keys else []
