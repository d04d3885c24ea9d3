"""A page of Codat's list of companies, brought into our merchants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F

from syncs.codat.schemas import Company
from syncs.models import Merchant
from syncs.models.merchant import is_company_id
from syncs.models.updating import update_each
from syncs.operations import connections, log
from syncs.operations.handing_out import held
from syncs.operations.merchants import GONE_AT_CODAT, LONGEST_NAME, new, restore

TOLD_BY_CODAT = ("name", "codat_name", "tags", "link_url")


@dataclass(frozen=True)
class Stored:
    added: int
    restored: int
    skipped: list[str]


def store(companies: Sequence[Company], now: datetime) -> Stored:
    """Registers what is new, updates what is known, restores what had gone. Belongs in a transaction."""
    usable = {UUID(company.id): company for company in companies if _flaw(company) is None}
    known = _known(usable)
    back = [merchant for merchant in known.values() if merchant.archived_why == GONE_AT_CODAT]
    restored = sum(restore(merchant, why="Codat lists this company again", now=now) for merchant in back)
    fresh = [new(key, company, now) for key, company in usable.items() if key not in known]
    _update({merchant: usable[merchant.company_id] for merchant in known.values()}, now)
    Merchant.objects.bulk_create(fresh)
    connections.store_many({merchant: usable[merchant.company_id].connections for merchant in fresh}, now)
    return Stored(len(fresh), restored, [flaw for company in companies if (flaw := _flaw(company))])


def update_registered(companies: Sequence[Company], now: datetime) -> None:
    """Names and connections of the merchants in sight; registers and restores nobody."""
    usable = {UUID(company.id): company for company in companies if _flaw(company) is None}
    known = _known(usable)
    _update({row: usable[row.company_id] for row in known.values() if not row.is_archived}, now)


def _flaw(company: Company) -> str | None:
    if not is_company_id(company.id):
        return f"Skipped “{company.id}”: its ID is not a UUID."
    if not company.name.strip():
        return f"Skipped {company.id}: it has no name at Codat."
    return None


def _known(companies: Mapping[UUID, Company]) -> dict[UUID, Merchant]:
    """Locked in one order, so that a person's rename and two passes at once wait for each other."""
    rows = Merchant.objects.filter(company_id__in=companies).order_by("pk").select_for_update()
    return {merchant.company_id: merchant for merchant in rows}


def _update(reports: Mapping[Merchant, Company], now: datetime) -> None:
    changed = [merchant for merchant, company in reports.items() if _take_over(merchant, company)]
    update_each(changed, [*TOLD_BY_CODAT, "name_folded"])
    moved = connections.store_many({row: company.connections for row, company in reports.items()}, now)
    shown = moved.union(merchant.pk for merchant in changed)
    Merchant.objects.filter(pk__in=shown).update(version=F("version") + 1)
    # A look that is under way comes to the new connections by itself.
    to_look_at = Merchant.objects.registered().filter(pk__in=moved).exclude(held(now))
    to_look_at.update(next_refresh_at=now, next_refresh_reason="a connection changed")


def _take_over(merchant: Merchant, company: Company) -> bool:
    """True when Codat tells anything new. A name that a person gave stays."""
    before = [getattr(merchant, name) for name in TOLD_BY_CODAT]
    name = company.name.strip()[:LONGEST_NAME]
    if merchant.name == merchant.codat_name and name != merchant.name:
        what = f"Codat renamed {merchant.name}"
        log.record("merchant.renamed", what, merchant=merchant, before=merchant.name, after=name)
        merchant.name = name
    merchant.codat_name = name
    merchant.tags, merchant.link_url = dict(company.tags), company.redirect[:500]
    return before != [getattr(merchant, name) for name in TOLD_BY_CODAT]
