from collections.abc import Iterable, Mapping
from datetime import datetime

from syncs.codat import schemas
from syncs.models import Connection, Merchant

COMPARED = ("side", "platform_key", "platform_name", "status", "link_url", "errors", "gone_at")
REPORTED = (*COMPARED, "seen_at")


Reported = Iterable[schemas.Connection] | None


def store(merchant: Merchant, reported: Reported, now: datetime) -> bool:
    """Writes a merchant's connections as Codat lists them all; what it lists no more is kept as gone.

    Where it does not list them, which is None and not an empty list, what is known stays.

    True when one was added, went, or changed its status.
    """
    return merchant.pk in store_many({merchant: reported}, now)


def store_many(reports: Mapping[Merchant, Reported], now: datetime) -> set[int]:
    """The same for many merchants, in as many queries as for one; returns the ids of those that changed."""
    listed = {merchant: reported for merchant, reported in reports.items() if reported is not None}
    known = Connection.objects.filter(merchant__in=[merchant.pk for merchant in listed])
    before = {(row.merchant_id, row.codat_id): row for row in known}
    after = {
        (key := (merchant.pk, report.id[:64])): _row(merchant, report, before.get(key), now)
        for merchant, reported in listed.items()
        for report in reported
    }
    same = [row.pk for key, row in before.items() if key in after and _says_the_same(row, after[key])]
    news = [row for key, row in after.items() if key not in before or not _says_the_same(before[key], row)]
    gone = [row for key, row in before.items() if key not in after and row.gone_at is None]
    Connection.objects.bulk_create(
        news, update_conflicts=True, unique_fields=["merchant", "codat_id"], update_fields=REPORTED
    )
    Connection.objects.filter(pk__in=same).update(seen_at=now)
    Connection.objects.filter(pk__in=[row.pk for row in gone]).update(gone_at=now)
    moved = {key[0] for key, row in after.items() if _state(before.get(key)) != _state(row)}
    return moved | {row.merchant_id for row in gone}


def all_linked(merchant: Merchant) -> bool | None:
    """Whether one commerce and one accounting connection are linked; None when Codat lists none at all."""
    connections = [c for c in merchant.connections.all() if c.gone_at is None]
    if not connections:
        return None
    linked = {connection.side for connection in connections if connection.is_linked}
    return {Connection.Side.COMMERCE, Connection.Side.ACCOUNTING} <= linked


def unlinked(merchant: Merchant) -> Connection | None:
    """The first that stands in the way of a sync; None where nothing is known to be missing."""
    return next(iter(all_unlinked(merchant)), None)


def all_unlinked(merchant: Merchant) -> list[Connection]:
    """One connection of each side on which the merchant has some, but none that is linked."""
    shown = [merchant.commerce, merchant.accounting]
    return [connection for connection in shown if connection and not connection.is_linked]


def route(merchant: Merchant) -> list[str]:
    """The ids of the two connections that a sync would read from and write to."""
    return [connection.codat_id for connection in (merchant.commerce, merchant.accounting) if connection]


def _says_the_same(one: Connection, other: Connection) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in COMPARED)


def _state(connection: Connection | None) -> tuple[str, datetime | None] | None:
    return None if connection is None else (connection.status, connection.gone_at)


def _row(
    merchant: Merchant, report: schemas.Connection, known: Connection | None, now: datetime
) -> Connection:
    """What the answer leaves out of a connection stays as it was: it is no news that it is not linked."""
    unknown = Connection(side="other", platform_name="Unknown platform")
    before = known or unknown
    return Connection(
        merchant=merchant,
        codat_id=report.id[:64],
        side=before.side if report.side == "other" else report.side,
        platform_key=(report.platform_key or before.platform_key)[:16],
        platform_name=(report.platform_name or before.platform_name)[:100],
        status=(report.status or before.status)[:32],
        link_url=report.link_url[:500],
        errors=list(report.errors),
        seen_at=now,
        gone_at=None,
    )
