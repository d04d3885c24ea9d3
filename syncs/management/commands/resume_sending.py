from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncs.management.sentences import database_in_a_sentence, reason_in
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
        reason = reason_in(options["reason"])
        with database_in_a_sentence():
            if any(stop.cause == Freeze.Cause.RESTORE for stop in freezing.standing()):
                raise CommandError(RESTORED)
            if not freezing.resume(now=timezone.now(), reason=reason):
                raise CommandError("Sending is not frozen.")
        self.stdout.write("Sending is resumed.")
