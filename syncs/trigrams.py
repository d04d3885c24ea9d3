"""Parts of a merchant's name are found by trigrams, where PostgreSQL has them. Looked for after every migrate.

The index serves `MerchantQuerySet.named`, which looks in names as they are folded. Without `fastupdate=off` a search
would first read what has been put aside by every refresh since the last vacuum. Everything works without the index: a
search then reads all names. So it does for letters outside ASCII where the database's locale is C: it has no trigrams
of them.
"""

import logging
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

logger = logging.getLogger(__name__)

INDEX = "merchant_folded_trigrams"
STATEMENTS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX IF NOT EXISTS {INDEX} ON syncs_merchant"
    " USING gin (name_folded gin_trgm_ops) WITH (fastupdate = off)",
)
HINT = (
    "Search by part of a name reads all names: this database has no trigrams. Have its owner run"
    " CREATE EXTENSION pg_trgm, then run manage.py migrate"
)


def after_migrate(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    connection = connections[using]
    if connection.vendor != "postgresql" or "syncs_merchant" not in connection.introspection.table_names():
        return
    try:
        with transaction.atomic(using=using), connection.cursor() as cursor:
            for statement in STATEMENTS:
                cursor.execute(statement)
    except DatabaseError as error:
        logger.warning("%s (%s).", HINT, type(error).__name__)
