from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncs.operations import freezing


class Command(BaseCommand):
    help = "Ends every freeze: what waits is sent again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reason", nargs="?", default="", help="why, in a few words")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = options["reason"].strip()
        if len(reason) > freezing.LONGEST_REASON:
            raise CommandError(f"Say why in at most {freezing.LONGEST_REASON} letters.")
        if not freezing.resume(now=timezone.now(), reason=reason):
            raise CommandError("Sending is not frozen.")
        self.stdout.write("Sending is resumed.")
