"""Whether Codat says that it has no such company. Any other 404 (a gateway's page, a wrong address) says nothing."""

from syncs.codat.errors import CodatError, Refused
from syncs.codat.verdicts import NO_COMPANY


def says_no_company(error: CodatError) -> bool:
    return isinstance(error, Refused) and error.http_status == 404 and bool(NO_COMPANY.search(error.message))
