import sys
from collections import Counter
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncs.management.sentences import database_in_a_sentence
from syncs.models import Freeze
from syncs.operations import freezing, restoring
from syncs.rules.states import WORDS, State

BACKUP = "The database was restored from a backup"
QUESTION = "Freeze sending, and put every request that is under way before a person? [yes/no] "
AFTERWARDS = """
What to do now:
  1. Start the house. Refreshing goes on, nothing is sent.
  2. A lead decides each of these requests, under Requests, Needs a person: the page shows what Codat lists.
  3. What was asked between the backup and its restoring is not in this database. Compare with what people remember.
  4. A lead resumes sending, on the page Sending."""


class Command(BaseCommand):
    help = "To be run after a backup was restored: freezes sending and puts every active request before a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask first")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes"] and not _agreed():
            raise CommandError("Nothing was changed: no freeze was made, and no request was moved.")
        with database_in_a_sentence():
            moved = self._freeze_and_move(timezone.now())
        for state, count in sorted(moved.items()):
            self.stdout.write(f"{count:>6}  {WORDS[State(state)]} → {WORDS[State.NEEDS_REVIEW]}")
        if not moved:
            self.stdout.write("No request was under way.")
        self.stdout.write(AFTERWARDS)

    def _freeze_and_move(self, now: datetime) -> Counter[State]:
        freezing.freeze(Freeze.Cause.RESTORE, now=now, reason=BACKUP)
        self.stdout.write("Sending is frozen.")
        try:
            return restoring.put_before_a_person(restoring.all_unsettled(), now)
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Sending stays frozen. Run it again.") from None


def _agreed() -> bool:
    try:
        return input(QUESTION).strip().lower() == "yes"
    except EOFError:
        # A script that has no --yes means it too: it must not go on to start the house with sending on.
        return not sys.stdin.isatty()
    except KeyboardInterrupt:
        return False
