"""What a company's syncs wrote into its books: Codat's push operations (OpenAPI of the Platform, PushOperation).

Nothing of them is stored: the syncs tell them. Each sales day of a sync that gets to its writing brings one operation
for sales, one for payments and one for fees; which data types these are is our guess. No document links a sync to
its operations, and nothing here does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sandbox.dice import digest, fraction, guid
from sandbox.query import Kind
from sandbox.schedule import sales_days
from sandbox.syncs import Sync
from sandbox.timeline import Timeline
from sandbox.wire import Json, stamp

FIELDS: dict[str, Kind] = {
    "pushOperationKey": "text",
    "companyId": "text",
    "dataConnectionKey": "text",
    "dataType": "text",
    "status": "text",
    "statusCode": "number",
    "requestedOnUtc": "date",
    "completedOnUtc": "date",
    "errorMessage": "text",
}
_WRITTEN = ("journalEntries", "payments", "directCosts")
_MOST_DAYS = 31
_CODES = {"Pending": 202, "Success": 200, "Failed": 400, "TimedOut": 408}
"""200 and 400 are in the docs' samples, 202 in their table of codes; 408 is our guess."""
_VALIDATORS = {"account": "Account", "customer": "Customer", "supplier": "Supplier", "tax rate": "TaxRate"}


@dataclass(frozen=True, slots=True)
class Push:
    key: str
    connection_id: str
    data_type: str
    requested: datetime
    completes: datetime
    ends_as: str
    message: str

    @property
    def record_id(self) -> str:
        """Of what it made in the books."""
        return guid(digest(self.key, "record"))

    def status(self, now: datetime) -> str:
        return self.ends_as if now >= self.completes else "Pending"


def history(timeline: Timeline, now: datetime) -> list[Push]:
    """Newest first; the order is our guess."""
    found = (push for sync in timeline.syncs for push in of_sync(timeline, sync) if push.requested <= now)
    return sorted(found, key=lambda push: push.requested, reverse=True)


def told(company_id: str, push: Push, now: datetime) -> Json:
    status = push.status(now)
    shown: Json = {
        "changes": _changes(push) if status == "Success" else None,
        "dataType": push.data_type,
        "companyId": company_id,
        "pushOperationKey": push.key,
        "dataConnectionKey": push.connection_id,
        "requestedOnUtc": stamp(push.requested),
        "timeoutInMinutes": None,
        "timeoutInSeconds": None,
        "status": status,
        "errorMessage": _error(push, status),
        "validation": {"errors": _errors(push) if status == "Failed" else [], "warnings": []},
        "statusCode": _CODES[status],
    }
    return shown if status == "Pending" else {**shown, "completedOnUtc": stamp(push.completes)}


def of_sync(timeline: Timeline, sync: Sync) -> Iterator[Push]:
    if not sync.outcome.reaches_books:
        return
    days = sales_days(sync.start, sync.finish, timeline.card.schedule.zone)[-_MOST_DAYS:]
    days = [day for day in days if day.weekday() not in timeline.merchant.closed] or days
    names = [(day, name) for day in days for name in _WRITTEN]
    gap = (sync.ended - sync.pushing) / (2 * max(len(names), 1))
    for number, (day, name) in enumerate(names):
        raw = digest(sync.sync_id, day.toordinal(), name, size=18)
        yield Push(
            guid(raw),
            timeline.books_at(sync.at),
            name,
            sync.pushing + gap * number,
            sync.ended,
            _end(sync, number, len(names), fraction(raw[16:])),
            sync.outcome.message or "",
        )


def _end(sync: Sync, number: int, count: int, chance: float) -> str:
    """A failure in writing fails all of them, or some when it wrote in part; without one, the books never answered."""
    if sync.outcome.is_success:
        return "Success"
    if not sync.outcome.is_push_error:
        return "TimedOut"
    if not sync.outcome.pushed:
        return "Failed"
    return "Success" if number < count - 1 and (number == 0 or chance < 0.5) else "Failed"


def _changes(push: Push) -> list[Json]:
    record = {"id": push.record_id, "dataType": push.data_type}
    return [{"type": "Created", "recordRef": record, "attachmentId": None}]


def _error(push: Push, status: str) -> str | None:
    if status == "Failed":
        correlation = digest(push.key, "correlation", size=16).hex()
        return f"An error occurred in a downstream service. Correlation ID: {correlation}. Message: {push.message}"
    return "The push operation timed out." if status == "TimedOut" else None


def _errors(push: Push) -> list[Json]:
    named = (name for word, name in _VALIDATORS.items() if word in push.message.lower())
    name = next(named, "Record")
    return [{"itemId": f"{name}Ref", "message": push.message, "validatorName": name}]
