from django.db import models
from django.db.models import BigIntegerField, Func, Subquery, Value
from django.db.models.functions import Coalesce


class Pulse(models.Model):
    """Their sum is another number after every committed change that lists show. Moved by triggers (syncs/pulse.py)."""

    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.version)

    @classmethod
    def now(cls) -> int:
        """One query."""
        return int(cls.objects.aggregate(total=models.Sum("version"))["total"] or 0)

    @classmethod
    def total(cls) -> Coalesce:
        """For a query of something else: the whole pulse as one of its columns."""
        added = Func("version", function="SUM", output_field=BigIntegerField())
        return Coalesce(Subquery(cls.objects.annotate(total=added).values("total")), Value(0))
