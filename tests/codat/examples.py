"""Ids, answers and calls that the tests of the client share."""

from uuid import UUID

from syncs.codat import bodies
from syncs.codat.client import CodatClient
from syncs.codat.dates import parse_moment
from syncs.codat.schemas import SyncSummary

COMPANY = "8a210b68-6988-11ed-a1eb-0242ac120002"
OTHER_COMPANY = "20803807-4e9a-4cb7-b67b-9f889a3916e1"
SYNC = "8d0a044e-b683-4fc9-bd0d-bfb2ca5731b7"
OTHER_SYNC = "aa4c9dfd-e945-4424-9628-9e724f14c267"
KEY_OF_REQUEST = UUID("0b7e6c0e-3f0c-4d9c-9a52-6f6a3c2f5f10")

STARTED = {
    "companyId": COMPANY,
    "commerceSyncId": SYNC,
    "syncDateRangeUtc": {"start": "2022-10-22T00:00:00Z", "finish": "2022-10-23T00:00:00Z"},
    "syncStatusCode": 1000,
    "syncStatus": "NotStarted",
    "errorMessage": None,
    "syncUtc": "2022-10-23T00:00:01.1234567Z",
    "dataConnections": [],
    "dataPushed": False,
}
DONE = {
    "companyId": COMPANY,
    "syncId": OTHER_SYNC,
    "syncStatusCode": 2000,
    "syncStatus": "Complete",
    "errorMessage": "",
    "syncExceptionMessage": "",
    "syncUtc": "2023-01-24T14:15:22Z",
    "dataPushed": True,
}
NO_COMPANY = {
    "statusCode": 404,
    "service": "ClientsApi",
    "error": f"No company was found with ID {COMPANY}",
    "correlationId": "0a40c2f31fc8f992fb88b0853e4166f3",
    "canBeRetried": "Unknown",
    "detailedErrorCode": 0,
}


def no_company(company_id: object) -> dict[str, object]:
    """Codat names the company that it does not know."""
    return {**NO_COMPANY, "error": f"No company was found with ID {company_id}"}


START = parse_moment("2022-10-23T00:00:00Z")
FINISH = parse_moment("2022-10-24T00:00:00Z")
assert START
assert FINISH


def ask_latest(client: CodatClient, **options: float) -> SyncSummary:
    return client.request_latest(
        COMPANY, body=bodies.latest(START), idempotency_key=KEY_OF_REQUEST, **options
    )


def ask_range(client: CodatClient, **options: float) -> SyncSummary:
    body = bodies.historic(START, FINISH)
    return client.request_range(COMPANY, body=body, idempotency_key=KEY_OF_REQUEST, **options)
