from django.db import models


class Webhook(models.Model):
    """A message of Codat's that we heard, kept for longer than Codat sends one again: it counts once."""

    message_id = models.CharField("message ID", max_length=100, unique=True)
    heard_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.message_id
