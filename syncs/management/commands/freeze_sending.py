from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncs.management.sentences import database_in_a_sentence, reason_in
from syncs.models import Freeze
from syncs.operations import freezing


class Command(BaseCommand):
    help = "Stops all sending, until a person resumes it. Requests are saved and wait; what is on its way goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reason", help="why, in a few words: it stands on every page")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = reason_in(options["reason"])
        if not reason:
            raise CommandError(f"Say why, in at most {freezing.LONGEST_REASON} letters.")
        with database_in_a_sentence():
            is_new = freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason=reason)
        if not is_new:
            raise CommandError("Sending was frozen already.")
        self.stdout.write("Sending is frozen. To resume: manage.py resume_sending")
