"""Whether Codat says that it has no such company. Any other 404 (a gateway's page, a wrong address) says nothing."""

import re

from syncs.codat.errors import CodatError, Refused
from syncs.codat.verdicts import NO_COMPANY
from syncs.models import Merchant

AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def says_no_company(error: CodatError, merchant: Merchant) -> bool:
    """A message that names another company is about that one."""
    if not isinstance(error, Refused) or error.http_status != 404 or not NO_COMPANY.search(error.message):
        return False
    named = {found[0].lower() for found in AN_ID.finditer(error.message)}
    return not named or str(merchant.company_id) in named
