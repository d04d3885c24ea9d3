from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, JSONField, QuerySet, Subquery
from django.db.models.functions import JSONArray
from django.db.models.sql.compiler import SQLCompiler


class _Rows(Func):
    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, **extra | {"function": "JSON_GROUP_ARRAY"})


def gathered(rows: QuerySet[Any, Any], *columns: str) -> Subquery:
    """For a query of something else: these columns of few rows, in no order, as one column; nothing, or an empty list,
    where there is no such row."""
    return Subquery(rows.order_by().annotate(gathered=_Rows(JSONArray(*columns))).values("gathered"))
