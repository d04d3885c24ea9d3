from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncs.models import Freeze
from syncs.operations import freezing

RESTORED = (
    "Sending was frozen because the database was restored from a backup. "
    "Only a lead resumes it, on the page Sending: what waits for a verdict comes first."
)


class Command(BaseCommand):
    help = "Ends every freeze, but not the one of a restored backup: what waits is sent again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reason", nargs="?", default="", help="why, in a few words")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = options["reason"].strip()
        if len(reason) > freezing.LONGEST_REASON:
            raise CommandError(f"Say why in at most {freezing.LONGEST_REASON} letters.")
        if any(stop.cause == Freeze.Cause.RESTORE for stop in freezing.standing()):
            raise CommandError(RESTORED)
        if not freezing.resume(now=timezone.now(), reason=reason):
            raise CommandError("Sending is not frozen.")
        self.stdout.write("Sending is resumed.")
