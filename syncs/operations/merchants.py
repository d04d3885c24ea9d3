"""Registering a Codat company as a merchant, and taking it out of sight again. Nothing is ever deleted."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from syncs.codat import schemas
from syncs.codat.shortening import shortened
from syncs.models import Merchant, User
from syncs.models.folding import fold
from syncs.operations import connections, handing_out, log

GONE_AT_CODAT = "Codat does not know this company any more"
LEFT_RUNNING = "a sync request of it is still under way"
LONGEST_NAME = 255


class AlreadyRegistered(Exception):
    """Somebody has this company id; the sentence names the merchant, also when it is archived."""

    def __init__(self, merchant: Merchant) -> None:
        where = "It is archived: restore it instead." if merchant.is_archived else "Nothing was added."
        self.sentence = f"{merchant.name} has this company ID already. {where}"
        self.merchant = merchant
        super().__init__(self.sentence)


def register(
    company_id: UUID, *, by: User | None, name: str = "", company: schemas.Company | None = None
) -> Merchant:
    """`company` is what Codat answered when it was asked. Raises AlreadyRegistered."""
    now = timezone.now()
    merchant = new(company_id, company, now)
    merchant.name = name.strip()[:LONGEST_NAME] or merchant.name
    try:
        with transaction.atomic():
            merchant.save(force_insert=True)
            if company:
                connections.store(merchant, company.connections, now)
            log.record("merchant.registered", f"Registered {merchant.name}", actor=by, merchant=merchant)
    except IntegrityError:
        if holder := Merchant.objects.filter(company_id=company_id).first():
            raise AlreadyRegistered(holder) from None
        raise
    return merchant


def new(company_id: UUID, company: schemas.Company | None, now: datetime) -> Merchant:
    """An unsaved merchant, to be looked at at once."""
    merchant = Merchant(
        company_id=company_id,
        name=f"Company {company_id}",
        silent_since=now,
        next_refresh_at=now,
        next_refresh_reason="newly registered",
    )
    if company:
        merchant.codat_name = company.name.strip()[:LONGEST_NAME]
        merchant.name = merchant.codat_name or merchant.name
        merchant.tags = dict(company.tags)
        merchant.link_url = company.redirect[:500]
        merchant.silent_since = company.created or now
    return merchant


def rename(merchant: Merchant, name: str, *, by: User | None) -> None:
    """`merchant` may carry its new name already: what it was is read from the database."""
    with transaction.atomic():
        before = Merchant.objects.select_for_update().values_list("name", flat=True).get(pk=merchant.pk)
        if before == name:
            return
        renamed = Merchant.objects.filter(pk=merchant.pk)
        renamed.update(name=name, name_folded=fold(name), version=F("version") + 1)
        log.record(
            "merchant.renamed", f"Renamed {before}", actor=by, merchant=merchant, before=before, after=name
        )


def archive(merchant: Merchant, *, why: str, now: datetime, by: User | None = None) -> bool:
    """False when it was archived before. What runs for it at Codat cannot be stopped, and is looked at to its end."""
    with transaction.atomic():
        is_left = merchant.requests.active().exists()
        changed = (
            Merchant.objects.registered()
            .filter(pk=merchant.pk)
            .update(
                archived_at=now,
                archived_why=shortened(why, 200),
                version=F("version") + 1,
                **(handing_out.first_in_line(now, LEFT_RUNNING) if is_left else {}),
            )
        )
        if changed != 1:
            return False
        if not is_left:
            handing_out.leave_alone(merchant.pk, now)
        what = f"Archived {merchant.name}" + (f": {LEFT_RUNNING}" if is_left else "")
        log.record("merchant.archived", what, actor=by, merchant=merchant, reason=why)
    return True


def restore(merchant: Merchant, *, why: str, now: datetime, by: User | None = None) -> bool:
    """False when it was not archived. It counts as never looked at: much may have happened meanwhile."""
    with transaction.atomic():
        changed = Merchant.objects.filter(pk=merchant.pk, archived_at__isnull=False).update(
            archived_at=None,
            archived_why="",
            refreshed_at=None,
            version=F("version") + 1,
            **handing_out.first_in_line(now, "restored"),
        )
        if changed != 1:
            return False
        log.record("merchant.restored", f"Restored {merchant.name}", actor=by, merchant=merchant, reason=why)
    return True
