from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of a part of the house: the clock, the queue, a queue's workers, a free hand of theirs.

    And when it was last told that Codat wants no calls, or does not accept our key; and who last took the turn of
    what one clock does for all.
    """

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name
