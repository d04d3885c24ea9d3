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


class HealthTally(models.Model):
    """How all merchants stand, in numbers: one row, written by the clock while results come in."""

    ONLY = 1

    pulse = models.PositiveBigIntegerField(help_text="When it was counted; what changed since is not in it.")
    counts = models.JSONField(help_text="What the tiles of Sync health say.")
    struck = models.JSONField(help_text="Number of merchants that each cause strikes, by the cause's number.")
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pulse}"
