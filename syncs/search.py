"""Whose is this id? One box takes company, sync, commerce sync and connection ids."""

import uuid

from syncs.models import Connection, Merchant, Sync

LONGEST_ID = 100


def owners_of(text: str) -> list[Merchant]:
    """The merchants that this very id belongs to, archived ones too; usually one, for a name none."""
    if not text or len(text) > LONGEST_ID or any(letter.isspace() for letter in text):
        return []
    key = _as_uuid(text)
    if key and (merchant := Merchant.objects.filter(company_id=key).first()):
        return [merchant]
    # Several ways of writing: Codat writes its ids in lower case, but not all that people paste is its.
    written = {text, text.lower(), str(key or text)}
    keys = {
        *Sync.objects.filter(sync_id__in=written).values_list("merchant_id", flat=True)[:50],
        *Sync.objects.filter(commerce_sync_id__in=written).values_list("merchant_id", flat=True)[:50],
        *Connection.objects.filter(codat_id__in=written).values_list("merchant_id", flat=True)[:50],
    }
    return list(Merchant.objects.filter(pk__in=keys).order_by("name", "pk")) if keys else []


def _as_uuid(text: str) -> uuid.UUID | None:
    """Also one without dashes, in braces, or after urn:uuid: as other programs write it."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
