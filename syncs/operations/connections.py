from collections.abc import Iterable
from datetime import datetime

from syncs.codat import schemas
from syncs.models import Connection, Merchant

REPORTED = ("side", "platform_key", "platform_name", "status", "link_url", "errors", "seen_at", "gone_at")


def store(merchant: Merchant, reported: Iterable[schemas.Connection], now: datetime) -> bool:
    """Writes a merchant's connections as Codat lists them all; what it lists no more is kept as gone.

    True when one was added, went, or changed its status.
    """
    before = {connection.codat_id: connection for connection in merchant.connections.all()}
    was = {codat_id: (connection.status, connection.gone_at) for codat_id, connection in before.items()}
    rows = {report.id[:64]: _row(merchant, report, now) for report in reported}
    Connection.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["merchant", "codat_id"], update_fields=REPORTED
    )
    merchant.connections.filter(gone_at=None).exclude(codat_id__in=rows).update(gone_at=now)
    after = {codat_id: (row.status, None) for codat_id, row in rows.items()}
    return {key for key, value in was.items() if value[1] is None} != set(after) or any(
        was.get(key) != value for key, value in after.items()
    )


def all_linked(merchant: Merchant) -> bool | None:
    """Whether one commerce and one accounting connection are linked; None when Codat lists none at all."""
    connections = list(merchant.connections.filter(gone_at=None))
    if not connections:
        return None
    linked = {connection.side for connection in connections if connection.is_linked}
    return {Connection.Side.COMMERCE, Connection.Side.ACCOUNTING} <= linked


def _row(merchant: Merchant, report: schemas.Connection, now: datetime) -> Connection:
    return Connection(
        merchant=merchant,
        codat_id=report.id[:64],
        side=report.side,
        platform_key=(report.platform_key or "")[:16],
        platform_name=(report.platform_name or "Unknown platform")[:100],
        status=report.status[:32],
        link_url=report.link_url[:500],
        errors=list(report.errors),
        seen_at=now,
        gone_at=None,
    )
