"""Whether Codat says that it has no such company. Any other 404 (a gateway's page, a wrong address) says nothing."""

import re
from datetime import datetime, timedelta

from django.db import connection, transaction

from syncs.codat.errors import CodatError, Refused
from syncs.codat.verdicts import NO_COMPANY
from syncs.models import Merchant
from syncs.operations.merchants import GONE_AT_CODAT, archive

# More merchants gone within a day than this look like the key of another client, and are left to an import,
# which asks a person.
WITHIN = timedelta(days=1)
AT_MOST, SHARE = 3, 0.05
# Any number that nobody else locks.
ONE_AT_A_TIME = 20_401
AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def says_no_company(error: CodatError, merchant: Merchant) -> bool:
    """A message that names another company is about that one."""
    if not isinstance(error, Refused) or error.http_status != 404 or not NO_COMPANY.search(error.message):
        return False
    named = {found[0].lower() for found in AN_ID.finditer(error.message)}
    return not named or str(merchant.company_id) in named


def archive_unless_many(merchant: Merchant, now: datetime) -> bool:
    with transaction.atomic():
        if are_many(now):
            return False
        archive(merchant, why=GONE_AT_CODAT, now=now)
    return True


def are_many(now: datetime) -> bool:
    """Whether so many are gone that it is no news of one more. Until the transaction ends nobody else may count."""
    if connection.vendor == "postgresql":
        # SQLite has one writer anyway, and our transactions there begin as one.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    gone = Merchant.objects.filter(archived_why=GONE_AT_CODAT, archived_at__gt=now - WITHIN).count()
    return gone >= max(AT_MOST, Merchant.objects.registered().count() * SHARE)
