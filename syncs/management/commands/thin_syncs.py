import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncs.management.interrupting import ending_in_order
from syncs.models import Merchant
from syncs.operations import thinning
from syncs.operations.health import HISTORY

LEAST_DAYS = HISTORY.days
# A year and a month: who looks at the year before finds all of it.
DAYS = 400
# Seconds after a batch, or as long as it took, in which others get their turn to write.
PAUSE = 0.05


class Command(BaseCommand):
    help = (
        "Removes old syncs in small batches. How each day ended stays, what is in the books, what any request points"
        " to, and what a merchant's health comes from. Safe beside everything that runs, to repeat and to interrupt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than",
            type=int,
            default=DAYS,
            metavar="DAYS",
            help=f"at least {LEAST_DAYS} (default: {DAYS})",
        )
        parser.add_argument("--dry-run", action="store_true", help="count them and remove none")

    def handle(self, *, older_than: int, dry_run: bool, **options: Any) -> None:
        if older_than < LEAST_DAYS:
            raise CommandError(f"The pages read {LEAST_DAYS} days back: give at least that many days.")
        if older_than > 36_500:
            raise CommandError("That is more than a hundred years.")
        span, removed = timedelta(days=older_than), 0
        try:
            with ending_in_order():
                for pk in Merchant.objects.order_by("pk").values_list("pk", flat=True):
                    removed += thinning.count(pk, span, timezone.now()) if dry_run else self._thin(pk, span)
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. What was removed stays removed; run it again for the rest."
            ) from None
        self.stdout.write(f"Syncs that {'would be' if dry_run else 'were'} removed: {removed:,}.")

    def _thin(self, pk: int, span: timedelta) -> int:
        removed = 0
        while True:
            began = time.monotonic()
            batch = thinning.thin(pk, span, timezone.now())
            if not batch:
                return removed
            removed += batch
            time.sleep(max(PAUSE, time.monotonic() - began))
