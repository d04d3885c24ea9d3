from django.db import models


class DayTally(models.Model):
    """How one sales day ended over all merchants: counted now and then, because it takes reading all of their days."""

    day = models.DateField(primary_key=True)
    outcomes = models.JSONField(help_text="Number of merchants by the day's outcome (see MerchantDay).")
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day}"


class FailingTally(models.Model):
    """How many merchants were failing when a day (of UTC) ended; of today, when they were last counted."""

    day = models.DateField(primary_key=True)
    failing = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day}"
