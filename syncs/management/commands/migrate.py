from contextlib import suppress
from typing import Any

from django.core.management.commands import migrate
from django.db import DatabaseError

from syncs import pulse, triggers


class Command(migrate.Command):
    """Django's own, which tells nobody that it failed: what was taken away for it would stay away."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except BaseException:
            # Tables that are neither old nor new may not take them: `/readyz` and the clock will say so.
            with suppress(DatabaseError):
                triggers.after_migrate(using=options["database"])
                pulse.after_migrate(using=options["database"])
            raise
